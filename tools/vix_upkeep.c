/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix backup`, `turn-epoch`, `wind-down`: what the operator does with the store as a whole. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "tools/exchange.h"

/* The daemon has another working directory than we have. */
static int make_absolute(const char *directory, struct text *absolute)
{
    if (directory[0] != '/') {
        char here[PATH_MAX];
        if (getcwd(here, sizeof(here)) == NULL) {
            return session_report_fault(-errno);
        }
        text_add_format(absolute, "%s/", here);
    }
    text_add_string(absolute, directory);
    return absolute->fault != 0 ? session_report_fault(absolute->fault) : VIX_DONE;
}

static void print_directory(FILE *out, const struct answer *made)
{
    print_field(out, "directory", answer_at(made, "directory"));
    print_field(out, "log size", answer_at(made, "logSize"));
}

static int run_backup(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text directory = {0};
    CLEANUP(text_finish) struct text body = {0};
    int result = make_absolute(invocation->operands[0], &directory);
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(&body);
    text_add_member(&body, "directory", directory.bytes);
    text_close_object(&body);
    return exchange_run(invocation, &(struct exchange){
                                        .method = "POST",
                                        .path = {"/control/_backup"},
                                        .body = &body,
                                        .long_work = "copying the store, and reading the copy back",
                                        .print = print_directory,
                                    });
}

static void print_epoch(FILE *out, const struct answer *epoch)
{
    print_field(out, "epoch", answer_at(epoch, "epoch"));
    print_field(out, "rows sealed", answer_at(epoch, "rows"));
}

static int run_turn_epoch(const struct invocation *invocation)
{
    return exchange_run(
        invocation, &(struct exchange){
                        .method = "POST",
                        .path = {"/control/_turn-epoch"},
                        .long_work = "sealing every row under a new key, to destroy the old one",
                        .print = print_epoch,
                    });
}

static void print_wound_down(FILE *out, const struct answer *made)
{
    print_directory(out, made);
    fprintf(out, "The index is wound down: its epoch keys and its rows are destroyed.\n"
                 "Keep this directory; anybody can check it with vix audit verify.\n"
                 "Destroy the backups too: they can be read by whoever kept keys of their day.\n");
}

static int run_wind_down(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text directory = {0};
    CLEANUP(text_finish) struct text body = {0};
    int result = make_absolute(invocation->operands[0], &directory);
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(&body);
    text_add_member(&body, "directory", directory.bytes);
    text_add_member(&body, "confirm", options_value(invocation, "confirm"));
    text_close_object(&body);
    result = exchange_run(invocation, &(struct exchange){
                                          .method = "POST",
                                          .path = {"/control/_wind-down"},
                                          .body = &body,
                                          .long_work = "destroying everything",
                                          .print = print_wound_down,
                                      });
    if (result == VIX_NOT_CONNECTED) {
        fprintf(stderr,
                "vix: if the daemon was reached, the index has ended when %s/statement is there;\n"
                "start vixd once more in any case: it finishes what was begun, or goes on\n",
                directory.bytes);
    }
    return result;
}

const struct command upkeep_commands[] = {
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
    {
        .words = "turn-epoch",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "make what was erased unreadable on disk, now",
        .details =
            "Seals every row under a new key and destroys the old one, as the daemon does by "
            "itself\n"
            "every month. What was erased before cannot be read afterwards, from the disk or from\n"
            "a backup.",
        .run = run_turn_epoch,
    },
    {
        .words = "wind-down",
        .operands = "DIR",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_CONTROL,
        .summary = "end the index: destroy everything, and leave proof of it",
        .details =
            "All epoch keys and all rows are destroyed, and the daemon ends; the other keys are\n"
            "yours to destroy. DIR, which the daemon makes, gets a statement signed with the "
            "log's\n"
            "key and the leaves of the log's tree: nothing about anybody, but enough to check\n"
            "every receipt and checkpoint that was ever given out (vix audit verify DIR). This\n"
            "cannot be undone. So that it is not done by mistake, --confirm must repeat the\n"
            "origin of the log, as vix status shows it. Interrupted before DIR/statement is "
            "there,\n"
            "the index goes on; after that vixd finishes it when it is started again.",
        .options = {{"confirm", "ORIGIN", "the log's origin, once more", true, NULL}},
        .run = run_wind_down,
    },
    {0},
};
