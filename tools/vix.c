/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix`: finds the command that is meant, and runs it. */
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "crypto/secret.h"
#include "tools/answer.h"
#include "tools/client.h"
#include "tools/options.h"

static int run_help(const struct invocation *invocation);

static const struct command help_commands[] = {
    {
        .words = "help",
        .operands = "[COMMAND]",
        .operand_maximum = COMMAND_WORDS_MAXIMUM,
        .face = COMMAND_LOCAL,
        .summary = "tell about vix, or about one command",
        .run = run_help,
    },
    {0},
};

static const struct command *const families[] = {
    party_commands,        operate_commands,    upkeep_commands,  signal_commands,
    professional_commands, match_commands,      notices_commands, person_event_commands,
    rights_commands,       statistics_commands, receipt_commands, audit_commands,
    keygen_commands,       witness_commands,    help_commands,    NULL,
};

static int run_help(const struct invocation *invocation)
{
    if (invocation->operand_count == 0) {
        options_print_overview(stdout, families);
        return VIX_DONE;
    }
    size_t used = 0;
    const struct command *command =
        options_find(families, invocation->operands, invocation->operand_count, &used);
    if (command != NULL && used == invocation->operand_count) {
        options_print_help(stdout, command);
        return VIX_DONE;
    }
    if (invocation->operand_count == 1 &&
        options_print_family(stdout, families, invocation->operands[0])) {
        return VIX_DONE;
    }
    return options_complain(invocation->command, "there is no such command");
}

/* A BSN passes through this process: nothing of it may land in a core file or be traced. */
static void keep_secrets(void)
{
    umask(S_IRWXG | S_IRWXO);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef VIX_SANITIZED
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    answer_use_wiping_memory();
}

static int run(const struct invocation *invocation)
{
    if (invocation->common[COMMON_VERSION] != NULL) {
        printf("vix %s\n", VIX_VERSION);
        return VIX_DONE;
    }
    if (invocation->command == NULL) {
        bool asked = invocation->common[COMMON_HELP] != NULL;
        options_print_overview(asked ? stdout : stderr, families);
        return asked ? VIX_DONE : VIX_USAGE;
    }
    if (invocation->common[COMMON_HELP] != NULL) {
        options_print_help(stdout, invocation->command);
        return VIX_DONE;
    }
    return invocation->command->run(invocation);
}

int main(int argc, char **argv)
{
    keep_secrets();
    if (secret_init() != 0 || client_global_init() != 0) {
        fprintf(stderr, "vix: the cryptographic libraries do not start\n");
        return VIX_REFUSED;
    }
    struct invocation invocation;
    int result = options_parse(argc, argv, families, &invocation);
    if (result == 0) {
        result = run(&invocation);
    }
    /* What was not written, to a full disk for instance, was not done. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && result == VIX_DONE) {
        perror("vix: standard output");
        return VIX_REFUSED;
    }
    return result;
}
