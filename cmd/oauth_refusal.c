#include "cmd/oauth_refusal.h"

#include "cmd/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    DESCRIPTION_MAX = 300, /* octets; Microsoft's go on with trace ids and times */
};

/* The first row that fits decides: Microsoft's own codes, then Google's words, then the error codes
 * of the RFC. */
static const struct {
    const char *error; /* NULL: any */
    const char *words; /* in the description, any case; NULL: any */
    enum err_code meaning;
    const char *remedy;
} refusals[] = {
    {NULL, "AADSTS7000215:", ERR_CONFIG,
     "the client secret is wrong: take the secret's Value, not its Secret ID"},
    {NULL, "AADSTS7000222:", ERR_CONFIG,
     "the client secret has expired: create a new one under the app's Certificates & secrets"},
    {NULL, "AADSTS7000218:", ERR_CONFIG,
     "the app is no public client: set oauth_client_secret_file, or allow public client flows in "
     "the app's Authentication page"},
    {NULL, "AADSTS700016:", ERR_CONFIG,
     "no such app in this tenant: check oauth_client_id (the Application ID) and oauth_tenant"},
    {NULL, "AADSTS7000112:", ERR_CONFIG, "the app is disabled in this tenant"},
    {NULL, "AADSTS90002:", ERR_CONFIG, "no such tenant: check oauth_tenant (the Directory ID)"},
    {NULL, "AADSTS900023:", ERR_CONFIG, "no such tenant: check oauth_tenant (the Directory ID)"},
    {NULL, "AADSTS1002012:", ERR_CONFIG,
     "client credentials need oauth_scope = \"https://outlook.office365.com/.default\""},
    {NULL, "AADSTS70011:", ERR_CONFIG, "check oauth_scope"},
    {NULL, "AADSTS500011:", ERR_CONFIG, "check the host in oauth_scope"},
    {NULL, "AADSTS65001:", ERR_PERMISSION,
     "nobody has consented: grant admin consent on the app's API permissions page"},
    {NULL, "AADSTS700082:", ERR_PERMISSION,
     "the refresh token was not used for 90 days and has died: authorise the app anew"},
    {NULL, "AADSTS70008:", ERR_PERMISSION,
     "the refresh token has expired or was revoked: authorise the app anew"},
    {NULL, "AADSTS50173:", ERR_PERMISSION,
     "the refresh token was revoked, as a changed password does it: authorise the app anew"},
    {NULL, "AADSTS50076:", ERR_PERMISSION,
     "the tenant wants a second factor now: authorise the app anew"},
    {NULL, "AADSTS50079:", ERR_PERMISSION,
     "the tenant wants a second factor now: authorise the app anew"},
    {NULL, "AADSTS53003:", ERR_PERMISSION,
     "a Conditional Access policy of the tenant blocks this: ask its admin for an exception"},
    {NULL, "AADSTS50057:", ERR_PERMISSION, "the user's account is disabled"},
    {NULL, "AADSTS50034:", ERR_PERMISSION, "no such user in this tenant: check oauth_tenant"},
    {NULL, "AADSTS50196:", ERR_TEMPORARY, "too many requests for tokens"},
    {NULL, "AADSTS90033:", ERR_TEMPORARY, "a fault of Microsoft's that passes"},
    {"invalid_grant", "expired or revoked", ERR_PERMISSION,
     "authorise the app anew (Google: refresh tokens of a project in status Testing die after 7 "
     "days, others after 6 months unused or when the password changes)"},
    {"invalid_grant", NULL, ERR_PERMISSION,
     "the refresh token has expired, was revoked, or is another client's: authorise the app anew"},
    {"invalid_client", NULL, ERR_CONFIG, "check oauth_client_id and the client secret"},
    {"deleted_client", NULL, ERR_CONFIG,
     "the client was deleted: create a new one and authorise it"},
    {"disabled_client", NULL, ERR_CONFIG, "the client is disabled at the provider"},
    {"unauthorized_client", NULL, ERR_CONFIG,
     "the client may not do this: check its type and permissions at the provider, and oauth_grant"},
    {"invalid_scope", NULL, ERR_CONFIG, "check oauth_scope"},
    {"unsupported_grant_type", NULL, ERR_CONFIG,
     "the endpoint does not know this oauth_grant; check oauth_token_endpoint"},
    {"admin_policy_enforced", NULL, ERR_PERMISSION,
     "the Workspace admin does not allow this app: have it trusted under API controls"},
    {"org_internal", NULL, ERR_CONFIG,
     "the OAuth client is for users of its own organisation only"},
    {"access_denied", NULL, ERR_PERMISSION, "authorise the app anew"},
    {"interaction_required", NULL, ERR_PERMISSION, "authorise the app anew"},
    {"temporarily_unavailable", NULL, ERR_TEMPORARY, NULL},
    {"server_error", NULL, ERR_TEMPORARY, NULL},
    {"slow_down", NULL, ERR_TEMPORARY, NULL},
    {NULL, NULL, ERR_CONFIG, NULL},
};

int oauth_refusal(const char *error, const char *description, struct err *err) {
    struct bytes words = bytes_of(description), line;
    size_t i = 0;
    for (;; i++) {
        bool same = !refusals[i].error || bytes_equal(bytes_of(error), bytes_of(refusals[i].error));
        if (same && (!refusals[i].words || bytes_find_ignore_case(words, refusals[i].words) >= 0))
            break;
    }
    /* Behind its first line Microsoft has trace ids only. */
    if (!bytes_next_line(&words, &line))
        line = words;
    line = bytes_first(bytes_trim(line), DESCRIPTION_MAX);
    const char *remedy = refusals[i].remedy;
    return err_set(err, refusals[i].meaning, "no token: %s%s%.*s%s%s", error, line.len ? ": " : "",
                   (int)line.len, line.data, remedy ? "; " : "", remedy ? remedy : "");
}
