/* What token endpoints say, and what becomes of it. */
#include "cmd/oauth_refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *error, *description;
    enum err_code code;
    const char *words;
} cases[] = {
    {"invalid_grant", "Token has been expired or revoked.", ERR_PERMISSION, "7 days"},
    {"invalid_grant", "AADSTS70008: The provided grant has expired.", ERR_PERMISSION,
     "authorise the app anew"},
    {"invalid_grant", "", ERR_PERMISSION, "another client's"},
    /* Its number begins like that of others. */
    {"invalid_client", "AADSTS7000215: Invalid client secret provided.", ERR_CONFIG,
     "not its Secret ID"},
    {"invalid_client", "AADSTS7000222: The provided client secret keys are expired.", ERR_CONFIG,
     "create a new one"},
    {"unauthorized_client", "AADSTS700016: Application was not found", ERR_CONFIG, "oauth_tenant"},
    {"invalid_scope", "AADSTS1002012: The provided value for scope", ERR_CONFIG, "/.default"},
    {"invalid_client", "Unauthorized", ERR_CONFIG, "oauth_client_id"},
    {"temporarily_unavailable", "", ERR_TEMPORARY, "temporarily_unavailable"},
    {"never_heard_of", "what\r\nTrace ID: 1", ERR_CONFIG, "no token: never_heard_of: what"},
};

static void a_refusal_has_its_cause_and_its_remedy(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err;
        assert_int_equal(oauth_refusal(cases[i].error, cases[i].description, &err), -1);
        if (err.code != cases[i].code || !strstr(err.text, cases[i].words))
            fail_msg("%s: %d %s", cases[i].description, err.code, err.text);
        assert_null(strstr(err.text, "Trace ID"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_has_its_cause_and_its_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
