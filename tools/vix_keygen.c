/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix keygen`: the keys of a new index. */
#include <stdio.h>

#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "tools/options.h"
#include "tools/session.h"

#define DEFAULT_ORIGIN "verwijsindex.example/log"

static void signer_wipe(struct checkpoint_signer *signer)
{
    secret_wipe(signer, sizeof(*signer));
}

/* A name that cannot be signed under is found before there are keys. */
static bool is_origin(const char *origin)
{
    static const uint8_t any_seed[CHECKPOINT_SEED_BYTES];
    CLEANUP(signer_wipe) struct checkpoint_signer signer = {0};
    return checkpoint_signer_init(&signer, origin, any_seed) == 0;
}

static int print_vkey(const struct invocation *invocation, const struct keyring *keyring,
                      const char *origin)
{
    const uint8_t *seed = keyring_find(keyring, KEYRING_LOG, keyring_current(keyring, KEYRING_LOG));
    CLEANUP(signer_wipe) struct checkpoint_signer signer = {0};
    if (seed == NULL || checkpoint_signer_init(&signer, origin, seed) != 0) {
        fprintf(stderr, "vix: the new key of the log cannot be read back\n");
        return VIX_REFUSED;
    }
    char vkey[CHECKPOINT_VKEY_MAXIMUM];
    checkpoint_vkey_format(&signer.vkey, vkey);
    if (invocation->common[COMMON_JSON] == NULL) {
        printf("%s\n", vkey);
        return VIX_DONE;
    }
    CLEANUP(text_finish) struct text json = {0};
    text_open_object(&json);
    text_add_member(&json, "directory", invocation->operands[0]);
    text_add_member(&json, "logKey", vkey);
    text_close_object(&json);
    if (json.fault != 0) {
        return session_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

static int run_keygen(const struct invocation *invocation)
{
    const char *directory = invocation->operands[0];
    const char *origin = options_value(invocation, "origin");
    origin = origin != NULL ? origin : DEFAULT_ORIGIN;
    if (!is_origin(origin)) {
        return options_complain(invocation->command,
                                "--origin must be 1 to %d bytes without white space or '+'",
                                CHECKPOINT_NAME_MAXIMUM);
    }
    char why[KEYRING_WHY_SIZE];
    CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    int result = keyring_create(directory, why);
    if (result == 0) {
        result = keyring_load(directory, NULL, &keyring, why);
    }
    if (result < 0) {
        return session_report_fault(result);
    }
    if (result > 0) {
        fprintf(stderr, "vix: %s\n", why);
        return VIX_REFUSED;
    }
    return print_vkey(invocation, keyring, origin);
}

const struct command keygen_commands[] = {
    {
        .words = "keygen",
        .operands = "DIR",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_LOCAL,
        .summary = "make the keys of a new index; prints the log's verifier key",
        .details =
            "DIR is made, closed to others, with one key of each purpose; it must not exist. Keep\n"
            "it apart from the store and from its backups: who has both can find every BSN.\n"
            "Publish the verifier key: with it, anybody can check the log (vix audit verify).",
        .options = {{"origin", "NAME", "name of the log [" DEFAULT_ORIGIN "]", false, NULL}},
        .run = run_keygen,
    },
    {0},
};
