/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * `vix audit verify-receipt`: what a receipt proves, offline; and with --url whether the log of
 * today still holds it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "tools/audit/commands.h"
#include "tools/audit/entry.h"
#include "tools/audit/fetch.h"
#include "tools/audit/file.h"
#include "tools/audit/receipt.h"
#include "tools/audit/steps.h"
#include "tools/audit/tiles.h"
#include "tools/audit/witness.h"

struct verification {
    const struct invocation *invocation;
    struct checkpoint_vkey log;
    struct audit_witnesses witnesses;
    struct audit_steps steps;
    struct audit_receipt receipt;
    bool has_receipt;
    struct checkpoint head; /* the receipt's, once its signature was found good */
    bool has_head;
    size_t cosignature_count;
    struct audit_cosignature cosignatures[AUDIT_WITNESSES_MAXIMUM];
    struct client_answer today; /* the signed head of the log of today */
    bool is_fork;
    bool is_kept_apart; /* from today's log, against which it was to be held; the reason was told */
};

static void verification_finish(struct verification *check)
{
    audit_receipt_finish(&check->receipt);
    client_answer_finish(&check->today);
}

static const char *describe_condition(int condition)
{
    switch (condition) {
    case CHECKPOINT_NOT_SIGNED:
        return "is not signed with this key";
    case CHECKPOINT_BAD_SIGNATURE:
        return "was changed, or its signature was: the signature is wrong";
    default:
        return "is not a signed checkpoint of this key's log";
    }
}

static void check_signature(struct verification *check)
{
    const struct audit_receipt *receipt = &check->receipt;
    char root[AUDIT_HASH_SIZE];
    uint64_t time = 0;
    int result =
        checkpoint_open(receipt->note, receipt->note_length, &check->log, &check->head, &time);
    check->has_head = result == CHECKPOINT_OK;
    if (!check->has_head) {
        audit_steps_add(&check->steps, AUDIT_BAD, "signature", "the receipt's checkpoint %s",
                        describe_condition(result));
        return;
    }
    audit_hash_format(&check->head.root, root);
    audit_steps_add(&check->steps, AUDIT_GOOD, "signature",
                    "signed by %s: a tree of %" PRIu64 " entries, root %s", check->log.name,
                    check->head.size, root);
}

static void check_inclusion(struct verification *check)
{
    if (audit_receipt_is_included(&check->receipt, &check->head)) {
        audit_steps_add(&check->steps, AUDIT_GOOD, "inclusion",
                        "the record, its salt and its subject hash are entry %" PRIu64
                        " of that tree",
                        check->receipt.index);
    } else {
        audit_steps_add(&check->steps, AUDIT_BAD, "inclusion",
                        "the record is not entry %" PRIu64
                        " of that tree: record, salt, subject hash or proof were changed",
                        check->receipt.index);
    }
}

static void check_witnesses(struct verification *check)
{
    const struct audit_receipt *receipt = &check->receipt;
    for (size_t i = 0; i < check->witnesses.count; i++) {
        CLEANUP(text_finish) struct text time = {0};
        const struct checkpoint_vkey *witness = &check->witnesses.keys[i];
        struct audit_cosignature *found = &check->cosignatures[check->cosignature_count];
        int result = audit_witness_open(receipt->note, receipt->note_length, witness, found);
        if (result == CHECKPOINT_OK) {
            check->cosignature_count++;
            instant_add_seconds(&time, found->time);
            audit_steps_add(&check->steps, AUDIT_GOOD, "witness",
                            "%s has cosigned that tree, at %s", witness->name,
                            time.bytes != NULL ? time.bytes : "no known time");
        } else {
            audit_steps_add(&check->steps, AUDIT_BAD, "witness",
                            result == CHECKPOINT_NOT_SIGNED ? "there is no cosignature of %s"
                                                            : "the cosignature of %s is wrong",
                            witness->name);
        }
    }
    if (check->witnesses.count == 0) {
        audit_steps_add(&check->steps, AUDIT_NOT_CHECKED, "witness", "no --witness was given");
    }
}

/* ---- against the log of today ---- */

/* One of the command's own options, or the common one of that name. */
static const char *connection_value(const struct invocation *invocation, const char *name,
                                    enum common_option common)
{
    const char *own = options_value(invocation, name);
    return own != NULL ? own : invocation->common[common];
}

struct tile_source {
    struct session *session;
    struct audit_patience *patience;
    int result; /* an enum vix_exit, when a tile did not come */
};

static int fetch_tile(void *context, const char *path, size_t count, struct merkle_hash *ret_hashes)
{
    struct tile_source *source = context;
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    CLEANUP(text_finish) struct text target = {0};
    text_add_format(&target, "/tlog/%s", path);
    if (target.fault != 0) {
        return target.fault;
    }
    source->result = audit_fetch(source->session, target.bytes, false, source->patience, &answer);
    if (source->result != VIX_DONE) {
        return -EIO;
    }
    if (answer.size != count * MERKLE_HASH_BYTES) {
        fprintf(stderr, "vix: %s has %zu bytes: a tile of %zu hashes was expected\n", target.bytes,
                answer.size, count);
        source->result = VIX_REFUSED;
        return -EIO;
    }
    memcpy(ret_hashes, answer.body, answer.size);
    return 0;
}

static void tell_comparison(struct verification *check, int result, const struct checkpoint *today)
{
    struct audit_steps *steps = &check->steps;
    switch (result) {
    case AUDIT_TILES_HOLD:
        audit_steps_add(steps, AUDIT_GOOD, "today",
                        "the log still holds this: its %" PRIu64
                        " entries of today continue that tree",
                        today->size);
        break;
    case AUDIT_TILES_FORK:
        check->is_fork = true;
        audit_steps_add(steps, AUDIT_BAD, "today",
                        "FORK: the log of today has %" PRIu64
                        " entries, of which the first %" PRIu64 " are not those of the receipt",
                        today->size, check->head.size);
        break;
    case AUDIT_TILES_SHRUNK:
        check->is_fork = true;
        audit_steps_add(steps, AUDIT_BAD, "today",
                        "FORK: the log of today has %" PRIu64
                        " entries, fewer than when the receipt was given",
                        today->size);
        break;
    case AUDIT_TILES_WRONG:
        audit_steps_add(steps, AUDIT_NOT_CHECKED, "today",
                        "the tiles that came are not those of the head of today");
        break;
    default:
        audit_steps_add(steps, AUDIT_NOT_CHECKED, "today", "its tiles did not come");
        break;
    }
}

/* What is no head of this log, or no tile of that head, says nothing of the receipt: whoever
 * answers can send it. Only a head that the log's key has signed can speak against it.
 * VIX_NOT_CONNECTED when something else came. */
static int compare_with_today(struct verification *check, struct session *session)
{
    struct audit_patience patience = {0};
    struct tile_source source = {.session = session, .patience = &patience, .result = VIX_DONE};
    struct checkpoint today;
    uint64_t time = 0;
    int result = audit_fetch(session, "/tlog/checkpoint", false, &patience, &check->today);
    if (result != VIX_DONE) {
        audit_steps_add(&check->steps, AUDIT_NOT_CHECKED, "today",
                        "the head of today did not come");
        return result;
    }
    result = checkpoint_open(check->today.body, check->today.size, &check->log, &today, &time);
    if (result != CHECKPOINT_OK) {
        audit_steps_add(&check->steps, AUDIT_NOT_CHECKED, "today",
                        "what came as the head of today %s", describe_condition(result));
        return VIX_NOT_CONNECTED;
    }
    result = audit_tiles_compare(&check->head, &today, fetch_tile, &source);
    tell_comparison(check, result, &today);
    if (result < 0) {
        return source.result != VIX_DONE ? source.result : session_report_fault(result);
    }
    return result == AUDIT_TILES_WRONG ? VIX_NOT_CONNECTED : VIX_DONE;
}

/* VIX_USAGE is the only result with which the command ends at once. */
static int check_today(struct verification *check)
{
    CLEANUP(session_close) struct session session = {0};
    struct invocation connected = *check->invocation;
    connected.common[COMMON_URL] = connection_value(check->invocation, "url", COMMON_URL);
    connected.common[COMMON_CERT] = connection_value(check->invocation, "cert", COMMON_CERT);
    connected.common[COMMON_KEY] = connection_value(check->invocation, "client-key", COMMON_KEY);
    connected.common[COMMON_CA] = connection_value(check->invocation, "ca", COMMON_CA);
    if (connected.common[COMMON_URL] == NULL) {
        audit_steps_add(&check->steps, AUDIT_NOT_CHECKED, "today",
                        "with --url it is held against the log of today");
        return VIX_DONE;
    }
    int result = session_open(&connected, &session);
    if (result == VIX_DONE) {
        session.json = false; /* one document comes out, which is not a problem's */
        check->is_kept_apart = compare_with_today(check, &session) != VIX_DONE;
    }
    return result;
}

/* ---- what came of it ---- */

static void print_proven(const struct verification *check)
{
    static const struct {
        const char *label;
        const char *path;
    } fields[] = {
        {"event", "name"},
        {"party", "attributes/verwijsindex.party"},
        {"on behalf of", "attributes/verwijsindex.on_behalf_of"},
        {"professional", "attributes/verwijsindex.professional"},
        {"operator", "attributes/verwijsindex.operator_uid"},
        {"object", "attributes/verwijsindex.object"},
        {"count", "attributes/verwijsindex.count"},
        {"outcome", "attributes/verwijsindex.outcome"},
        {"case reference", "attributes/verwijsindex.case_reference"},
        {"ground", "attributes/verwijsindex.ground"},
        {"operation", "attributes/verwijsindex.operation"},
        {"certificate", "attributes/verwijsindex.certificate"},
        {"trace", "trace_id"},
    };
    CLEANUP(text_finish) struct text time = {0};
    int64_t instant = -1;
    printf("\nIt is proven that entry %" PRIu64 " of the log %s says:\n", check->receipt.index,
           check->log.name);
    if (answer_integer(answer_at(check->receipt.record, "end_time"), &instant) &&
        instant_add(&time, instant)) {
        print_text_field(stdout, "logged at", time.bytes);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        print_field_if(stdout, fields[i].label, answer_at(check->receipt.record, fields[i].path));
    }
    printf("On whom it is, does not follow from a receipt.\n");
}

static void print_result(const struct verification *check, bool is_good)
{
    audit_steps_print(stdout, &check->steps);
    if (is_good) {
        print_proven(check);
        puts(check->is_kept_apart ? "verified, but NOT held against the log of today" : "verified");
        return;
    }
    for (size_t i = 0; i < check->steps.count; i++) {
        if (check->steps.steps[i].state == AUDIT_BAD) {
            printf("NOT verified: %s\n", check->steps.steps[i].detail);
        }
    }
    if (check->is_fork) {
        printf("\nKeep the receipt, and this, which the same key has signed today:\n\n");
        print_safe_lines(stdout, check->today.body);
    }
}

static int print_json(const struct verification *check, bool is_good)
{
    CLEANUP(text_finish) struct text json = {0};
    text_add_format(&json, "{\"verified\":%s", is_good ? "true" : "false");
    if (check->has_receipt) {
        text_add_number_member(&json, "index", (int64_t)check->receipt.index);
    }
    text_add_member(&json, "log", check->log.name);
    if (check->has_head) {
        text_add_number_member(&json, "treeSize", (int64_t)check->head.size);
    }
    audit_steps_add_member(&check->steps, &json);
    text_open_list_member(&json, "witnesses");
    for (size_t i = 0; i < check->cosignature_count; i++) {
        text_add_string(&json, i > 0 ? "," : "");
        audit_cosignature_add(&check->cosignatures[i], &json);
    }
    text_close_list(&json);
    text_add_member(&json, "today", check->today.body);
    if (is_good) {
        text_add_string(&json, ",\"record\":");
        answer_dump(check->receipt.record, &json);
    }
    text_close_object(&json);
    if (json.fault != 0) {
        return session_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

static int tell(const struct verification *check)
{
    bool is_good = audit_steps_are_good(&check->steps);
    int result = VIX_DONE;
    if (check->invocation->common[COMMON_JSON] != NULL) {
        result = print_json(check, is_good);
    } else {
        print_result(check, is_good);
    }
    if (result == VIX_DONE && is_good && check->is_kept_apart) {
        return VIX_NOT_CONNECTED;
    }
    return result != VIX_DONE ? result : is_good ? VIX_DONE : VIX_REFUSED;
}

/* The offline part. 0 or a fault. */
static int check_receipt(struct verification *check, const struct text *file)
{
    char why[AUDIT_RECEIPT_WHY_SIZE];
    int result = audit_receipt_read(file->bytes, file->length, &check->receipt, why);
    check->has_receipt = result == 0;
    if (result != 0) {
        audit_steps_add(&check->steps, AUDIT_BAD, "receipt", "this is no receipt: %s", why);
        return result < 0 ? result : 0;
    }
    audit_steps_add(&check->steps, AUDIT_GOOD, "receipt", "a c2sp.org/tlog-proof of entry %" PRIu64,
                    check->receipt.index);
    check_signature(check);
    if (check->has_head) {
        check_inclusion(check);
        check_witnesses(check);
    }
    return 0;
}

int audit_verify_receipt_run(const struct invocation *invocation)
{
    CLEANUP(verification_finish)
    struct verification check = {.invocation = invocation};
    CLEANUP(text_finish) struct text file = {0};
    const char *path = invocation->operands[0];
    int result = audit_log_key_read(invocation, &check.log);
    result = result != 0 ? result : audit_witnesses_read(invocation, &check.witnesses);
    if (result != 0) {
        return result;
    }
    result = audit_file_read(AT_FDCWD, path, &file);
    if (result == -EFBIG) {
        return options_complain(invocation->command, "%s is too large to be a receipt", path);
    }
    if (result != 0) {
        return options_complain(invocation->command, "%s: %s", path, audit_file_explain(result));
    }
    result = check_receipt(&check, &file);
    if (result != 0) {
        return session_report_fault(result);
    }
    if (audit_steps_are_good(&check.steps)) {
        result = check_today(&check);
        if (result != VIX_DONE) {
            return result;
        }
    }
    return tell(&check);
}
