/* SPDX-License-Identifier: EUPL-1.2 */
/* How long an index may let a command wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_index.h"
#include "tools/audit/fetch.h"

static void test_one_answer_is_bounded(void **state)
{
    (void)state;
    struct audit_patience patience = {0};
    assert_int_equal(audit_patience_take(&patience, AUDIT_WAIT_MAXIMUM + 1, 0),
                     AUDIT_PATIENCE_TOO_LONG);
    assert_int_equal(audit_patience_take(&patience, 1, AUDIT_WAITS_MAXIMUM),
                     AUDIT_PATIENCE_TOO_LONG);
    assert_int_equal(patience.waited, 0);
    assert_int_equal(audit_patience_take(&patience, AUDIT_WAIT_MAXIMUM, AUDIT_WAITS_MAXIMUM - 1),
                     AUDIT_PATIENCE_WAITS);
    assert_int_equal(patience.waited, AUDIT_WAIT_MAXIMUM);
}

/* However many answers it takes, each of them within what one may ask. */
static void test_a_command_is_bounded(void **state)
{
    (void)state;
    static const long asked[] = {1, 7, 60, AUDIT_WAIT_MAXIMUM};
    for (size_t i = 0; i < ARRAY_LENGTH(asked); i++) {
        struct audit_patience patience = {0};
        long total = 0;
        while (audit_patience_take(&patience, asked[i], 0) == AUDIT_PATIENCE_WAITS) {
            total += asked[i];
            assert_in_range(total, 1, AUDIT_PATIENCE_MAXIMUM);
        }
        assert_int_equal(audit_patience_take(&patience, asked[i], 0), AUDIT_PATIENCE_SPENT);
        assert_int_equal(patience.waited, total);
        assert_true(AUDIT_PATIENCE_MAXIMUM - total < asked[i]);
    }
}

/* A command that has been let wait for nearly all that it may. */
static int fetch_late(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    struct audit_patience patience = {.waited = AUDIT_PATIENCE_MAXIMUM - 1};
    struct client_answer answer;
    int result = session_open(invocation, &session);
    return result != VIX_DONE
               ? result
               : audit_fetch(&session, "/tlog/checkpoint", false, &patience, &answer);
}

static void test_what_is_told(void **state)
{
    (void)state;
    struct fake_run *run = calloc(1, sizeof(*run));
    assert_non_null(run);
    *run = (struct fake_run){.arguments = "audit export --out /none",
                             .status = 503,
                             .answer = "{}",
                             .header = "Retry-After: 2",
                             .instead = fetch_late};
    fake_index_run(run);
    assert_int_equal(run->result, VIX_REFUSED);
    assert_int_equal(run->request_count, 1);
    assert_non_null(strstr(run->errors, "vix: this command has waited for 3599 seconds in all, as "
                                        "the index asked, and waits for 3600 at most\n"));
    assert_non_null(strstr(run->errors, "the same command may be given again in 2 seconds\n"));
    assert_null(strstr(run->errors, "waiting"));
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_answer_is_bounded),
        cmocka_unit_test(test_a_command_is_bounded),
        cmocka_unit_test(test_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
