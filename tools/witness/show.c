/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/witness/show.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "tools/audit/file.h"
#include "tools/instant.h"
#include "tools/print.h"
#include "tools/session.h"
#include "tools/witness/folder.h"
#include "tools/witness/refused.h"

int witness_report(const char *why)
{
    fprintf(stderr, "vix: ");
    print_safe(stderr, why);
    fputc('\n', stderr);
    return VIX_REFUSED;
}

void witness_signer_wipe(struct checkpoint_signer *signer)
{
    secret_wipe(signer, sizeof(*signer));
}

struct shown {
    const struct checkpoint_vkey *vkey;
    struct text *json; /* NULL: for people */
    size_t count;
};

/* Size and root of a head, each under its own name. */
static void show_head(const struct shown *shown, const char *size_name, const char *root_name,
                      const struct checkpoint *head)
{
    char root[CHECKPOINT_HASH_SIZE];
    char number[24];
    checkpoint_hash_format(&head->root, root);
    if (shown->json != NULL) {
        text_add_number_member(shown->json, size_name, (int64_t)head->size);
        text_add_member(shown->json, root_name, root);
        return;
    }
    snprintf(number, sizeof(number), "%" PRIu64, head->size);
    print_text_field(stdout, size_name, number);
    print_text_field(stdout, root_name, root);
}

static void open_item(struct shown *shown)
{
    if (shown->json == NULL) {
        printf("\n");
        return;
    }
    text_add_string(shown->json, shown->count++ > 0 ? "," : "");
    text_open_object(shown->json);
}

/* `name` as people read it, `member` for machines. */
static void show_text(const struct shown *shown, const char *name, const char *member,
                      const char *value)
{
    if (shown->json == NULL) {
        print_text_field(stdout, name, value);
    } else {
        text_add_member(shown->json, member, value);
    }
}

static void close_item(struct shown *shown)
{
    if (shown->json != NULL) {
        text_close_object(shown->json);
    }
}

/* ---- show ---- */

static int show_cosigned(void *context, const char *note, size_t size)
{
    struct shown *shown = context;
    struct checkpoint head;
    uint64_t time;
    CLEANUP(text_finish) struct text instant = {0};
    int result = checkpoint_open(note, size, shown->vkey, &head, &time);
    if (result != 0) {
        return result;
    }
    if (!instant_add_seconds(&instant, time) || instant.fault != 0) {
        return CHECKPOINT_MALFORMED;
    }
    open_item(shown);
    show_text(shown, "log", "log", head.origin);
    show_head(shown, "size", "root", &head);
    show_text(shown, "cosigned at", "cosignedAt", instant.bytes);
    close_item(shown);
    return 0;
}

static int show_refused(void *context, const char *name, bool is_proof, const char *bytes,
                        size_t size)
{
    struct shown *shown = context;
    struct witness_refused refused;
    struct checkpoint head;
    uint64_t time;
    if (witness_refused_parse(bytes, size, &refused) != 0 ||
        checkpoint_open(refused.note, refused.note_size, shown->vkey, &head, &time) != 0) {
        return FOLDER_REFUSED;
    }
    bool is_people = shown->json == NULL;
    open_item(shown);
    show_text(shown, "refused of log", "log", head.origin);
    show_text(shown, "kept as", "file", name);
    show_text(shown, "it is", "finding", is_proof ? "fork" : "unproved");
    show_head(shown, is_people ? "refused size" : "refusedSize",
              is_people ? "refused root" : "refusedRoot", &refused.request.checkpoint);
    show_head(shown, is_people ? "cosigned size" : "cosignedSize",
              is_people ? "cosigned root" : "cosignedRoot", &head);
    close_item(shown);
    return 0;
}

static int show_folder(const struct witness_folder *folder, struct shown *shown)
{
    char why[FOLDER_WHY_SIZE] = "";
    if (shown->json != NULL) {
        text_open_list_member(shown->json, "logs");
    }
    if (witness_folder_each(folder, show_cosigned, shown, why) != 0) {
        return witness_report(why);
    }
    if (shown->json != NULL) {
        text_close_list(shown->json);
        text_open_list_member(shown->json, "refused");
        shown->count = 0;
    }
    if (witness_folder_each_refused(folder, show_refused, shown, why) != 0) {
        return witness_report(why);
    }
    if (shown->json != NULL) {
        text_close_list(shown->json);
    }
    return VIX_DONE;
}

static int print_json(const struct text *json)
{
    if (json->fault != 0) {
        return session_report_fault(json->fault);
    }
    puts(json->bytes);
    return VIX_DONE;
}

int witness_show(const struct invocation *invocation)
{
    char why[FOLDER_WHY_SIZE] = "";
    char vkey[CHECKPOINT_VKEY_MAXIMUM];
    CLEANUP(witness_signer_wipe) struct checkpoint_signer signer = {0};
    CLEANUP(witness_folder_close) struct witness_folder folder = WITNESS_NO_FOLDER;
    CLEANUP(text_finish) struct text json = {0};
    bool for_machines = invocation->common[COMMON_JSON] != NULL;
    struct shown shown = {.vkey = &signer.vkey, .json = for_machines ? &json : NULL};
    if (witness_folder_open(invocation->operands[0], false, &folder, &signer, why) != 0) {
        return witness_report(why);
    }
    checkpoint_vkey_format(&signer.vkey, vkey);
    if (for_machines) {
        text_open_object(&json);
    }
    show_text(&shown, "verifier key", "witnessKey", vkey);
    int result = show_folder(&folder, &shown);
    if (result != VIX_DONE || !for_machines) {
        return result;
    }
    text_close_object(&json);
    return print_json(&json);
}

/* ---- check ---- */

static const struct {
    const char *slug;
    const char *sentence;
} findings[] = {
    [WITNESS_NO_FORK] = {"no-fork", "these two heads do not contradict each other"},
    [WITNESS_FORK_OF_SIZE] = {"fork-of-size", "FORK: the log has signed two roots for one size"},
    [WITNESS_FORK_PROVED] = {"fork-proved",
                             "FORK: the proof leads to the refused root from another tree than the "
                             "one that was cosigned"},
    [WITNESS_UNPROVED] = {"unproved",
                          "not proved: the lines of the proof lead nowhere, and whoever had the "
                          "head can have sent them. Ask the log for the proof between the two: a "
                          "log that has none was forked"},
};

/* Whether a key of the log has signed the note. */
static bool is_signed(const struct checkpoint_vkey *keys, size_t count, const char *note,
                      size_t size)
{
    struct checkpoint head;
    uint64_t time;
    for (size_t i = 0; i < count; i++) {
        if (checkpoint_open(note, size, &keys[i], &head, &time) == CHECKPOINT_OK) {
            return true;
        }
    }
    return false;
}

/* The keys of an option; 0 when one is none of that type. */
static size_t read_keys(const struct invocation *invocation, const char *option,
                        enum checkpoint_key_type type,
                        struct checkpoint_vkey keys[static WITNESS_KEYS_MAXIMUM])
{
    const char *values[WITNESS_KEYS_MAXIMUM];
    size_t count = options_values(invocation, option, values, WITNESS_KEYS_MAXIMUM);
    for (size_t i = 0; i < count; i++) {
        if (count > WITNESS_KEYS_MAXIMUM ||
            checkpoint_vkey_parse(values[i], &keys[i]) != CHECKPOINT_OK || keys[i].type != type) {
            return 0;
        }
    }
    return count;
}

static int show_finding(const struct invocation *invocation, const struct witness_refused *refused)
{
    CLEANUP(text_finish) struct text json = {0};
    bool for_machines = invocation->common[COMMON_JSON] != NULL;
    struct shown shown = {.json = for_machines ? &json : NULL};
    enum witness_finding finding = witness_refused_judge(&refused->cosigned, &refused->request);
    bool is_fork = finding == WITNESS_FORK_OF_SIZE || finding == WITNESS_FORK_PROVED;
    if (for_machines) {
        text_open_object(&json);
    }
    show_text(&shown, "log", "log", refused->cosigned.origin);
    show_head(&shown, for_machines ? "cosignedSize" : "cosigned size",
              for_machines ? "cosignedRoot" : "cosigned root", &refused->cosigned);
    show_head(&shown, for_machines ? "refusedSize" : "refused size",
              for_machines ? "refusedRoot" : "refused root", &refused->request.checkpoint);
    int result = is_fork ? VIX_DONE : VIX_REFUSED;
    if (!for_machines) {
        printf("%s\n", findings[finding].sentence);
        return result;
    }
    text_add_member(&json, "finding", findings[finding].slug);
    text_close_object(&json);
    return print_json(&json) == VIX_DONE ? result : VIX_REFUSED;
}

int witness_check(const struct invocation *invocation)
{
    const char *path = invocation->operands[0];
    struct checkpoint_vkey logs[WITNESS_KEYS_MAXIMUM];
    struct checkpoint_vkey witness[WITNESS_KEYS_MAXIMUM];
    struct witness_refused refused;
    CLEANUP(text_finish) struct text text = {0};
    size_t log_count = read_keys(invocation, "log", CHECKPOINT_ED25519, logs);
    bool has_witness = options_value(invocation, "witness") != NULL;
    if (log_count == 0 ||
        (has_witness && read_keys(invocation, "witness", CHECKPOINT_COSIGNATURE, witness) != 1)) {
        return options_complain(invocation->command,
                                "--log must be verifier keys of one log, at most %d, and "
                                "--witness that of one witness",
                                WITNESS_KEYS_MAXIMUM);
    }
    int result = audit_file_read(AT_FDCWD, path, &text);
    if (result != 0) {
        char why[FOLDER_WHY_SIZE];
        snprintf(why, sizeof(why), "%s: %s", path, audit_file_explain(result));
        return witness_report(why);
    }
    if (witness_refused_parse(text.bytes, text.length, &refused) != 0) {
        return witness_report("not a file of what a witness refused");
    }
    const struct witness_request *request = &refused.request;
    if (!is_signed(logs, log_count, refused.note, refused.note_size) ||
        !is_signed(logs, log_count, request->note, request->note_size)) {
        return witness_report("not both of the heads are signed by a key of --log");
    }
    if (has_witness && !is_signed(witness, 1, refused.note, refused.note_size)) {
        return witness_report("the first head is not cosigned by --witness");
    }
    return show_finding(invocation, &refused);
}
