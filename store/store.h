/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The face of the store: what is kept, and the rules about it.
 *
 * Reading. A snapshot is opened, read from and closed on one thread, within one callback; it never
 * waits. It notes whose rows it read, so that what it showed can be checked again when the reading
 * is logged.
 *
 * Writing. Everything that changes something, or discloses something that must be logged, is an
 * operation: a structure that begins with struct store_op, filled in by the caller, handed over by
 * store_submit() and untouchable until its mail is delivered to `mailbox`. One thread, the
 * committer, runs operations in batches: one transaction, one signed checkpoint, one sync a batch;
 * a completion is posted only after the commit. An operation sees those before it in its batch. A
 * refused operation has written nothing but the log entry of the refusal.
 *
 * Authority is checked twice: by the caller on its snapshot, and again by the committer, which
 * answers STORE_STALE when the party, or anything else that was read, has changed since; the
 * caller then reads again.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "crypto/keyring.h"
#include "store/base/arena.h"
#include "store/base/mailbox.h"
#include "store/log/accesslog.h"
#include "store/model.h"

struct kv;
struct store;
struct store_snapshot;

enum store_condition {
    STORE_OK = 0,
    STORE_NOT_FOUND = 1,
    STORE_STALE,      /* read again */
    STORE_OVERLOADED, /* the queue is over its bound; try later */
    STORE_FULL,       /* no room for this kind of work */
    STORE_STOPPED,    /* closing, or dead after a failed commit */
    STORE_EXISTS,     /* party or mandate */
    STORE_UNKNOWN_PROFESSIONAL,
    STORE_IN_USE,          /* the professional still has signals */
    STORE_TOO_MANY,        /* live signals on one child; agreements of one party */
    STORE_BEYOND_HEAD,     /* acknowledging what was never given out */
    STORE_UNKNOWN_PARTY,   /* an operator names one */
    STORE_NO_AGREEMENT,    /* with that municipality, on this day */
    STORE_ENDED,           /* the signal is archived; the match has ended */
    STORE_TOO_OLD,         /* the youth has reached the age limit */
    STORE_TOO_OFTEN,       /* more access requests than a day may have */
    STORE_NO_MUNICIPALITY, /* a party with that role: which one it is has not been said */
    STORE_NO_SUPPLIER,     /* a mandate is for a party with that role */
    STORE_CONDITIONS,
};

/* Terms, from [policy]: nothing of them is in code. */
struct store_policy {
    int active_years;
    int archive_years;
    int age_limit;
    int follow_up_days;
    int renewal_prompt_days;
    bool notify_departure;
    int peek_minutes;
    int statistics_minimum;
    int log_years;
    int registry_wait_days; /* how long what the register tells of a child without signals stays */
    bool family_parent;
    bool family_address;
    int access_requests_per_day;
};
void store_policy_default(struct store_policy *ret_policy);

struct store_options {
    const char *path;
    uint64_t map_bytes;
    struct keyring *keys; /* must outlive the store; epoch keys come and go */
    const char *log_origin;
    struct store_policy policy;
    size_t queue_maximum; /* operations waiting; 0: the default, 4096 */
    /* An engine that is open already, taken over even when opening fails; NULL: LMDB at `path`. For
     * tests. */
    struct kv *engine;
    /* Told, once, from the committer's thread, when a commit had an unknown outcome. */
    void (*failed)(void *context, const char *what);
    void *context;
};

#define STORE_WHY_SIZE 512

/*
 * Opens or creates; checks format, key ids and the log's head; starts the committer. A positive
 * result, STORE_STOPPED, means that the store and the keys or the configuration do not belong
 * together: `why` says how.
 */
int store_open(const struct store_options *options, struct store **ret_store,
               char why[static STORE_WHY_SIZE]) MUST_CHECK;
/* Runs what is queued, then stops the committer and closes; what goes in slices is answered
 * STORE_STOPPED after one, and goes on when the store is opened again. NULL is allowed. */
void store_close(struct store *store);

/* For draining: completes all waiters, and every later one at once; so too what goes in slices. */
void store_wake_all(struct store *store);

/* ---- reading ---- */

/* `arena` receives what the read functions return, and must outlive it. */
int store_snapshot_open(struct store *store, struct arena *arena,
                        struct store_snapshot **ret_snapshot) MUST_CHECK;
void store_snapshot_close(struct store_snapshot *snapshot);
void store_snapshot_closep(struct store_snapshot **snapshot); /* for CLEANUP */

/* All of these: 0, STORE_NOT_FOUND, or a fault. */
int store_get_party(struct store_snapshot *snapshot, uint32_t number,
                    struct party *ret_party) MUST_CHECK;
int store_find_party(struct store_snapshot *snapshot, const struct oin *oin,
                     struct party *ret_party) MUST_CHECK;
int store_list_parties(struct store_snapshot *snapshot, uint32_t after, size_t limit,
                       const struct party **ret_parties, size_t *ret_count) MUST_CHECK;
/* The mandate by which `supplier` may act for `party`. */
int store_get_mandate(struct store_snapshot *snapshot, uint32_t supplier, uint32_t party,
                      struct mandate *ret_mandate) MUST_CHECK;
/* Those that `supplier` holds; at most MODEL_PAGE_MAXIMUM. */
int store_list_mandates(struct store_snapshot *snapshot, uint32_t supplier,
                        const struct mandate **ret_mandates, size_t *ret_count) MUST_CHECK;

int store_get_professional(struct store_snapshot *snapshot, uint32_t party, const char *id,
                           struct professional *ret_professional) MUST_CHECK;
/* In the order in which they were added; `after` is a number, 0 to begin. */
int store_list_professionals(struct store_snapshot *snapshot, uint32_t party, uint32_t after,
                             size_t limit, const struct professional **ret_professionals,
                             size_t *ret_count) MUST_CHECK;

struct signal_query {
    unsigned status;       /* bit 1 << enum signal_status; 0: all */
    const char *reference; /* NULL: any */
    struct uuid after;     /* zero: from the first */
    struct uuid up_to;     /* inclusive upper bound; all FF: none */
    size_t limit;
};
struct signal_page {
    size_t count;
    const struct signal *signals;
    bool more;
    struct uuid
        next; /* the `after` to go on with; a page may be short, even empty, and have more */
    struct uuid last; /* the newest id there is: the upper bound to keep while paging */
};
int store_get_signal(struct store_snapshot *snapshot, uint32_t party, const struct uuid *id,
                     struct signal *ret_signal) MUST_CHECK;
/* In order of id, oldest first. Looks at a bounded number of rows. */
int store_list_signals(struct store_snapshot *snapshot, uint32_t party,
                       const struct signal_query *query, struct signal_page *ret_page) MUST_CHECK;

/* A match in which the party has a live signal, or, for a municipality, one told to it. */
int store_get_match(struct store_snapshot *snapshot, uint32_t party, const struct uuid *id,
                    struct match_view *ret_match) MUST_CHECK;
struct match_query {
    unsigned status;   /* bit 1 << enum match_status; 0: all */
    struct uuid after; /* opaque position; zero: from the first */
    struct uuid up_to; /* as signal_query */
    size_t limit;
};
struct match_page {
    size_t count;
    const struct match_view *matches;
    bool more;
    struct uuid next;
    struct uuid last;
};
int store_list_matches(struct store_snapshot *snapshot, uint32_t party,
                       const struct match_query *query, struct match_page *ret_page) MUST_CHECK;

int store_get_inbox(struct store_snapshot *snapshot, uint32_t party,
                    struct inbox_state *ret_state) MUST_CHECK;
int store_read_notices(struct store_snapshot *snapshot, uint32_t party, uint64_t after,
                       size_t limit, struct notice_page *ret_page) MUST_CHECK;

/* The signed head of the log, a note in the arena, with the lines of the witnesses that have
 * cosigned just this head; and without these. */
int store_get_checkpoint(struct store_snapshot *snapshot, const char **ret_note) MUST_CHECK;
int store_get_head(struct store_snapshot *snapshot, const char **ret_note) MUST_CHECK;
/* The newest head that a witness has cosigned, with all lines that it has. STORE_NOT_FOUND when
 * there is none. */
int store_get_witnessed_checkpoint(struct store_snapshot *snapshot,
                                   const char **ret_note) MUST_CHECK;
int store_read_log(struct store_snapshot *snapshot, const struct log_query *query,
                   struct log_page *ret_page) MUST_CHECK;
int store_get_log_entry(struct store_snapshot *snapshot, uint64_t index,
                        struct log_entry *ret_entry) MUST_CHECK;
/* Inclusion of `index` in the tree of `size` leaves, which is at most the snapshot's. */
int store_prove_entry(struct store_snapshot *snapshot, uint64_t index, uint64_t size,
                      struct merkle_proof *ret_proof) MUST_CHECK;
int store_prove_consistency(struct store_snapshot *snapshot, uint64_t old_size, uint64_t size,
                            struct merkle_proof *ret_proof) MUST_CHECK;
uint64_t store_log_size(const struct store_snapshot *snapshot);
/*
 * Tiles of the tree, as in C2SP tlog-tiles: hash i of tile `number` of a level is the root of the
 * 256^level leaves from (number * 256 + i) * 256^level on. A tile has STORE_TILE_WIDTH hashes;
 * `width` asks for the first so many, which are there as soon as the tree has them. STORE_NOT_FOUND
 * when it has not, or there is no such width.
 */
#define STORE_TILE_WIDTH 256
int store_read_tile(struct store_snapshot *snapshot, unsigned level, uint64_t number,
                    unsigned width, struct merkle_hash *ret_hashes) MUST_CHECK;
/* The entries of the leaves of a tile of level 0: their commitments. */
int store_read_entry_bundle(struct store_snapshot *snapshot, uint64_t number, unsigned width,
                            uint8_t (*ret_entries)[COMMITMENT_BYTES]) MUST_CHECK;

/* ---- writing ---- */

/* What the caller relied on: filled by store_op_rely(). */
struct store_reliance {
    uint64_t revision; /* of the snapshot; 0: relies on nothing */
    size_t count;
    const struct store_seen *seen;
    const struct store_offered *offered; /* NULL: no notices were read */
};

struct store_tx; /* private: the running transaction */

struct store_op {
    struct mail mail;        /* `deliver` is set by the caller */
    struct mailbox *mailbox; /* where the completion goes */
    struct attribution by;
    uint32_t party; /* whose data: the represented party; 0: none */
    struct store_reliance reliance;
    /* Out: */
    int result;  /* 0, enum store_condition, or a fault */
    bool logged; /* log_index is set: also when refused */
    uint64_t log_index;
    /* Private: */
    int (*run)(struct store_tx *tx, struct store_op *op);
    struct store_op *next;
    unsigned char lane;
    bool kept_logged; /* what an earlier batch has committed for it */
    uint64_t kept_log_index;
};

/* Makes the operation rely on all that the snapshot has read; the list lives in its arena. */
void store_op_rely(struct store_op *op, const struct store_snapshot *snapshot);

/*
 * Hands an operation over; never blocks. STORE_OK: its mail will be delivered. STORE_OVERLOADED,
 * STORE_FULL or STORE_STOPPED: nothing was taken.
 */
int store_submit(struct store *store, struct store_op *op) MUST_CHECK;

/* For tests and start-up: submits and waits. Returns the operation's result. */
int store_run(struct store *store, struct store_op *op) MUST_CHECK;

/* Each of these prepares `op` (zeroed by it first); the caller then fills in the rest. */

/* Entries and nothing else: disclosures, refusals, evaluations, searches, operator reads. */
struct store_note_op {
    struct store_op op;
    size_t count;
    const struct log_note *notes; /* at most STORE_NOTES_MAXIMUM */
};
#define STORE_NOTES_MAXIMUM 1000
void store_note_init(struct store_note_op *op);

/*
 * A witness has cosigned a head of the log. Makes no entry, or every cosignature would make another
 * head. The line must have been verified. Lines of several witnesses for one head add up; of a
 * witness only the last is kept. STORE_STALE: a newer head has been cosigned meanwhile, which
 * stays.
 */
struct store_cosign_op {
    struct store_op op;
    const char *head; /* as store_get_head() gave it */
    const char *line; /* one, with its line feed (crypto/cosignature.h) */
};
void store_cosign_init(struct store_cosign_op *op);

/* A professional reports involvement with a child (Jeugdwet 7.1.2.1, 7.1.4.1). */
struct store_signal_post {
    struct store_op op;
    struct child_key child;
    struct oprf_element element;
    uint32_t evaluation_key; /* its id */
    const char *professional;
    uint16_t municipality;
    int32_t birth_day;
    const char *reference; /* "" for none */
    bool quiet;            /* forms matches, sends no notices */
    /* Out: */
    bool created;         /* false: the same professional had signalled this child already */
    struct signal signal; /* `professional` is the text given, `reference` is `kept_reference` */
    char kept_reference[MODEL_REFERENCE_BYTES + 1]; /* of the signal that is there */
    bool matched;
    struct uuid match;
};
void store_signal_post_init(struct store_signal_post *op);

/* An unanswered prompt archives it; an answered one makes it a fresh report (7.1.4.5). Keeps its
 * id. STORE_NOT_FOUND, STORE_ENDED, STORE_TOO_OLD, STORE_NO_AGREEMENT. */
struct store_signal_renew {
    struct store_op op;
    struct uuid id;
    int32_t birth_day;
    /* Out: */
    struct signal signal; /* texts are the two below */
    char kept_reference[MODEL_REFERENCE_BYTES + 1];
    char kept_professional[PROFESSIONAL_ID_MAXIMUM + 1];
};
void store_signal_renew_init(struct store_signal_renew *op);

enum withdraw_reason { WITHDRAW_ENDED = 1, WITHDRAW_WRONGFUL = 2 };
struct store_signal_withdraw {
    struct store_op op;
    struct uuid id;
    enum withdraw_reason reason;
};
/* STORE_NOT_FOUND; repeating is STORE_OK for 30 days after an erasure. */
void store_signal_withdraw_init(struct store_signal_withdraw *op);

struct store_professional_put {
    struct store_op op;
    const char *id;
    struct contact contact;
    bool created; /* out */
};
void store_professional_put_init(struct store_professional_put *op);

/* STORE_NOT_FOUND; STORE_IN_USE while live or archived signals refer to it. */
struct store_professional_delete {
    struct store_op op;
    const char *id;
    /* Private: */
    struct uuid scanned;
    uint64_t since; /* the revision in which the scan began */
};
void store_professional_delete_init(struct store_professional_delete *op);

/* All live signals of one who leaves go to a colleague, in slices; answers when all have. What has
 * begun goes on after a crash; asked for again it is joined. STORE_NOT_FOUND: `from`;
 * STORE_UNKNOWN_PROFESSIONAL: `to`, or both are the same; STORE_IN_USE: they are going to somebody
 * else, or the party into another. */
struct store_transfer {
    struct store_op op;
    const char *from;
    const char *to;
    /* Out: */
    uint32_t moved;
    uint32_t merged; /* of those: the colleague had signalled the same child */
    /* Private: */
    uint32_t number; /* of `from` */
};
void store_transfer_init(struct store_transfer *op);

/* One side says that those involved have spoken to each other (7.1.3.2). STORE_NOT_FOUND: no such
 * match for the party; STORE_UNKNOWN_PROFESSIONAL: not in it; STORE_ENDED. */
struct store_confirm_contact {
    struct store_op op;
    struct uuid match;
    const char *professional;
};
void store_confirm_contact_init(struct store_confirm_contact *op);

/* ---- what the population register tells ---- */

/* Who somebody is: child, parent or address, each of its own prefix. Secret. */
struct identity {
    struct child_key key;
    struct oprf_element element;
};

#define STORE_PARENTS_MAXIMUM 4
enum person_event {
    PERSON_DIED = 1,
    PERSON_MOVED,    /* municipality */
    PERSON_REPLACED, /* `other` takes the place of `child`: both are one child from now on */
    PERSON_ASSIGNED, /* the same: `child` was known by name, `other` is its number */
    PERSON_RELATIONS /* parents, address, institution: all there are */
};
/* Known or not, the result is the same: 0. STORE_TOO_MANY: numbers of one child. */
struct store_person_event {
    struct store_op op;
    enum person_event event;
    struct identity child;
    struct identity other;
    uint32_t evaluation_key;
    uint16_t municipality;
    size_t parent_count;
    struct identity parents[STORE_PARENTS_MAXIMUM];
    bool has_address;
    bool institution;
    struct identity address;
};
void store_person_event_init(struct store_person_event *op);

/* ---- rights ---- */

/* Logs the request with what is held; the pack is read afterwards. STORE_TOO_OFTEN. */
struct store_access_request {
    struct store_op op;
    struct child_key child;
    const char *case_reference;
    uint32_t held; /* out: signals under this municipality; 1 more for registry data shown there */
};
void store_access_request_init(struct store_access_request *op);

/* The reader is a municipality; shows what is held under its agreements. 0 also when that is
 * nothing. */
int store_read_pack(struct store_snapshot *snapshot, uint32_t municipality_party,
                    const struct child_key *child, struct access_pack *ret_pack) MUST_CHECK;

/* Upheld objection or erasure (7.1.5): at once, of what was made under this municipality. */
struct store_erasure {
    struct store_op op;
    struct child_key child;
    bool archive_only;
    const char *ground;
    const char *case_reference;
    uint32_t erased; /* out */
};
void store_erasure_init(struct store_erasure *op);

/* With what was counted of municipalities that have become part of it. */
int store_get_statistics(struct store_snapshot *snapshot, uint16_t municipality, int year,
                         struct statistics *ret_statistics) MUST_CHECK;

/* How many notices it would send to post signals on these children: the dry run of a quiet
 * loading. Each child is an entry, and auditors are told. */
#define STORE_TRIAL_MINIMUM 100
#define STORE_TRIAL_MAXIMUM 256
struct store_trial {
    struct store_op op;
    size_t count;
    const struct child_key *children;
    uint16_t municipality;
    /* Out, exact; what of it may be told is the caller's to see to: */
    uint64_t notices;
    size_t known; /* of the children: those with a signal of another party, live or archived */
};
void store_trial_init(struct store_trial *op);

/* STORE_BEYOND_HEAD. Lower than before changes nothing. Works in slices; answers when all is done.
 */
struct store_acknowledge {
    struct store_op op;
    uint64_t up_to;
};
void store_acknowledge_init(struct store_acknowledge *op);

/* Operator actions on parties. STORE_EXISTS, STORE_UNKNOWN_PARTY, STORE_TOO_MANY,
 * STORE_NO_MUNICIPALITY, STORE_NO_SUPPLIER; STORE_IN_USE: the party is going into another. */
enum party_action {
    PARTY_ADD = 1, /* oin, name, roles, agreement (municipality, until), own_municipality */
    PARTY_CHANGE,  /* name, contact_*: those not NULL; roles, own_municipality: when not 0 */
    PARTY_SUSPEND,
    PARTY_RESUME,
    PARTY_AGREEMENT_ADD, /* or prolong */
    PARTY_AGREEMENT_END, /* the last one ends the party's live signals */
    PARTY_ALLOW,         /* permissions */
    PARTY_DENY,
    PARTY_MANDATE, /* other = the represented, until */
};
struct store_party_change {
    struct store_op op;
    enum party_action action;
    struct oin oin;
    const char *name;
    unsigned roles;
    unsigned permissions;
    struct agreement agreement; /* municipality 0: none */
    uint16_t own_municipality;
    const char *contact_name;
    const char *contact_email;
    const char *contact_phone;
    struct oin other;
    /* Out: */
    uint32_t number;
};
void store_party_change_init(struct store_party_change *op);

/*
 * One party goes into another: signals, professionals, inbox, agreements, mandates, and the
 * municipality that it is. In slices; answers when all has gone; goes on after a crash, and asked
 * for again it is joined. From the beginning `from` is suspended; at the end its OIN is unknown.
 * STORE_UNKNOWN_PARTY; STORE_EXISTS: they are the same; STORE_TOO_MANY: agreements;
 * STORE_IN_USE: another merge has not ended.
 */
struct store_party_merge {
    struct store_op op;
    struct oin from;
    struct oin into;
    /* Out: */
    uint32_t number;      /* of the one that is left */
    uint32_t from_number; /* private */
};
void store_party_merge_init(struct store_party_merge *op);

/* A new epoch key, all rows under it, the old one destroyed; in slices. Answers when all is done.
 * STORE_IN_USE: the directory of epoch keys cannot be written, or a snapshot from before the end of
 * the last turn has not been closed for half a minute. */
struct store_epoch_turn {
    struct store_op op;
    uint32_t epoch; /* out */
    uint64_t rows;  /* out: written again */
    bool begun;     /* private */
};
void store_epoch_turn_init(struct store_epoch_turn *op);

/* ---- waiting for notices ---- */

#define STORE_WAITERS_MAXIMUM 64 /* per party */

struct store_waiter {
    struct mail mail; /* delivered once: something came, the party changed, or it is time to go */
    struct mailbox *mailbox;
    uint32_t party;
    /* Private: */
    struct store_waiter *next;
    struct store_waiter **previous;
};
/* Register first, then open the snapshot: so nothing is missed. STORE_TOO_MANY. */
int store_wait(struct store *store, struct store_waiter *waiter) MUST_CHECK;
/* True: it was still waiting, and will not be delivered. False: its mail is on its way. */
bool store_unwait(struct store *store, struct store_waiter *waiter) MUST_CHECK;

/* ---- care ---- */

struct store_status {
    uint64_t revision; /* commits so far */
    uint64_t log_size;
    uint64_t unindexed; /* log entries that are not in the log's indexes yet */
    uint64_t queue_depth;
    uint64_t operations; /* since start */
    uint64_t batches;
    uint64_t aborted_batches;
    uint64_t shed;      /* operations not begun: too many waiting, no room, or stopping */
    uint64_t set_aside; /* due rows that could not be worked off, and were put off for a day */
    uint64_t used_bytes;
    uint64_t free_bytes;
    uint64_t map_bytes;
    uint64_t signals;  /* live and archived */
    uint64_t matches;  /* open */
    uint64_t due_rows; /* worked off since start */
    int64_t due_lag;   /* ms by which the oldest due row is late; 0: none is */
    uint32_t epoch;    /* id of the current epoch key */
    bool epoch_turning;
    bool epoch_overdue;      /* it is time for a turn, and none can be made: tried again daily */
    int64_t epoch_turned_at; /* when the last turn ended; 0: there was none */
    bool failed;
};
void store_get_status(struct store *store, struct store_status *ret_status);

/*
 * Writes a consistent copy into a new directory, then opens that copy and reads every row back,
 * rebuilding the log's root from its leaves. Takes long: call it from a thread of its own.
 * STORE_EXISTS when a store is in the directory already; STORE_STOPPED with `why` when the copy is
 * not sound.
 */
int store_backup(struct store *store, const char *directory,
                 char why[static STORE_WHY_SIZE]) MUST_CHECK;

#endif
