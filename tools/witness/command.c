/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix witness`: what a municipality or a school board runs, so that the log cannot be rewritten
 * behind its back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/secret.h"
#include "tools/session.h"
#include "tools/witness/folder.h"
#include "tools/witness/server.h"
#include "tools/witness/show.h"

#define LOG_KEYS_MAXIMUM (WITNESS_LOGS_MAXIMUM * WITNESS_KEYS_MAXIMUM)

/* ---- init ---- */

static int run_init(const struct invocation *invocation)
{
    char why[FOLDER_WHY_SIZE] = "";
    char vkey[CHECKPOINT_VKEY_MAXIMUM];
    CLEANUP(witness_signer_wipe) struct checkpoint_signer signer = {0};
    CLEANUP(text_finish) struct text json = {0};
    int result = witness_folder_create(invocation->operands[0], options_value(invocation, "name"),
                                       &signer, why);
    if (result == FOLDER_BAD_NAME) {
        return options_complain(invocation->command, "%s", why);
    }
    if (result != 0) {
        return witness_report(why);
    }
    checkpoint_vkey_format(&signer.vkey, vkey);
    if (invocation->common[COMMON_JSON] == NULL) {
        printf("%s\n", vkey);
        return VIX_DONE;
    }
    text_open_object(&json);
    text_add_member(&json, "directory", invocation->operands[0]);
    text_add_member(&json, "witnessKey", vkey);
    text_close_object(&json);
    if (json.fault != 0) {
        return session_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

/* ---- run ---- */

static int add_logs(const struct invocation *invocation, struct witness *witness)
{
    const char *values[LOG_KEYS_MAXIMUM];
    size_t count = options_values(invocation, "log", values, LOG_KEYS_MAXIMUM);
    for (size_t i = 0; i < count && i < LOG_KEYS_MAXIMUM; i++) {
        struct checkpoint_vkey vkey;
        int result = checkpoint_vkey_parse(values[i], &vkey) == CHECKPOINT_OK
                         ? witness_add_log(witness, &vkey)
                         : WITNESS_NOT_A_LOG;
        if (result == WITNESS_NOT_A_LOG) {
            return options_complain(invocation->command,
                                    "--log must be the verifier key of a log, as vix keygen "
                                    "printed it");
        }
        if (result != 0) {
            return options_complain(invocation->command,
                                    "at most %d logs, and %d keys of each, can be followed",
                                    WITNESS_LOGS_MAXIMUM, WITNESS_KEYS_MAXIMUM);
        }
    }
    return VIX_DONE;
}

static int remember(void *context, const char *note, size_t size)
{
    return witness_remember(context, note, size);
}

static int serve(const struct invocation *invocation, struct witness *witness,
                 struct checkpoint_signer *signer)
{
    char why[FOLDER_WHY_SIZE > WITNESS_SERVER_WHY_SIZE ? FOLDER_WHY_SIZE
                                                       : WITNESS_SERVER_WHY_SIZE] = "";
    CLEANUP(witness_folder_close) struct witness_folder folder = WITNESS_NO_FOLDER;
    int result = witness_folder_open(invocation->operands[0], true, &folder, signer, why);
    if (result != 0) {
        return witness_report(why);
    }
    witness->signer = signer;
    witness->keep = witness_folder_keep;
    witness->keep_refused = witness_folder_keep_refused;
    witness->context = &folder;
    result = add_logs(invocation, witness);
    if (result != VIX_DONE) {
        return result;
    }
    const struct witness_server_options options = {
        .listen = options_value(invocation, "listen"),
        .certificate = options_value(invocation, "cert"),
        .private_key = options_value(invocation, "key"),
        .witness = witness,
    };
    result = witness_folder_each(&folder, remember, witness, why);
    if (result == 0) {
        result = witness_server_run(&options, why);
    }
    return result != 0 ? witness_report(why) : VIX_DONE;
}

static int run_run(const struct invocation *invocation)
{
    if ((options_value(invocation, "cert") != NULL) != (options_value(invocation, "key") != NULL)) {
        return options_complain(invocation->command, "--cert and --key belong together");
    }
    struct checkpoint_signer *signer = secret_lock_new(sizeof(*signer));
    struct witness *witness = calloc(1, sizeof(*witness));
    int result = signer == NULL || witness == NULL ? session_report_fault(-ENOMEM)
                                                   : serve(invocation, witness, signer);
    free(witness);
    secret_lock_free(signer);
    return result;
}

const struct command witness_commands[] = {
    {
        .words = "witness init",
        .operands = "DIR",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_LOCAL,
        .summary = "make the key of a new witness; prints its verifier key",
        .details =
            "DIR is made, closed to others. Give the verifier key to the operators of the logs,\n"
            "and to everybody who is to trust this witness. A witness that lost DIR, or got an\n"
            "older copy of it back, has forgotten what it cosigned: it must begin anew, with\n"
            "another key.",
        .options = {{"name", "NAME", "as witness.example/w1: visible characters without '+'", true,
                     NULL}},
        .run = run_init,
    },
    {
        .words = "witness run",
        .operands = "DIR",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_LOCAL,
        .summary = "cosign the heads of logs that were only added to",
        .details =
            "Serves POST /add-checkpoint (C2SP tlog-witness) until SIGTERM. A head is cosigned\n"
            "when it is signed by a key of --log, which can be given several times, and is proved\n"
            "to follow from the last; every refusal is told on standard error. What was cosigned\n"
            "is on disk before it is answered, and so is a head that the log has signed and that\n"
            "does not follow. Without --cert and --key it speaks plain HTTP: then listen on a\n"
            "loopback address, behind a server that does TLS.",
        .options = {{"log", "VKEY", "verifier key of a log to follow", true, NULL},
                    {"listen", "ADDR:PORT", "as 127.0.0.1:8080 or [::1]:8080; port 0: any", true,
                     NULL},
                    {"cert", "FILE", "the witness's TLS certificate and its chain (PEM)", false,
                     NULL},
                    {"key", "FILE", "its private key (PEM)", false, NULL}},
        .run = run_run,
    },
    {
        .words = "witness show",
        .operands = "DIR",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_LOCAL,
        .summary = "show a witness's verifier key, the last heads it cosigned, what it refused",
        .run = witness_show,
    },
    {
        .words = "witness check",
        .operands = "FILE",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_LOCAL,
        .summary = "hold a head that a witness refused against the one it had cosigned",
        .details =
            "FILE is one of what `vix witness show` lists as refused: the cosigned head, and the\n"
            "request that was refused. Both heads must be signed by a key of --log. Exit status:\n"
            "0 they prove that the log has signed two histories; 1 they do not.",
        .options = {{"log", "VKEY", "verifier key of the log; several while it changes", true,
                     NULL},
                    {"witness", "VKEY", "also check that this witness cosigned the first", false,
                     NULL}},
        .run = witness_check,
    },
    {0},
};
