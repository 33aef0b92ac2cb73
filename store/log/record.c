/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"

#define ACTOR_VERSION 1
#define RECORD_VERSION_NARROW 1 /* its flags are one byte */
#define RECORD_VERSION 2

enum record_flag {
    HAS_SUBJECT = 1,
    HAS_OBJECT = 2,
    HAS_PROFESSIONAL = 4,
    HAS_CASE_REFERENCE = 8,
    HAS_COUNT = 16,
    HAS_TRACE = 32,
    HAS_OUTCOME = 64,
    HAS_OPERATION = 128,
    HAS_GROUND = 256,
};
#define RECORD_FLAGS 511u

enum actor_flag { ACTOR_HAS_CERTIFICATE = 1, ACTOR_IS_OPERATOR = 2 };

static const char *const event_names[LOG_EVENTS] = {
    [LOG_SIGNAL_POSTED] = "signal-posted",
    [LOG_SIGNAL_REPEATED] = "signal-repeated",
    [LOG_SIGNAL_WITHDRAWN] = "signal-withdrawn",
    [LOG_SIGNAL_RETRACTED] = "signal-retracted",
    [LOG_SIGNAL_ARCHIVED] = "signal-archived",
    [LOG_SIGNAL_ERASED] = "signal-erased",
    [LOG_SIGNAL_READ] = "signal-read",
    [LOG_SIGNALS_LISTED] = "signals-listed",
    [LOG_PROFESSIONAL_CHANGED] = "professional-changed",
    [LOG_PROFESSIONAL_DELETED] = "professional-deleted",
    [LOG_MATCH_READ] = "match-read",
    [LOG_NOTICE_OFFERED] = "notice-offered",
    [LOG_NOTICE_ACKNOWLEDGED] = "notice-acknowledged",
    [LOG_PSEUDONYMS_EVALUATED] = "pseudonyms-evaluated",
    [LOG_LOG_READ] = "log-read",
    [LOG_LOG_SEARCHED] = "log-searched",
    [LOG_LOG_PROVED] = "log-proved",
    [LOG_REQUEST_REFUSED] = "request-refused",
    [LOG_REFUSALS_COUNTED] = "refusals-counted",
    [LOG_PARTY_ADDED] = "party-added",
    [LOG_PARTY_CHANGED] = "party-changed",
    [LOG_PARTY_SUSPENDED] = "party-suspended",
    [LOG_PARTY_RESUMED] = "party-resumed",
    [LOG_AGREEMENT_ADDED] = "agreement-added",
    [LOG_AGREEMENT_ENDED] = "agreement-ended",
    [LOG_PERMISSION_CHANGED] = "permission-changed",
    [LOG_MANDATE_ADDED] = "mandate-added",
    [LOG_BACKUP_MADE] = "backup-made",
    [LOG_OPERATOR_READ] = "operator-read",
    [LOG_CLOCK_ADVANCED] = "clock-advanced",
    [LOG_CERTIFICATES_RELOADED] = "certificates-reloaded",
    [LOG_SIGNAL_RENEWED] = "signal-renewed",
    [LOG_SIGNAL_TRANSFERRED] = "signal-transferred",
    [LOG_SIGNAL_MERGED] = "signal-merged",
    [LOG_SIGNALS_TRANSFERRED] = "signals-transferred",
    [LOG_CONTACT_CONFIRMED] = "contact-confirmed",
    [LOG_MATCH_STALLED] = "match-stalled",
    [LOG_PERSON_DIED] = "person-died",
    [LOG_PERSON_MOVED] = "person-moved",
    [LOG_BSN_REPLACED] = "bsn-replaced",
    [LOG_BSN_ASSIGNED] = "bsn-assigned",
    [LOG_RELATIONS_CHANGED] = "relations-changed",
    [LOG_REGISTRY_DATA_ERASED] = "registry-data-erased",
    [LOG_ACCESS_REQUESTED] = "access-requested",
    [LOG_ERASURE_MADE] = "erasure-made",
    [LOG_STATISTICS_READ] = "statistics-read",
    [LOG_PEEK_SUSPECTED] = "peek-suspected",
    [LOG_NOTICES_COUNTED] = "notices-counted",
    [LOG_NOTICES_REMOVED] = "notices-removed",
    [LOG_PARTY_MERGED] = "party-merged",
    [LOG_EPOCH_TURNED] = "epoch-turned",
    [LOG_WOUND_DOWN] = "wound-down",
    [LOG_RECORDS_DESTROYED] = "records-destroyed",
};

const char *accesslog_event_name(enum log_event event)
{
    return event > 0 && event < LOG_EVENTS ? event_names[event] : NULL;
}

enum log_event accesslog_event_from_name(const char *name)
{
    for (int event = 1; event < LOG_EVENTS; event++) {
        if (strcmp(event_names[event], name) == 0) {
            return (enum log_event)event;
        }
    }
    return (enum log_event)0;
}

void log_actor_from(const struct attribution *by, struct log_actor *ret_actor)
{
    /* Field by field into zeroed memory: the encoding is compared byte by byte. */
    struct log_actor actor = {0};
    memcpy(actor.party.text, by->party.text, OIN_LENGTH);
    memcpy(actor.on_behalf_of.text, by->on_behalf_of.text, OIN_LENGTH);
    actor.has_certificate = by->has_certificate;
    memcpy(actor.certificate, by->certificate, by->has_certificate ? 32 : 0);
    actor.is_operator = by->is_operator;
    actor.operator_uid = by->is_operator ? by->operator_uid : 0;
    *ret_actor = actor;
}

static void put_oin(struct codec_writer *out, const struct oin *oin)
{
    struct oin parsed;
    size_t length = strnlen(oin->text, sizeof(oin->text));
    if (length != 0 && oin_parse(oin->text, length, &parsed) != 0) {
        out->failed = true;
    }
    codec_put_text(out, oin->text, OIN_LENGTH);
}

void log_actor_encode(const struct log_actor *actor, struct codec_writer *out)
{
    codec_put_u8(out, ACTOR_VERSION);
    codec_put_u8(out, (actor->has_certificate ? ACTOR_HAS_CERTIFICATE : 0u) |
                          (actor->is_operator ? ACTOR_IS_OPERATOR : 0u));
    put_oin(out, &actor->party);
    put_oin(out, &actor->on_behalf_of);
    if (actor->has_certificate) {
        codec_put_bytes(out, actor->certificate, sizeof(actor->certificate));
    }
    if (actor->is_operator) {
        codec_put_u32(out, actor->operator_uid);
    }
}

static void get_oin(struct codec_reader *in, struct oin *oin)
{
    char text[OIN_LENGTH];
    size_t length = codec_get_u16(in);
    if (length == 0) {
        return;
    }
    codec_get_bytes(in, text, sizeof(text));
    if (length != sizeof(text) || oin_parse(text, sizeof(text), oin) != 0) {
        in->failed = true;
    }
}

bool log_actor_decode(struct codec_reader *in, struct log_actor *ret_actor)
{
    struct log_actor actor = {0};
    unsigned version = codec_get_u8(in);
    unsigned flags = codec_get_u8(in);
    get_oin(in, &actor.party);
    get_oin(in, &actor.on_behalf_of);
    if ((flags & ACTOR_HAS_CERTIFICATE) != 0) {
        actor.has_certificate = true;
        codec_get_bytes(in, actor.certificate, sizeof(actor.certificate));
    }
    if ((flags & ACTOR_IS_OPERATOR) != 0) {
        actor.is_operator = true;
        actor.operator_uid = codec_get_u32(in);
    }
    if (!codec_done(in) || version != ACTOR_VERSION) {
        return false;
    }
    *ret_actor = actor;
    return true;
}

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static unsigned record_flags(const struct log_record *record)
{
    const struct log_note *note = &record->note;
    return (record->has_subject ? HAS_SUBJECT : 0u) |
           (note->object_kind != LOG_OBJECT_NONE ? HAS_OBJECT : 0u) |
           (given(note->professional) ? HAS_PROFESSIONAL : 0u) |
           (given(note->case_reference) ? HAS_CASE_REFERENCE : 0u) |
           (note->count != 0 ? HAS_COUNT : 0u) | (record->traced ? HAS_TRACE : 0u) |
           (given(note->outcome) ? HAS_OUTCOME : 0u) |
           (given(record->operation) ? HAS_OPERATION : 0u) |
           (given(note->ground) ? HAS_GROUND : 0u);
}

void log_record_encode(const struct log_record *record, struct codec_writer *out)
{
    const struct log_note *note = &record->note;
    unsigned flags = record_flags(record);
    codec_put_u8(out, RECORD_VERSION);
    codec_put_u16(out, flags);
    codec_put_u8(out, note->event);
    codec_put_i64(out, record->time);
    codec_put_u32(out, record->actor_number);
    if ((flags & HAS_SUBJECT) != 0) {
        codec_put_bytes(out, record->subject, sizeof(record->subject));
    }
    if ((flags & HAS_OBJECT) != 0) {
        codec_put_u8(out, note->object_kind);
        codec_put_bytes(out, note->object, sizeof(note->object));
    }
    if ((flags & HAS_PROFESSIONAL) != 0) {
        codec_put_text(out, note->professional, PROFESSIONAL_ID_MAXIMUM);
    }
    if ((flags & HAS_CASE_REFERENCE) != 0) {
        codec_put_text(out, note->case_reference, (size_t)LOGRECORD_CASE_REFERENCE_MAXIMUM * 4);
    }
    if ((flags & HAS_COUNT) != 0) {
        codec_put_u32(out, note->count);
    }
    if ((flags & HAS_TRACE) != 0) {
        codec_put_bytes(out, record->trace_id, sizeof(record->trace_id));
        codec_put_bytes(out, record->parent_span_id, sizeof(record->parent_span_id));
    }
    if ((flags & HAS_OUTCOME) != 0) {
        codec_put_text(out, note->outcome, ACCESSLOG_OUTCOME_MAXIMUM);
    }
    if ((flags & HAS_OPERATION) != 0) {
        codec_put_text(out, record->operation, ACCESSLOG_OUTCOME_MAXIMUM);
    }
    if ((flags & HAS_GROUND) != 0) {
        codec_put_text(out, note->ground, (size_t)LOGRECORD_GROUND_MAXIMUM * 4);
    }
}

bool log_record_decode(struct codec_reader *in, struct arena *arena, struct log_record *record)
{
    struct log_note note = {.outcome = ""};
    unsigned version = codec_get_u8(in);
    unsigned flags = version == RECORD_VERSION_NARROW ? codec_get_u8(in) : codec_get_u16(in);
    note.event = (enum log_event)codec_get_u8(in);
    record->time = codec_get_i64(in);
    record->actor_number = codec_get_u32(in);
    record->has_subject = (flags & HAS_SUBJECT) != 0;
    if (record->has_subject) {
        codec_get_bytes(in, record->subject, sizeof(record->subject));
    }
    if ((flags & HAS_OBJECT) != 0) {
        note.object_kind = (enum log_object_kind)codec_get_u8(in);
        codec_get_bytes(in, note.object, sizeof(note.object));
    }
    if ((flags & HAS_PROFESSIONAL) != 0) {
        note.professional = codec_get_text(in, arena, PROFESSIONAL_ID_MAXIMUM);
    }
    if ((flags & HAS_CASE_REFERENCE) != 0) {
        note.case_reference =
            codec_get_text(in, arena, (size_t)LOGRECORD_CASE_REFERENCE_MAXIMUM * 4);
    }
    if ((flags & HAS_COUNT) != 0) {
        note.count = codec_get_u32(in);
    }
    record->traced = (flags & HAS_TRACE) != 0;
    if (record->traced) {
        codec_get_bytes(in, record->trace_id, sizeof(record->trace_id));
        codec_get_bytes(in, record->parent_span_id, sizeof(record->parent_span_id));
    }
    if ((flags & HAS_OUTCOME) != 0) {
        note.outcome = codec_get_text(in, arena, ACCESSLOG_OUTCOME_MAXIMUM);
    }
    record->operation = "";
    if ((flags & HAS_OPERATION) != 0) {
        record->operation = codec_get_text(in, arena, ACCESSLOG_OUTCOME_MAXIMUM);
    }
    if ((flags & HAS_GROUND) != 0) {
        note.ground = codec_get_text(in, arena, (size_t)LOGRECORD_GROUND_MAXIMUM * 4);
    }
    record->note = note;
    return codec_done(in) && (version == RECORD_VERSION_NARROW || version == RECORD_VERSION) &&
           (flags & ~RECORD_FLAGS) == 0 && accesslog_event_name(note.event) != NULL &&
           note.object_kind <= LOG_OBJECT_PARTY;
}

struct text_writer {
    char *out;
    size_t capacity;
    size_t size;
    bool failed;
    bool first; /* no comma before the next member */
};

/* Room for `size` more, or NULL. */
static inline char *take(struct text_writer *writer, size_t size)
{
    if (writer->failed || writer->capacity - writer->size < size) {
        writer->failed = true;
        return NULL;
    }
    char *at = writer->out + writer->size;
    writer->size += size;
    return at;
}

static inline void append(struct text_writer *writer, const char *text, size_t size)
{
    char *at = take(writer, size);
    if (at != NULL) {
        memcpy(at, text, size);
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* The escape of a character that needs one (RFC 8785 section 3.2.2.2). */
static size_t escape(unsigned char c, char out[static 7])
{
    static const char shorts[] = "btn\0fr"; /* 08 to 0D, of which 0B has no short form */
    out[0] = '\\';
    if (c == '"' || c == '\\') {
        out[1] = (char)c;
        return 2;
    }
    if (c >= 0x08 && c <= 0x0d && c != 0x0b) {
        out[1] = shorts[c - 0x08];
        return 2;
    }
    return (size_t)snprintf(out, 7, "\\u%04x", c);
}

/* What stands between quotes. */
static void append_string(struct text_writer *writer, const char *text)
{
    const char *from = text; /* what was not written yet, and needs no escape */
    for (;;) {
        const char *c = from;
        while (is_plain((unsigned char)*c)) { /* which the closing NUL is not */
            c++;
        }
        append(writer, from, (size_t)(c - from));
        if (*c == '\0') {
            return;
        }
        char escaped[7];
        append(writer, escaped, escape((unsigned char)*c, escaped));
        from = c + 1;
    }
}

/* What stands before a value, with its length: the name, and the comma that the first has not. */
#define NAME(name) ",\"" name "\":", sizeof(",\"" name "\":") - 1

static inline void name_member(struct text_writer *writer, const char *spelt, size_t size)
{
    append(writer, spelt + writer->first, size - writer->first);
    writer->first = false;
}

static inline void print_text(struct text_writer *writer, const char *spelt, size_t size,
                              const char *text)
{
    if (given(text)) {
        name_member(writer, spelt, size);
        append(writer, "\"", 1);
        append_string(writer, text);
        append(writer, "\"", 1);
    }
}

/* Of a text that needs no escape: two parts, of which the first is written out in the name. */
#define NAME_AND_BEGINNING(name, beginning)                                                        \
    ",\"" name "\":\"" beginning, sizeof(",\"" name "\":\"" beginning) - 1

static inline void print_plain(struct text_writer *writer, const char *spelt, size_t size,
                               const char *text)
{
    size_t length = strlen(text);
    name_member(writer, spelt, size);
    char *at = take(writer, length + 1);
    if (at != NULL) {
        memcpy(at, text, length);
        at[length] = '"';
    }
}

static void print_number(struct text_writer *writer, const char *spelt, size_t size,
                         uint64_t number)
{
    char digits[DECIMAL_MAXIMUM];
    name_member(writer, spelt, size);
    append(writer, digits, put_decimal(digits, number));
}

/* All of these are public. */
static void print_hex(struct text_writer *writer, const char *spelt, size_t size,
                      const uint8_t *bytes, size_t count)
{
    static const char digits[16] = "0123456789abcdef";
    name_member(writer, spelt, size);
    char *at = take(writer, 2 * count + 1);
    for (size_t i = 0; at != NULL && i < count; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    if (at != NULL) {
        *at = '"';
    }
}

static void print_object(struct text_writer *writer, const struct log_note *note)
{
    static const struct {
        const char *spelt;
        size_t size;
    } kinds[] = {
#define KIND(kind) {NAME_AND_BEGINNING("verwijsindex.object", kind)}
        {NULL, 0}, KIND("signal:"), KIND("match:"), KIND("notice:"), KIND("entry:"), KIND("party:"),
#undef KIND
    };
    char id[UUID_TEXT_SIZE] = {0}; /* longer than any number */
    struct uuid uuid;
    switch (note->object_kind) {
    case LOG_OBJECT_NONE:
        return;
    case LOG_OBJECT_SIGNAL:
    case LOG_OBJECT_MATCH:
        memcpy(uuid.bytes, note->object, UUID_BYTES);
        uuid_format(&uuid, id);
        break;
    case LOG_OBJECT_NOTICE:
    case LOG_OBJECT_ENTRY:
        put_decimal(id, get_be64(note->object));
        break;
    case LOG_OBJECT_PARTY:
        put_decimal(id, get_be32(note->object));
        break;
    }
    print_plain(writer, kinds[note->object_kind].spelt, kinds[note->object_kind].size, id);
}

/* In the order of RFC 8785: by name. */
static void print_attributes(struct text_writer *writer, const struct log_record *record)
{
    const struct log_actor *actor = &record->actor;
    const struct log_note *note = &record->note;
    name_member(writer, NAME("attributes"));
    append(writer, "{", 1);
    writer->first = true;
    if (given(actor->party.text)) {
        print_plain(writer,
                    NAME_AND_BEGINNING("dpl.core.foreign_operation.processor", "urn:nld:oin:"),
                    actor->party.text);
    }
    print_plain(writer,
                NAME_AND_BEGINNING("dpl.core.processing_activity_id",
                                   "https://verwijsindex.example/processing-activities/"),
                accesslog_event_name(note->event));
    print_text(writer, NAME("verwijsindex.case_reference"), note->case_reference);
    if (actor->has_certificate) {
        print_hex(writer, NAME_AND_BEGINNING("verwijsindex.certificate", ""), actor->certificate,
                  32);
    }
    if (note->count != 0) {
        print_number(writer, NAME("verwijsindex.count"), note->count);
    }
    print_text(writer, NAME("verwijsindex.ground"), note->ground);
    print_number(writer, NAME("verwijsindex.index"), record->index);
    print_object(writer, note);
    print_text(writer, NAME("verwijsindex.on_behalf_of"), actor->on_behalf_of.text);
    print_text(writer, NAME("verwijsindex.operation"), record->operation);
    if (actor->is_operator) {
        print_number(writer, NAME("verwijsindex.operator_uid"), actor->operator_uid);
    }
    print_text(writer, NAME("verwijsindex.outcome"), given(note->outcome) ? note->outcome : "done");
    print_text(writer, NAME("verwijsindex.party"), actor->party.text);
    print_text(writer, NAME("verwijsindex.professional"), note->professional);
    append(writer, "}", 1);
    writer->first = false;
}

static void derive_trace(const struct commitment_salts *salts, struct merkle_hash *ret_derived)
{
    commitment_subject_hash(salts->subject, "trace and span", 14, ret_derived);
}

static void trace_of(const struct log_record *record, const struct merkle_hash *derived,
                     uint8_t *ret_trace)
{
    if (record->traced) {
        memcpy(ret_trace, record->trace_id, LOGRECORD_TRACE_BYTES);
        return;
    }
    memcpy(ret_trace, derived->bytes, sizeof(uint64_t));
    put_be64(ret_trace + sizeof(uint64_t), record->index ^ get_be64(derived->bytes));
}

uint64_t log_record_trace_entry(const uint8_t trace[static LOGRECORD_TRACE_BYTES])
{
    return get_be64(trace) ^ get_be64(trace + sizeof(uint64_t));
}

void log_record_trace(const struct log_record *record, const struct commitment_salts *salts,
                      uint8_t ret_trace[static LOGRECORD_TRACE_BYTES])
{
    struct merkle_hash derived;
    derive_trace(salts, &derived);
    trace_of(record, &derived, ret_trace);
}

size_t log_record_render(const struct log_record *record, const struct commitment_salts *salts,
                         char out[static ACCESSLOG_PUBLIC_MAXIMUM])
{
    struct text_writer writer = {.out = out, .capacity = ACCESSLOG_PUBLIC_MAXIMUM, .first = true};
    struct merkle_hash derived;
    uint8_t trace[LOGRECORD_TRACE_BYTES];
    derive_trace(salts, &derived);
    trace_of(record, &derived, trace);
    append(&writer, "{", 1);
    print_attributes(&writer, record);
    print_number(&writer, NAME("end_time"), (uint64_t)record->time);
    print_plain(&writer, NAME_AND_BEGINNING("name", ""), accesslog_event_name(record->note.event));
    if (record->traced) {
        print_hex(&writer, NAME_AND_BEGINNING("parent_span_id", ""), record->parent_span_id, 8);
    }
    print_hex(&writer, NAME_AND_BEGINNING("span_id", ""), derived.bytes + 16, 8);
    print_number(&writer, NAME("start_time"), (uint64_t)record->time);
    bool internal =
        given(record->note.outcome) && strcmp(record->note.outcome, "internal-error") == 0;
    print_plain(&writer, NAME_AND_BEGINNING("status", ""), internal ? "Error" : "Ok");
    print_hex(&writer, NAME_AND_BEGINNING("trace_id", ""), trace, sizeof(trace));
    append(&writer, "}", 1);
    return writer.failed ? 0 : writer.size;
}

void log_record_commit(const struct log_record *record, const struct commitment_salts *salts,
                       const char *public_part, size_t size,
                       uint8_t ret_commitment[static COMMITMENT_BYTES])
{
    struct merkle_hash subject_hash;
    commitment_subject_hash(salts->subject, record->subject,
                            record->has_subject ? sizeof(record->subject) : 0, &subject_hash);
    commitment_make(salts->entry, public_part, size, &subject_hash, ret_commitment);
}
