/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The record behind a log entry: how it is kept (binary, with the actor by number), and how it is
 * spelt in public (canonical JSON, RFC 8785, with the field names of Logboek Dataverwerkingen).
 * The spelling is part of what the tree commits to: what is new is a member of its own, absent
 * from every older record.
 */
#ifndef STORE_LOG_RECORD_H
#define STORE_LOG_RECORD_H

#include "store/base/codec.h"
#include "store/log/accesslog.h"

#define LOGRECORD_SIZE 1024 /* bytes of an encoded record, at most */
#define LOGRECORD_ACTOR_SIZE 128
#define LOGRECORD_CASE_REFERENCE_MAXIMUM 64 /* characters; 256 bytes */
#define LOGRECORD_GROUND_MAXIMUM 100        /* characters; 400 bytes */

/* Who acts, without what differs from request to request; equal ones are kept once. */
struct log_actor {
    struct oin party;
    struct oin on_behalf_of;
    bool has_certificate;
    uint8_t certificate[32];
    bool is_operator;
    uint32_t operator_uid;
};

struct log_record {
    uint64_t index;
    int64_t time;
    uint32_t actor_number;
    struct log_actor actor; /* not encoded: comes from its own row */
    struct log_note note;   /* its `subject` is not used: see below */
    bool has_subject;
    uint8_t subject[ACCESSLOG_SUBJECT_BYTES];
    const char *operation; /* of a refusal; "" for none */
    bool traced;
    uint8_t trace_id[16];
    uint8_t parent_span_id[8];
};

void log_actor_from(const struct attribution *by, struct log_actor *ret_actor);
void log_actor_encode(const struct log_actor *actor, struct codec_writer *out);
bool log_actor_decode(struct codec_reader *in, struct log_actor *ret_actor);

/* Version 2. Version 1, whose flags were one byte, and which had no ground, is still read. */
void log_record_encode(const struct log_record *record, struct codec_writer *out);
/* Leaves `index` and `actor` alone. Texts go to the arena. */
bool log_record_decode(struct codec_reader *in, struct arena *arena, struct log_record *record);

/*
 * The trace id: the caller's, or, of an entry without one, eight bytes that follow from the subject
 * salt, and then these by exclusive or with the entry's index, big-endian. So it need not be kept,
 * and leads to its entry.
 */
#define LOGRECORD_TRACE_BYTES 16
void log_record_trace(const struct log_record *record, const struct commitment_salts *salts,
                      uint8_t ret_trace[static LOGRECORD_TRACE_BYTES]);
/* The entry that such an id leads to: whether there is one, and it has that id, is to be seen. */
uint64_t log_record_trace_entry(const uint8_t trace[static LOGRECORD_TRACE_BYTES]);

/* Writes the public part; returns its length, or 0 when it does not fit. Span ids too are derived
 * from the subject salt. */
size_t log_record_render(const struct log_record *record, const struct commitment_salts *salts,
                         char out[static ACCESSLOG_PUBLIC_MAXIMUM]);

/* The commitment over a rendered record and its subject. */
void log_record_commit(const struct log_record *record, const struct commitment_salts *salts,
                       const char *public_part, size_t size,
                       uint8_t ret_commitment[static COMMITMENT_BYTES]);

#endif
