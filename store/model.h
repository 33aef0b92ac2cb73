/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the index knows, as plain structures. Text is UTF-8, NUL-terminated, and lives in the arena
 * that was given to the function that filled the structure.
 */
#ifndef STORE_MODEL_H
#define STORE_MODEL_H

#include <stdbool.h>

#include "crypto/pseudonym.h"
#include "store/ids.h"

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
};

struct notice {
    uint64_t sequence;
    struct uuid id; /* the same every time it is read */
    enum notice_type type;
    int64_t logged_at;
    bool has_own;
    struct own_signal own;
    struct match_view match; /* id, key and kind always; `involved` while the own signal is live */
};

struct notice_page {
    size_t count;
    const struct notice *notices;
    uint64_t next; /* read after this */
    bool more;
};

struct inbox_state {
    uint64_t head;         /* the last sequence given out; 0: none yet */
    uint64_t acknowledged; /* 0: none yet */
};

#endif
