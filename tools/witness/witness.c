/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/witness/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/witness/refused.h"

static struct witness_log *find_log(struct witness *witness, const char *origin)
{
    for (size_t i = 0; i < witness->log_count; i++) {
        if (strcmp(witness->logs[i].origin, origin) == 0) {
            return &witness->logs[i];
        }
    }
    return NULL;
}

int witness_add_log(struct witness *witness, const struct checkpoint_vkey *vkey)
{
    if (vkey->type != CHECKPOINT_ED25519) {
        return WITNESS_NOT_A_LOG;
    }
    struct witness_log *log = find_log(witness, vkey->name);
    if (log == NULL) {
        if (witness->log_count == WITNESS_LOGS_MAXIMUM) {
            return WITNESS_TOO_MANY;
        }
        log = &witness->logs[witness->log_count++];
        *log = (struct witness_log){0};
        memcpy(log->origin, vkey->name, sizeof(log->origin));
    }
    if (log->key_count == WITNESS_KEYS_MAXIMUM) {
        return WITNESS_TOO_MANY;
    }
    log->keys[log->key_count++] = *vkey;
    return WITNESS_OK;
}

int witness_remember(struct witness *witness, const char *note, size_t size)
{
    struct checkpoint head;
    uint64_t time;
    int condition = checkpoint_open(note, size, &witness->signer->vkey, &head, &time);
    if (condition != CHECKPOINT_OK) {
        return condition;
    }
    struct witness_log *log = find_log(witness, head.origin);
    if (log != NULL && head.size >= log->head.size) {
        log->head = head;
        log->time = time;
    }
    return CHECKPOINT_OK;
}

/* ---- one request ---- */

struct submission {
    struct witness *witness;
    struct witness_request request;
    struct witness_log *log;
    struct witness_answer *answer;
    enum witness_finding finding;
};

static void refuse(struct submission *submission, int status, const char *reason)
{
    struct witness_answer *answer = submission->answer;
    answer->status = status;
    answer->content_type = WITNESS_TEXT;
    answer->reason = reason;
    snprintf(answer->body, sizeof(answer->body), "%s\n", reason);
}

/* 409: tells from which size a proof is wanted. */
static void refuse_size(struct submission *submission, const char *reason)
{
    refuse(submission, 409, reason);
    submission->answer->content_type = WITNESS_SIZE;
    snprintf(submission->answer->body, sizeof(submission->answer->body), "%" PRIu64 "\n",
             submission->log->head.size);
}

static bool is_signed_by_log(const struct submission *submission)
{
    const struct witness_request *request = &submission->request;
    for (size_t i = 0; i < submission->log->key_count; i++) {
        struct checkpoint checkpoint;
        uint64_t time;
        if (checkpoint_open(request->note, request->note_size, &submission->log->keys[i],
                            &checkpoint, &time) == CHECKPOINT_OK) {
            return true;
        }
    }
    return false;
}

static bool is_empty_root(const struct merkle_hash *root)
{
    struct merkle_frontier frontier;
    struct merkle_hash empty;
    merkle_frontier_init(&frontier);
    merkle_frontier_root(&frontier, &empty);
    return memcmp(root, &empty, sizeof(empty)) == 0;
}

/* Whether the head follows from the last; when not, it has been refused. */
static bool check_follows(struct submission *submission)
{
    const struct witness_request *request = &submission->request;
    const struct checkpoint *next = &request->checkpoint;
    const struct checkpoint *last = &submission->log->head;
    enum witness_finding finding = witness_refused_judge(last, request);
    if (finding == WITNESS_FORK_OF_SIZE) { /* whatever size it asks to go on from */
        refuse_size(submission, "FORK: another root than the one cosigned here, of the same size");
        submission->finding = finding;
        return false;
    }
    if (request->old_size != last->size) {
        refuse_size(submission, "the old size is not that of the last head cosigned here");
        return false;
    }
    submission->finding = finding;
    if (finding == WITNESS_FORK_PROVED) {
        refuse(submission, 422,
               "FORK: the proof leads from another tree than the one cosigned here");
        return false;
    }
    bool goes_on = last->size > 0 && next->size > last->size;
    bool follows =
        goes_on ? finding == WITNESS_NO_FORK
                : request->proof.count == 0 && (next->size > 0 || is_empty_root(&next->root));
    if (!follows) {
        refuse(submission, 422, "the proof does not show that the head follows from the last");
    }
    return follows;
}

/* In the order in which the protocol has them. */
static bool check(struct submission *submission)
{
    const struct witness_request *request = &submission->request;
    submission->log = find_log(submission->witness, request->checkpoint.origin);
    if (submission->log == NULL) {
        refuse(submission, 404, "the log is not followed here");
        return false;
    }
    if (!is_signed_by_log(submission)) {
        refuse(submission, 403, "no signature of a key of the log");
        return false;
    }
    if (request->old_size > request->checkpoint.size) {
        refuse(submission, 400, "the old size is larger than that of the checkpoint");
        return false;
    }
    return check_follows(submission);
}

/* Times of one log never go backwards, whatever is done to the clock. */
static int cosign(struct submission *submission, uint64_t now)
{
    const struct witness *witness = submission->witness;
    const struct witness_request *request = &submission->request;
    struct witness_log *log = submission->log;
    struct witness_answer *answer = submission->answer;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    size_t size = 0;
    uint64_t time = now > log->time ? now : log->time;
    struct checkpoint kept;
    uint64_t kept_time;
    /* What could not be opened at the next start is not cosigned either. */
    if (cosignature_sign(witness->signer, request->note, request->note_size, time, answer->body) !=
            0 ||
        cosignature_add(request->note, request->note_size, answer->body, note, &size) != 0 ||
        checkpoint_open(note, size, &witness->signer->vkey, &kept, &kept_time) != 0) {
        refuse(submission, 400, "the note has no room for another line");
        return 0;
    }
    int result = witness->keep(witness->context, log->origin, note, size);
    if (result != 0) {
        return result;
    }
    log->head = request->checkpoint;
    log->time = time;
    answer->status = 200;
    answer->content_type = WITNESS_TEXT;
    return 0;
}

int witness_add_checkpoint(struct witness *witness, const char *body, size_t size, uint64_t now,
                           struct witness_answer *ret_answer)
{
    struct submission submission = {.witness = witness, .answer = ret_answer};
    *ret_answer = (struct witness_answer){0};
    if (witness_request_parse(body, size, &submission.request) != 0) {
        refuse(&submission, 400, "not a request to add a checkpoint");
        return 0;
    }
    ret_answer->asked = submission.request.checkpoint;
    if (check(&submission)) {
        return cosign(&submission, now);
    }
    if (submission.finding == WITNESS_NO_FORK) {
        return 0;
    }
    ret_answer->is_fork = submission.finding != WITNESS_UNPROVED;
    return witness->keep_refused(witness->context, submission.log->origin, ret_answer->is_fork,
                                 body, size, ret_answer->kept_as);
}
