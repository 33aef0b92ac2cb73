/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/witness.h"

#include <string.h>

int audit_log_key_read(const struct invocation *invocation, struct checkpoint_vkey *ret_vkey)
{
    struct checkpoint_vkey vkey;
    if (checkpoint_vkey_parse(options_value(invocation, "key"), &vkey) != 0 ||
        vkey.type != CHECKPOINT_ED25519) {
        return options_complain(invocation->command, "--key is not the verifier key of a log");
    }
    *ret_vkey = vkey;
    return 0;
}

static bool is_known(const struct audit_witnesses *witnesses, const struct checkpoint_vkey *vkey)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        const struct checkpoint_vkey *known = &witnesses->keys[i];
        if (memcmp(known->public_key, vkey->public_key, sizeof(vkey->public_key)) == 0) {
            return true;
        }
    }
    return false;
}

int audit_witnesses_read(const struct invocation *invocation, struct audit_witnesses *ret_witnesses)
{
    const char *values[AUDIT_WITNESSES_MAXIMUM];
    struct audit_witnesses witnesses = {0};
    size_t count = options_values(invocation, "witness", values, ARRAY_LENGTH(values));
    if (count > ARRAY_LENGTH(values)) {
        return options_complain(invocation->command, "there are more than %d witnesses",
                                AUDIT_WITNESSES_MAXIMUM);
    }
    for (size_t i = 0; i < count; i++) {
        struct checkpoint_vkey vkey;
        if (checkpoint_vkey_parse(values[i], &vkey) != 0 || vkey.type != CHECKPOINT_COSIGNATURE) {
            return options_complain(invocation->command,
                                    "--witness is not the verifier key of a witness");
        }
        /* One witness that is named twice is not two. */
        if (is_known(&witnesses, &vkey)) {
            return options_complain(invocation->command, "one --witness is given twice");
        }
        witnesses.keys[witnesses.count++] = vkey;
    }
    *ret_witnesses = witnesses;
    return 0;
}

int audit_witness_open(const char *note, size_t length, const struct checkpoint_vkey *witness,
                       struct audit_cosignature *ret_cosignature)
{
    struct checkpoint checkpoint;
    struct audit_cosignature cosignature = {0};
    int result = checkpoint_open(note, length, witness, &checkpoint, &cosignature.time);
    if (result == CHECKPOINT_OK) {
        memcpy(cosignature.name, witness->name, sizeof(cosignature.name));
        cosignature.size = checkpoint.size;
        *ret_cosignature = cosignature;
    }
    return result;
}

void audit_cosignature_add(const struct audit_cosignature *cosignature, struct text *json)
{
    CLEANUP(text_finish) struct text time = {0};
    text_open_object(json);
    text_add_member(json, "name", cosignature->name);
    text_add_number_member(json, "treeSize", (int64_t)cosignature->size);
    if (instant_add_seconds(&time, cosignature->time)) {
        text_add_member(json, "time", time.bytes);
    }
    text_close_object(json);
}
