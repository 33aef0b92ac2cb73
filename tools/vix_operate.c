/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix status`, `reload`, `backup`, `clock`: the operator and the running daemon. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/duration.h"
#include "tools/session.h"

static int run_status(const struct invocation *invocation)
{
    static const char *const fields[][2] = {
        {"version", "version"},
        {"ready", "ready"},
        {"uptime (s)", "uptimeSeconds"},
        {"log size", "logSize"},
        {"log key", "logKey"},
        {"log origin", "logOrigin"},
        {"signals, live and archived", "signals"},
        {"open matches", "openMatches"},
        {"revision", "revision"},
        {"queue", "queueDepth"},
        {"operations", "operations"},
        {"batches", "batches"},
        {"  run again", "abortedBatches"},
        {"refused (busy)", "shed"},
        {"to index", "unindexedEntries"},
        {"bytes used", "usedBytes"},
        {"bytes free", "freeBytes"},
        {"bytes of map", "mapBytes"},
        {"keys in use", "keys"},
    };
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(answer_freep) struct answer *status = NULL;
    int result = session_open(invocation, &session);
    if (result == VIX_DONE) {
        result = session_call(&session, "GET", "/control/status", NULL, &status);
    }
    if (result == VIX_DONE && !session_print_json(&session, status)) {
        for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
            print_field(stdout, fields[i][0], answer_at(status, fields[i][1]));
        }
    }
    return result;
}

static int run_reload(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(answer_freep) struct answer *nothing = NULL;
    int result = session_open(invocation, &session);
    return result == VIX_DONE ? session_call(&session, "POST", "/control/_reload", NULL, &nothing)
                              : result;
}

/* The daemon has another working directory than we have. */
static int make_absolute(const char *directory, struct text *absolute)
{
    if (directory[0] != '/') {
        char here[PATH_MAX];
        if (getcwd(here, sizeof(here)) == NULL) {
            return -errno;
        }
        text_add_format(absolute, "%s/", here);
    }
    text_add_string(absolute, directory);
    return absolute->fault;
}

static int run_backup(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text directory = {0};
    CLEANUP(text_finish) struct text body = {0};
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    CLEANUP(answer_freep) struct answer *made = NULL;
    int result = session_open(invocation, &session);
    if (result != VIX_DONE) {
        return result;
    }
    int fault = make_absolute(invocation->operands[0], &directory);
    if (fault != 0) {
        return session_report_fault(fault);
    }
    text_open_object(&body);
    text_add_member(&body, "directory", directory.bytes);
    text_close_object(&body);
    if (body.fault != 0) {
        return session_report_fault(body.fault);
    }
    struct client_request request = {"POST", "/control/_backup", body.bytes, body.length,
                                     CLIENT_NO_DEADLINE};
    result = session_fetch(&session, &request, &answer);
    if (result == VIX_DONE && answer.status != 200) {
        result = session_print_refusal(&session, &answer);
    }
    if (result == VIX_DONE) {
        result = session_parse(answer.body, answer.size, &made);
    }
    if (result == VIX_DONE && !session_print_json(&session, made)) {
        print_field(stdout, "directory", answer_at(made, "directory"));
        print_field(stdout, "log size", answer_at(made, "logSize"));
    }
    return result;
}

#ifdef VIX_TEST_CLOCK
static int run_clock_advance(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text body = {0};
    CLEANUP(answer_freep) struct answer *now = NULL;
    int64_t seconds = 0;
    if (duration_parse(invocation->operands[0], &seconds) != 0) {
        return options_complain(invocation->command, "a duration is like 90s, 15m, 2h or 30d");
    }
    int result = session_open(invocation, &session);
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(&body);
    text_add_number_member(&body, "seconds", seconds);
    text_close_object(&body);
    result = session_call(&session, "POST", "/control/clock/_advance", &body, &now);
    if (result == VIX_DONE && !session_print_json(&session, now)) {
        print_field(stdout, "now", answer_at(now, "now"));
    }
    return result;
}
#endif

const struct command operate_commands[] = {
    {
        .words = "status",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "show how the daemon is doing",
        .run = run_status,
    },
    {
        .words = "reload",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "read certificates and the CRL again; as SIGHUP does",
        .details = "Connections of revoked certificates are closed; the others stay.",
        .run = run_reload,
    },
    {
        .words = "backup",
        .operands = "DIR",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_CONTROL,
        .summary = "copy the store while it runs, and read the copy back",
        .details =
            "DIR is made by the daemon and must not exist. Keys are not in it: without the keys "
            "of\n"
            "its day a backup cannot be read. To restore: stop vixd, put the copy where [store]\n"
            "path points, see that it belongs to vixd's user with mode 0700, start vixd, and\n"
            "check the log with vix audit export and verify --since an earlier checkpoint.",
        .run = run_backup,
    },
#ifdef VIX_TEST_CLOCK
    {
        .words = "clock advance",
        .operands = "DURATION",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_CONTROL,
        .summary = "move the daemon's clock (this is a test build)",
        .details = "DURATION is a number with s, m, h or d: 90s, 15m, 2h, 30d.",
        .run = run_clock_advance,
    },
#endif
    {0},
};
