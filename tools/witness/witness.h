/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a witness decides (C2SP tlog-witness): whether a head follows from the last one that it
 * cosigned of that log. It never cosigns two heads of one log of which neither leads to the other,
 * and answers only when what it cosigned is kept, and what it refused for such a reason. Knows no
 * network and no files; one thread.
 */
#ifndef TOOLS_WITNESS_WITNESS_H
#define TOOLS_WITNESS_WITNESS_H

#include "crypto/cosignature.h"

#define WITNESS_LOGS_MAXIMUM 64
#define WITNESS_KEYS_MAXIMUM 4 /* of one log: an old and a new one, while it changes */
#define WITNESS_FILE_SIZE 64   /* of the name of what was kept, a NUL included */

struct witness_log {
    char origin[CHECKPOINT_NAME_MAXIMUM + 1];
    size_t key_count;
    struct checkpoint_vkey keys[WITNESS_KEYS_MAXIMUM];
    struct checkpoint head; /* the last that was cosigned; of size 0 when there is none */
    uint64_t time;          /* of that cosignature, seconds since 1970 */
};

struct witness {
    const struct checkpoint_signer *signer;
    size_t log_count;
    struct witness_log logs[WITNESS_LOGS_MAXIMUM];
    /* Makes it durable that this note, with the witness's line in it, was cosigned. 0 or a fault,
     * and then it is not known which of the two notes will be there. */
    int (*keep)(void *context, const char *origin, const char *note, size_t size);
    /* Makes a request durable that was refused because the head in it, which the log has signed,
     * does not follow from the last that was kept; with that, as it will be replaced. `is_proof`:
     * the two are proof of a fork; else anybody may have caused it. 0, or a fault. */
    int (*keep_refused)(void *context, const char *origin, bool is_proof, const char *body,
                        size_t size, char ret_name[static WITNESS_FILE_SIZE]);
    void *context;
};

enum witness_condition {
    WITNESS_OK = 0,
    WITNESS_TOO_MANY = 1, /* logs, or keys of one */
    WITNESS_NOT_A_LOG,    /* the key is none of a log */
};
/* Adds a log, or another key of one that is there. */
int witness_add_log(struct witness *witness, const struct checkpoint_vkey *vkey) MUST_CHECK;
/* What was kept of a log, whether it is followed or not. CHECKPOINT_OK, or why it cannot be of this
 * witness: enum checkpoint_condition. */
int witness_remember(struct witness *witness, const char *note, size_t size) MUST_CHECK;

#define WITNESS_TEXT "text/plain; charset=utf-8"
#define WITNESS_SIZE "text/x.tlog.size"

struct witness_answer {
    int status;
    const char *content_type;
    char body[COSIGNATURE_LINE_SIZE];
    const char *reason;              /* of a refusal, for the operator; NULL when it was cosigned */
    struct checkpoint asked;         /* origin "" when the request was malformed */
    bool is_fork;                    /* refused, and it is proved that there are two logs */
    char kept_as[WITNESS_FILE_SIZE]; /* what was refused; "" when that was not kept */
};

/*
 * `now`: seconds since 1970. 0 with an answer; a fault when something could not be kept: then
 * nothing may be answered from now on, as what is kept is unknown.
 */
int witness_add_checkpoint(struct witness *witness, const char *body, size_t size, uint64_t now,
                           struct witness_answer *ret_answer) MUST_CHECK;

#endif
