#include "classify/verdict.h"

#include <stddef.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const char *const verdict_names[VERDICT_COUNT] = {
    [VERDICT_NONE] = "none", [VERDICT_BLOCK] = "block",         [VERDICT_SOFT] = "soft",
    [VERDICT_HARD] = "hard", [VERDICT_COMPLAINT] = "complaint",
};

static const char *const fault_names[FAULT_COUNT] = {
    [FAULT_UNKNOWN] = "unknown", [FAULT_RECIPIENT] = "recipient", [FAULT_DOMAIN] = "domain",
    [FAULT_SENDER] = "sender",   [FAULT_MESSAGE] = "message",
};

/* A strike is what says, each time it happens, that the address may be dying. Greylisting, a rate
 * limit and a message that is too large say nothing about that. */
static const struct category_info categories[CATEGORY_COUNT] = {
    [CATEGORY_USER_UNKNOWN] = {"user_unknown", VERDICT_HARD, FAULT_RECIPIENT, true, "5.1.1",
                               "The mailbox does not exist."},
    [CATEGORY_DOMAIN_UNKNOWN] = {"domain_unknown", VERDICT_HARD, FAULT_DOMAIN, true, "5.1.2",
                                 "The domain does not exist or takes no mail."},
    [CATEGORY_ADDRESS_SYNTAX] = {"address_syntax", VERDICT_HARD, FAULT_RECIPIENT, true, "5.1.3",
                                 "The address is not one that mail can be sent to."},
    [CATEGORY_MAILBOX_MOVED] = {"mailbox_moved", VERDICT_HARD, FAULT_RECIPIENT, true, "5.1.6",
                                "The recipient has left this address."},
    [CATEGORY_MAILBOX_DISABLED] = {"mailbox_disabled", VERDICT_HARD, FAULT_RECIPIENT, true, "5.2.1",
                                   "The mailbox exists and has been switched off."},
    [CATEGORY_MAILBOX_FULL] = {"mailbox_full", VERDICT_SOFT, FAULT_RECIPIENT, true, "5.2.2",
                               "The mailbox is over its quota."},
    [CATEGORY_DNS_FAILURE] = {"dns_failure", VERDICT_SOFT, FAULT_DOMAIN, true, "4.4.3",
                              "The domain could not be looked up."},
    [CATEGORY_HOST_UNREACHABLE] = {"host_unreachable", VERDICT_SOFT, FAULT_DOMAIN, true, "4.4.1",
                                   "The recipient's mail server could not be reached."},
    [CATEGORY_ROUTING_ERROR] = {"routing_error", VERDICT_SOFT, FAULT_DOMAIN, true, "5.4.4",
                                "The mail went in a loop or found no way."},
    [CATEGORY_DELIVERY_EXPIRED] = {"delivery_expired", VERDICT_SOFT, FAULT_UNKNOWN, true, "5.4.7",
                                   "The mail could not be delivered within its time."},
    [CATEGORY_SYSTEM_ERROR] = {"system_error", VERDICT_SOFT, FAULT_DOMAIN, true, "5.3.0",
                               "The recipient's mail system had a fault."},
    [CATEGORY_SYSTEM_FULL] = {"system_full", VERDICT_SOFT, FAULT_DOMAIN, true, "4.3.1",
                              "The recipient's mail system was out of space."},
    [CATEGORY_UNDETERMINED] = {"undetermined", VERDICT_SOFT, FAULT_UNKNOWN, true, "5.0.0",
                               "The mail failed, and the report does not say why."},
    [CATEGORY_MESSAGE_TOO_LARGE] = {"message_too_large", VERDICT_SOFT, FAULT_MESSAGE, false,
                                    "5.3.4", "The message is larger than the recipient may get."},
    [CATEGORY_RATE_LIMITED] = {"rate_limited", VERDICT_SOFT, FAULT_SENDER, false, "4.7.28",
                               "Too much mail in too short a time."},
    [CATEGORY_GREYLISTED] = {"greylisted", VERDICT_SOFT, FAULT_SENDER, false, "4.7.1",
                             "The server wanted the mail to be sent again later."},
    [CATEGORY_SPAM_DETECTED] = {"spam_detected", VERDICT_BLOCK, FAULT_MESSAGE, false, "5.7.1",
                                "A filter took the message for spam."},
    [CATEGORY_BLOCKLISTED] = {"blocklisted", VERDICT_BLOCK, FAULT_SENDER, false, "5.7.1",
                              "The sending host or domain is on a blocklist."},
    [CATEGORY_AUTHENTICATION_FAILED] = {"authentication_failed", VERDICT_BLOCK, FAULT_SENDER, false,
                                        "5.7.26",
                                        "SPF, DKIM, DMARC or reverse DNS of the sender failed."},
    [CATEGORY_RELAY_DENIED] = {"relay_denied", VERDICT_BLOCK, FAULT_SENDER, false, "5.7.1",
                               "The server does not relay mail for this domain."},
    [CATEGORY_POLICY_REJECTED] = {"policy_rejected", VERDICT_BLOCK, FAULT_SENDER, false, "5.7.1",
                                  "A policy of the recipient's side forbids this mail."},
    [CATEGORY_VIRUS_DETECTED] = {"virus_detected", VERDICT_BLOCK, FAULT_MESSAGE, false, "5.7.1",
                                 "A scanner found malware in the message."},
    [CATEGORY_SENDER_REJECTED] = {"sender_rejected", VERDICT_BLOCK, FAULT_SENDER, false, "5.1.8",
                                  "The sender's address is refused."},
    [CATEGORY_SENDING_LIMIT] = {"sending_limit", VERDICT_BLOCK, FAULT_SENDER, false, "5.7.28",
                                "The sender's own quota or limit is used up."},
    [CATEGORY_CONTENT_REJECTED] = {"content_rejected", VERDICT_BLOCK, FAULT_MESSAGE, false, "5.6.0",
                                   "Something in the message is not accepted."},
    [CATEGORY_PROTOCOL_ERROR] = {"protocol_error", VERDICT_BLOCK, FAULT_SENDER, false, "5.5.0",
                                 "The sending host broke the protocol."},
    [CATEGORY_SECURITY_ERROR] = {"security_error", VERDICT_BLOCK, FAULT_SENDER, false, "5.7.0",
                                 "Encryption or a login was missing or failed."},
    [CATEGORY_COMPLAINT] = {"complaint", VERDICT_COMPLAINT, FAULT_SENDER, false, NULL,
                            "The recipient reported the mail as spam."},
    [CATEGORY_AUTO_REPLY] = {"auto_reply", VERDICT_NONE, FAULT_UNKNOWN, false, NULL,
                             "An automatic answer, such as an out-of-office notice."},
    [CATEGORY_CHALLENGE_RESPONSE] = {"challenge_response", VERDICT_NONE, FAULT_UNKNOWN, false, NULL,
                                     "The recipient's side wants the sender to confirm the mail."},
    [CATEGORY_DELAYED] = {"delayed", VERDICT_NONE, FAULT_UNKNOWN, false, "4.0.0",
                          "Still in a queue; it will be tried again."},
    [CATEGORY_DELIVERED] = {"delivered", VERDICT_NONE, FAULT_UNKNOWN, false, NULL,
                            "The mail has arrived."},
    [CATEGORY_RELAYED] = {"relayed", VERDICT_NONE, FAULT_UNKNOWN, false, NULL,
                          "Handed on to a system that does not report delivery."},
    [CATEGORY_EXPANDED] = {"expanded", VERDICT_NONE, FAULT_UNKNOWN, false, NULL,
                           "Handed on to the members of a list."},
    [CATEGORY_UNSUBSCRIBE_REQUEST] = {"unsubscribe_request", VERDICT_NONE, FAULT_RECIPIENT, false,
                                      NULL, "The recipient asks to be taken off the list."},
    [CATEGORY_FEEDBACK_OTHER] = {"feedback_other", VERDICT_NONE, FAULT_UNKNOWN, false, NULL,
                                 "A feedback report that is no complaint."},
    [CATEGORY_NOT_A_BOUNCE] = {"not_a_bounce", VERDICT_NONE, FAULT_UNKNOWN, false, NULL,
                               "Ordinary mail."},
};

const struct category_info *category_info(enum category category) {
    return &categories[category];
}

const char *verdict_name(enum verdict verdict) {
    return verdict_names[verdict];
}

const char *fault_name(enum fault fault) {
    return fault_names[fault];
}

static bool find_name(const char *const *names, size_t count, const char *name, size_t *index) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name)) {
            *index = i;
            return true;
        }
    return false;
}

bool verdict_from_name(const char *name, enum verdict *verdict) {
    size_t i;
    if (!find_name(verdict_names, COUNT_OF(verdict_names), name, &i))
        return false;
    *verdict = (enum verdict)i;
    return true;
}

bool fault_from_name(const char *name, enum fault *fault) {
    size_t i;
    if (!find_name(fault_names, COUNT_OF(fault_names), name, &i))
        return false;
    *fault = (enum fault)i;
    return true;
}

bool category_from_name(const char *name, enum category *category) {
    for (size_t i = 0; i < CATEGORY_COUNT; i++)
        if (!strcmp(categories[i].name, name)) {
            *category = (enum category)i;
            return true;
        }
    return false;
}
