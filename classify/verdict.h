/*
 * verdict: the words of the answer. What happened to the mail (verdict), why (category), and on
 * whose side the cause lies (fault). Words, not numbers, stand in rule files, JSON and tables.
 */
#ifndef CLASSIFY_VERDICT_H
#define CLASSIFY_VERDICT_H

#include <stdbool.h>

/* In ascending weight: one send to one recipient counts once, as the heaviest. */
enum verdict {
    VERDICT_NONE,      /* says nothing against the address */
    VERDICT_BLOCK,     /* refused because of the sender or the message; the address may well live */
    VERDICT_SOFT,      /* could not be delivered this time */
    VERDICT_HARD,      /* the recipient's address is dead */
    VERDICT_COMPLAINT, /* the recipient called the mail spam */
    VERDICT_COUNT
};

enum fault {
    FAULT_UNKNOWN,
    FAULT_RECIPIENT,
    FAULT_DOMAIN,
    FAULT_SENDER,
    FAULT_MESSAGE,
    FAULT_COUNT
};

enum category {
    CATEGORY_USER_UNKNOWN,
    CATEGORY_DOMAIN_UNKNOWN,
    CATEGORY_ADDRESS_SYNTAX,
    CATEGORY_MAILBOX_MOVED,
    CATEGORY_MAILBOX_DISABLED,
    CATEGORY_MAILBOX_FULL,
    CATEGORY_DNS_FAILURE,
    CATEGORY_HOST_UNREACHABLE,
    CATEGORY_ROUTING_ERROR,
    CATEGORY_DELIVERY_EXPIRED,
    CATEGORY_SYSTEM_ERROR,
    CATEGORY_SYSTEM_FULL,
    CATEGORY_UNDETERMINED,
    CATEGORY_MESSAGE_TOO_LARGE,
    CATEGORY_RATE_LIMITED,
    CATEGORY_GREYLISTED,
    CATEGORY_SPAM_DETECTED,
    CATEGORY_BLOCKLISTED,
    CATEGORY_AUTHENTICATION_FAILED,
    CATEGORY_RELAY_DENIED,
    CATEGORY_POLICY_REJECTED,
    CATEGORY_VIRUS_DETECTED,
    CATEGORY_SENDER_REJECTED,
    CATEGORY_SENDING_LIMIT,
    CATEGORY_CONTENT_REJECTED,
    CATEGORY_PROTOCOL_ERROR,
    CATEGORY_SECURITY_ERROR,
    CATEGORY_COMPLAINT,
    CATEGORY_AUTO_REPLY,
    CATEGORY_CHALLENGE_RESPONSE,
    CATEGORY_DELAYED,
    CATEGORY_DELIVERED,
    CATEGORY_RELAYED,
    CATEGORY_EXPANDED,
    CATEGORY_UNSUBSCRIBE_REQUEST,
    CATEGORY_FEEDBACK_OTHER,
    CATEGORY_NOT_A_BOUNCE,
    CATEGORY_COUNT
};

/* What is known of a category: one row of the table in verdict.c. */
struct category_info {
    const char *name;     /* "user_unknown" */
    enum verdict verdict; /* the usual one; a rule may say otherwise (450 mailbox_disabled: soft) */
    enum fault fault;     /* the usual one */
    bool counted;         /* a soft one of this category is a strike towards hard */
    const char *status;   /* the enhanced code (RFC 3463) that says the same: "5.1.1"; NULL where it
                             is about no delivery */
    const char *description; /* a sentence for people: "The mailbox does not exist." */
};

const struct category_info *category_info(enum category category);

const char *verdict_name(enum verdict verdict);
const char *fault_name(enum fault fault);

/* False where the word is none of the enum's. */
bool verdict_from_name(const char *name, enum verdict *verdict);
bool category_from_name(const char *name, enum category *category);
bool fault_from_name(const char *name, enum fault *fault);

#endif
