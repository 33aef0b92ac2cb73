/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The access log (Jeugdwet 7.1.2.3(1)f; NEN 7513; Logboek Dataverwerkingen 1.0): who did what, on
 * whom, when, with what outcome. One entry for every change, every disclosure of something about
 * another party or a child's case, every refusal, every search, every read of the log itself,
 * every operator action.
 *
 * The public part of an entry is canonical JSON (RFC 8785) with LDV's field names; the subject is
 * apart, so that a receipt can prove an entry without telling on whom it is. What stands in the
 * tree is a salted commitment (crypto/commitment.h).
 */
#ifndef STORE_LOG_ACCESSLOG_H
#define STORE_LOG_ACCESSLOG_H

#include <stdbool.h>

#include "crypto/commitment.h"
#include "crypto/pseudonym.h"
#include "store/base/ids.h"

#define ACCESSLOG_PUBLIC_MAXIMUM 2048 /* bytes of canonical JSON */
#define ACCESSLOG_SUBJECT_BYTES 16
#define ACCESSLOG_OUTCOME_MAXIMUM 40

/* Numbers are kept in records: never renumber, only add. Names: accesslog_event_name(). */
enum log_event {
    LOG_SIGNAL_POSTED = 1,
    LOG_SIGNAL_REPEATED,  /* the same professional, the same child: the existing signal */
    LOG_SIGNAL_WITHDRAWN, /* as ended */
    LOG_SIGNAL_RETRACTED, /* withdrawn as wrongful */
    LOG_SIGNAL_ARCHIVED,  /* by its date, or because an agreement ended */
    LOG_SIGNAL_ERASED,
    LOG_SIGNAL_READ,
    LOG_SIGNALS_LISTED,
    LOG_PROFESSIONAL_CHANGED,
    LOG_PROFESSIONAL_DELETED,
    LOG_MATCH_READ,
    LOG_NOTICE_OFFERED,
    LOG_NOTICE_ACKNOWLEDGED,
    LOG_PSEUDONYMS_EVALUATED,
    LOG_LOG_READ,
    LOG_LOG_SEARCHED,
    LOG_LOG_PROVED,
    LOG_REQUEST_REFUSED,
    LOG_REFUSALS_COUNTED, /* refusals too cheap to be worth an entry each: see `count` */
    LOG_PARTY_ADDED,
    LOG_PARTY_CHANGED,
    LOG_PARTY_SUSPENDED,
    LOG_PARTY_RESUMED,
    LOG_AGREEMENT_ADDED,
    LOG_AGREEMENT_ENDED,
    LOG_PERMISSION_CHANGED,
    LOG_MANDATE_ADDED,
    LOG_BACKUP_MADE,
    LOG_OPERATOR_READ,  /* the operator looked at a party or the list */
    LOG_CLOCK_ADVANCED, /* test builds */
    LOG_CERTIFICATES_RELOADED,
    LOG_SIGNAL_RENEWED,
    LOG_SIGNAL_TRANSFERRED,  /* one signal, to a colleague */
    LOG_SIGNAL_MERGED,       /* gone, because the same professional had another on this child */
    LOG_SIGNALS_TRANSFERRED, /* the operation: `count` signals */
    LOG_CONTACT_CONFIRMED,
    LOG_MATCH_STALLED,
    LOG_PERSON_DIED,
    LOG_PERSON_MOVED,
    LOG_BSN_REPLACED,
    LOG_BSN_ASSIGNED,
    LOG_RELATIONS_CHANGED,
    LOG_REGISTRY_DATA_ERASED, /* of a child on whom nobody signalled */
    LOG_ACCESS_REQUESTED,     /* `count`: what is held; 0: nothing */
    LOG_ERASURE_MADE,         /* `count` signals */
    LOG_STATISTICS_READ,
    LOG_PEEK_SUSPECTED,  /* signalled, looked and withdrew within peek_minutes */
    LOG_NOTICES_COUNTED, /* the dry run of a quiet loading, for one child */
    LOG_NOTICES_REMOVED, /* acknowledged long ago */
    LOG_PARTY_MERGED,
    LOG_EPOCH_TURNED,
    LOG_WOUND_DOWN,
    LOG_RECORDS_DESTROYED, /* `count`: from the object on, after log_years */
    LOG_EVENTS,
};
/* "signal-posted" and so on; NULL for a number that is none. */
const char *accesslog_event_name(enum log_event event);
/* 0 when there is no such event. */
enum log_event accesslog_event_from_name(const char *name);

/* Who acts, as far as it is known. */
struct attribution {
    struct oin party;        /* of the certificate; empty: the operator, or nobody known */
    struct oin on_behalf_of; /* empty: itself */
    bool has_certificate;
    uint8_t certificate[32]; /* SHA-256 of the certificate's DER */
    bool is_operator;
    uint32_t operator_uid;
    const char *operation; /* what was asked: an operationId that lives for ever, or NULL */
    bool traced;           /* the caller sent a traceparent (W3C Trace Context) */
    uint8_t trace_id[16];
    uint8_t parent_span_id[8];
};

enum log_object_kind {
    LOG_OBJECT_NONE = 0,
    LOG_OBJECT_SIGNAL = 1,
    LOG_OBJECT_MATCH,
    LOG_OBJECT_NOTICE, /* the first 8 bytes: its sequence, big-endian */
    LOG_OBJECT_ENTRY,  /* the first 8 bytes: a log index, big-endian */
    LOG_OBJECT_PARTY,  /* the first 4 bytes: a party's number, big-endian */
};

/* One thing to be logged, as an operation or a handler describes it. */
struct log_note {
    enum log_event event;
    const char *outcome; /* "" or NULL: done; else the slug of the refusal */
    bool has_subject;
    struct child_key subject; /* the log itself keeps a random subject id in its place */
    /* That id itself, of a search by it; then `has_subject` is not set. It does not make the child
     * known to the log for longer. */
    bool has_subject_id;
    uint8_t subject_id[ACCESSLOG_SUBJECT_BYTES];
    enum log_object_kind object_kind;
    uint8_t object[UUID_BYTES];
    const char *professional;   /* id, or NULL */
    const char *case_reference; /* of a search, a youth's request, an erasure; or NULL */
    const char *ground;         /* of an erasure; or NULL */
    uint32_t count;             /* of counted refusals, evaluated elements, listed rows; 0: none */
};

/* An entry as an auditor is shown it: enough to hold it to its leaf. */
struct log_entry {
    uint64_t index;
    int64_t logged_at;
    enum log_event event;
    struct oin party;        /* that acted; empty: none */
    struct oin on_behalf_of; /* empty: itself */
    bool destroyed;          /* record and salts are gone (log_years); only commitment is set */
    const char *public_part; /* canonical JSON */
    size_t public_size;
    bool has_subject;
    uint8_t subject[ACCESSLOG_SUBJECT_BYTES];
    struct commitment_salts salts;
    uint8_t commitment[COMMITMENT_BYTES];
};

struct log_page {
    size_t count;
    const struct log_entry *entries;
    bool more;
    uint64_t next; /* the index to go on with: see struct log_query */
};

/* All given conditions must hold. */
struct log_query {
    bool oldest_first;
    uint64_t start;   /* the first index to look at (newest first: the last); UINT64_MAX: the end */
    uint64_t bound;   /* only entries below it; UINT64_MAX: all in the snapshot */
    int64_t from;     /* instants; INT64_MIN and INT64_MAX: open */
    int64_t to;       /* exclusive */
    struct oin party; /* empty: any; matches the acting and the represented party */
    const char *professional;   /* with `party`: the party's id of one; NULL: any */
    enum log_event event;       /* 0: any */
    enum log_event other_event; /* besides `event`; 0: none */
    const char *outcome;        /* NULL: any; "" is done */
    bool has_subject;
    struct child_key subject;
    bool has_subject_id; /* in place of a child, the id under which the log knows one */
    uint8_t subject_id[ACCESSLOG_SUBJECT_BYTES];
    bool has_trace;
    uint8_t trace_id[16];
    size_t limit;
};

#endif
