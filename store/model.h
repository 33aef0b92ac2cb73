/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the index knows, as plain structures. Text is UTF-8, NUL-terminated, and lives in the arena
 * that was given to the function that filled the structure.
 */
#ifndef STORE_MODEL_H
#define STORE_MODEL_H

#include <stdbool.h>

#include "crypto/pseudonym.h"
#include "store/base/ids.h"

#define MODEL_NAME_MAXIMUM 200 /* characters (code points); four bytes each at most */
#define MODEL_EMAIL_MAXIMUM 254
#define MODEL_PHONE_MAXIMUM 32
#define MODEL_REFERENCE_MAXIMUM 64 /* characters */
#define MODEL_REFERENCE_BYTES (MODEL_REFERENCE_MAXIMUM * 4)
#define MODEL_TEXT_BYTES 1024 /* of any stored text */
#define MODEL_AGREEMENTS_MAXIMUM 400
#define MODEL_LIVE_SIGNALS_MAXIMUM 200 /* on one child */
#define MODEL_PAGE_MAXIMUM 500
#define MODEL_PAGE_DEFAULT 100

/* Bits of `roles`. */
enum party_role {
    PARTY_REPORTER = 1,
    PARTY_MUNICIPALITY = 2,
    PARTY_REGISTRY = 4,
    PARTY_AUDITOR = 8,
    PARTY_SUPPLIER = 16,
};
/* Bits of `permissions`. */
enum party_permission { PARTY_BLINDED = 1, PARTY_QUIET = 2 };

/* With a municipality; live up to and including the Dutch date `until`. */
struct agreement {
    uint16_t municipality;
    int32_t until_day;
};

struct contact {
    const char *name;
    const char *function;
    const char *email;
    const char *phone;
};

struct party {
    uint32_t number; /* from 1 up, never used again */
    struct oin oin;
    const char *name;
    unsigned roles;
    unsigned permissions;
    bool suspended;
    struct contact contact; /* the organisation's own; fields may be empty */
    uint16_t municipality;  /* of a party with the role municipality: which one it is; else 0 */
    size_t agreement_count;
    const struct agreement *agreements;
};

struct mandate {
    uint32_t party; /* represented */
    struct oin oin;
    const char *name;
    int32_t until_day;
};

struct professional {
    uint32_t number; /* within the party, from 1 up, never used again */
    const char *id;
    struct contact contact;
};

enum signal_status { SIGNAL_ACTIVE = 1, SIGNAL_ARCHIVED = 2 };

struct signal {
    struct uuid id;
    enum signal_status status;
    int64_t reported_at;
    int32_t removal_day; /* the day it is archived: min(report + 2 years, 23rd birthday) */
    int32_t erasure_day; /* the day it is erased: min(report + 7 years, 23rd birthday) */
    int64_t ended_at;    /* 0 while active */
    uint16_t municipality;
    const char *professional; /* id */
    const char *reference;    /* empty: none */
};

enum match_kind { MATCH_CHILD = 1, MATCH_FAMILY = 2 };
enum match_status { MATCH_OPEN = 1, MATCH_CONTACTED = 2, MATCH_STALLED = 3, MATCH_ENDED = 4 };

struct involved {
    struct oin oin;
    const char *organisation;
    struct contact contact;
};

struct own_signal {
    struct uuid id;
    const char *reference;
    const char *professional;
};

/* A match as one party may see it. */
struct match_view {
    struct uuid id;
    char key[MATCH_KEY_TEXT_SIZE];
    enum match_kind kind;
    enum match_status status;
    int64_t notified_at;       /* when this party was told */
    int32_t follow_up_due_day; /* 0: none */
    size_t involved_count;
    const struct involved *involved; /* by OIN and name, so that the order tells nothing */
    size_t own_count;
    const struct own_signal *own; /* empty for the municipality */
};

/* Numbers are kept in the inbox: never renumber. */
enum notice_type {
    NOTICE_MATCH_FORMED = 1,
    NOTICE_MATCH_JOINED = 2,
    NOTICE_MATCH_RETRACTED = 3,
    NOTICE_MATCH_ENDED = 4,          /* only when the policy says notify_departure */
    NOTICE_ARCHIVED_INVOLVEMENT = 5, /* to a newcomer: who was involved before */
    NOTICE_RENEWAL_DUE = 6,
    NOTICE_SIGNAL_REMOVED = 7,    /* archived by its date */
    NOTICE_FOLLOW_UP_STALLED = 8, /* to the municipality */
    NOTICE_YOUTH_MOVED = 9,
    /* To auditors: about an entry of the log, never about a child. */
    NOTICE_PEEK_SUSPECTED = 10,
    NOTICE_ACCESS_REQUESTED = 11,
    NOTICE_NOTICES_COUNTED = 12,
    NOTICE_TYPES,
};

/* Whoever of a stalled match has not acknowledged the newest notice of it. */
struct unread {
    struct involved who;
    int64_t since; /* when that notice was put in the inbox */
};

struct notice {
    uint64_t sequence;
    struct uuid id; /* the same every time it is read */
    enum notice_type type;
    int64_t logged_at;
    bool has_own;
    struct own_signal own;
    bool has_match;
    struct match_view match; /* id, key and kind; `involved` while the own signal is live */
    int32_t removal_day;     /* of a renewal that is due; else 0 */
    uint16_t municipality;   /* where the youth has moved to; else 0 */
    size_t unread_count;     /* of a match that stalled */
    const struct unread *unread;
    uint64_t log_index; /* of a notice to auditors */
    struct oin actor;   /* whose doing that entry was; empty: not such a notice */
    const char *actor_name;
};

struct notice_page {
    size_t count;
    const struct notice *notices;
    uint64_t next; /* read after this */
    bool more;
};

/* What a municipality is shown on the request of a youth (Jeugdwet 7.1.2.2(3), 7.1.5). */
struct pack_signal {
    struct signal signal;
    struct involved by; /* as it is now */
};
struct pack_match {
    enum match_kind kind;
    enum match_status status;
    int64_t formed_at;
    int64_t ended_at; /* 0: not ended */
};
#define PACK_TOLD_MAXIMUM 5000
struct access_pack {
    size_t signal_count;
    const struct pack_signal *signals;
    size_t match_count;
    const struct pack_match *matches;
    uint16_t residence; /* this and what follows: empty unless `registry_data`; 0: not told */
    size_t parents;
    bool has_address;
    bool is_institution;
    size_t former_numbers;
    bool registry_data; /* any of the register's data is held, and the reader's to be shown */
};

/* What is counted a year, of one municipality. Numbers are kept in rows: never renumber. */
enum statistic {
    STATISTIC_MADE = 0,
    STATISTIC_RENEWED,
    STATISTIC_WITHDRAWN,
    STATISTIC_RETRACTED,
    STATISTIC_EXPIRED,
    STATISTIC_ERASED,
    STATISTIC_CHILD_MATCHES,
    STATISTIC_FAMILY_MATCHES,
    STATISTIC_CONTACTED,
    STATISTIC_STALLED,
    STATISTICS,
};
struct statistics {
    uint64_t counts[STATISTICS];
};

struct inbox_state {
    uint64_t head;         /* the last sequence given out; 0: none yet */
    uint64_t acknowledged; /* 0: none yet */
};

#endif
