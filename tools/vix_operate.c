/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix status`, `reload`, `clock`: the operator and the running daemon. */
#include "tools/duration.h"
#include "tools/exchange.h"

static void print_witnesses(FILE *out, const struct answer *witnesses)
{
    for (size_t i = 0; i < answer_count(witnesses); i++) {
        const struct answer *witness = answer_item(witnesses, i);
        print_field(out, "witness", answer_at(witness, "name"));
        print_field(out, "  cosigned", answer_at(witness, "size"));
        print_field(out, "  at", answer_at(witness, "lastSuccessAt"));
        print_field_if(out, "  failure", answer_at(witness, "failure"));
    }
}

static void print_status(FILE *out, const struct answer *status)
{
    static const char *const fields[][2] = {
        {"version", "version"},
        {"ready", "ready"},
        {"uptime (s)", "uptimeSeconds"},
        {"log size", "logSize"},
        {"log key", "logKey"},
        {"log origin", "logOrigin"},
        {"signals kept", "signals"},
        {"open matches", "openMatches"},
        {"revision", "revision"},
        {"queue", "queueDepth"},
        {"operations", "operations"},
        {"batches", "batches"},
        {"  run again", "abortedBatches"},
        {"not begun", "shed"},
        {"terms ended", "dueRows"},
        {"  behind (s)", "dueLagSeconds"},
        {"to index", "unindexedEntries"},
        {"bytes used", "usedBytes"},
        {"bytes free", "freeBytes"},
        {"bytes of map", "mapBytes"},
        {"keys in use", "keys"},
        {"epoch", "epoch/id"},
        {"  since", "epoch/turnedAt"},
        {"  turning", "epoch/turning"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        print_field(out, fields[i][0], answer_at(status, fields[i][1]));
    }
    print_witnesses(out, answer_at(status, "witnesses"));
}

static int run_status(const struct invocation *invocation)
{
    return exchange_run(invocation, &(struct exchange){
                                        .method = "GET",
                                        .path = {"/control/status"},
                                        .print = print_status,
                                    });
}

static int run_reload(const struct invocation *invocation)
{
    return exchange_run(invocation,
                        &(struct exchange){.method = "POST", .path = {"/control/_reload"}});
}

#ifdef VIX_TEST_CLOCK
static void print_now(FILE *out, const struct answer *now)
{
    print_field(out, "now", answer_at(now, "now"));
}

static int run_clock_advance(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    int64_t seconds = 0;
    if (duration_parse(invocation->operands[0], &seconds) != 0) {
        return options_complain(invocation->command, "a duration is like 90s, 15m, 2h or 30d");
    }
    text_open_object(&body);
    text_add_number_member(&body, "seconds", seconds);
    text_close_object(&body);
    return exchange_run(invocation, &(struct exchange){
                                        .method = "POST",
                                        .path = {"/control/clock/_advance"},
                                        .body = &body,
                                        .print = print_now,
                                    });
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
