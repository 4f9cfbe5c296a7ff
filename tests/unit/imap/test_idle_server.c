/*
 * Waiting for new messages on a real server: run by an end-to-end test, which has put one message
 * into the folder "Source" of an account whose INBOX is empty, and skipped without one.
 *
 * NULLSENDER_TEST_IMAP is "PORT USER CA-FILE PASSWORD".
 */
#include "imap/mailbox.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char user[100], ca_file[500], password[100];
static unsigned port;

static struct imap *open_folder(const char *folder, struct err *err) {
    struct imap_folder_status status;
    struct imap_options options = {.host = "localhost",
                                   .port = port,
                                   .user = user,
                                   .password = password,
                                   .ca_file = ca_file,
                                   .client_name = "nullsender"};
    struct imap *imap = imap_open(&options, err);
    if (imap != NULL && imap_select(imap, folder, &status, err) < 0) {
        imap_close(imap);
        return NULL;
    }
    return imap;
}

/* Meanwhile, over another connection. */
static void *deliver(void *context) {
    struct err *err = context;
    uint32_t *uids = NULL;
    size_t count;
    struct imap *imap = open_folder("Source", err);
    if (imap != NULL && imap_uid_list(imap, 0, &uids, &count, err) == 0 &&
        imap_move_begin(imap, uids, count, "INBOX", err) == 0)
        imap_finish(imap, err);
    free(uids);
    imap_close(imap);
    return NULL;
}

static void a_message_that_arrives_ends_the_wait(void **state) {
    (void)state;
    const char *server = getenv("NULLSENDER_TEST_IMAP");
    if (server == NULL)
        skip();
    assert_int_equal(sscanf(server, "%u %99s %499s %99[^\n]", &port, user, ca_file, password), 4);
    struct err err = {0}, theirs = {0};
    pthread_t thread;
    enum imap_idle got;
    uint32_t *uids = NULL;
    size_t count = 0;
    bool news;
    struct imap *imap = open_folder("INBOX", &err);
    if (imap == NULL || imap_uid_list(imap, 0, &uids, &count, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(count, 0);
    assert_int_equal(imap_idle(imap, 0, -1, &got, &err), 0);
    assert_int_equal(got, IMAP_IDLE_OVER);

    assert_int_equal(pthread_create(&thread, NULL, deliver, &theirs), 0);
    if (imap_idle(imap, 60, -1, &got, &err) < 0)
        fail_msg("%s", err.text);
    pthread_join(thread, NULL);
    assert_string_equal(theirs.text, "");
    assert_int_equal(got, IMAP_IDLE_NEWS);

    assert_int_equal(imap_uid_list(imap, 0, &uids, &count, &err), 0);
    assert_int_equal(count, 1);
    free(uids);
    assert_int_equal(imap_poll(imap, &news, &err), 0);
    assert_false(news);
    assert_int_equal(imap_idle(imap, 0, -1, &got, &err), 0);
    assert_int_equal(got, IMAP_IDLE_OVER);
    imap_close(imap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_arrives_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
