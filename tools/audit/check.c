/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit/entry.h"
#include "tools/audit/file.h"

/* A head that the tree must come by: as its entries pass by once, then is the time to compare. */
struct milestone {
    bool is_set;
    bool was_passed;
    enum audit_part part;
    const char *finding; /* of another root; after "the log was rewritten: its first N entries " */
    struct checkpoint head;
};
enum { MILESTONE_SINCE, MILESTONE_WITNESSED, MILESTONES };

struct check {
    int directory;
    const struct audit_trust *trust;
    struct audit_report *report;
    struct milestone milestones[MILESTONES];
    struct merkle_frontier frontier;
    bool tree_is_whole; /* until an entry is missing or unreadable */
    uint64_t line;
    uint64_t expected; /* the index that should come next */
    int64_t previous_time;
    uint64_t first_later; /* of the destroyed ones behind a record that is there */
    struct audit_gone gone;
    char text[AUDIT_LINE_MAXIMUM];
};

static const struct checkpoint *old_head(const struct check *check)
{
    return &check->milestones[MILESTONE_SINCE].head;
}

static bool same_root(const struct checkpoint *head, const struct merkle_hash *root)
{
    return memcmp(&head->root, root, sizeof(*root)) == 0;
}

static struct audit_cosignature *find_cosignature(struct audit_report *report, size_t witness)
{
    for (size_t i = 0; i < report->cosignature_count; i++) {
        if (report->cosignatures[i].witness == witness) {
            return &report->cosignatures[i];
        }
    }
    return NULL;
}

/* What each witness has cosigned of the note; those that are known already are passed over. */
static void look_for_witnesses(struct check *check, const char *which, const struct text *note)
{
    const struct audit_witnesses *witnesses = check->trust->witnesses;
    struct audit_report *report = check->report;
    for (size_t i = 0; witnesses != NULL && i < witnesses->count; i++) {
        struct audit_cosignature found;
        if (find_cosignature(report, i) != NULL) {
            continue;
        }
        int result = audit_witness_open(note->bytes, note->length, &witnesses->keys[i], &found);
        if (result == CHECKPOINT_OK) {
            found.witness = i;
            report->cosignatures[report->cosignature_count++] = found;
        } else if (result == CHECKPOINT_BAD_SIGNATURE) {
            audit_find(report, AUDIT_PART_WITNESSES, "the %s has a wrong cosignature of %s", which,
                       witnesses->keys[i].name);
        }
    }
}

/* Remembers which file it was that could not be read. */
static int note_fault(struct check *check, const char *name, int result)
{
    if (result < 0 && result != -ENOENT && check->report->unreadable == NULL) {
        check->report->unreadable = name;
    }
    return result;
}

static int read_file(struct check *check, const char *name, struct text *text)
{
    return note_fault(check, name, audit_file_read(check->directory, name, text));
}

/* 0 with or without a checkpoint that can be used. */
static int check_checkpoint(struct check *check)
{
    CLEANUP(text_finish) struct text note = {0};
    struct audit_report *report = check->report;
    int result = read_file(check, AUDIT_CHECKPOINT, &note);
    if (result == -ENOENT) {
        audit_find(report, AUDIT_PART_HEAD, "there is no file " AUDIT_CHECKPOINT);
        return 0;
    }
    if (result == 0) {
        report->has_checkpoint = audit_open_note(report, AUDIT_PART_HEAD, "checkpoint", note.bytes,
                                                 check->trust->log, &report->checkpoint);
    }
    if (report->has_checkpoint) {
        look_for_witnesses(check, "checkpoint", &note);
    }
    return result;
}

/* The head that witnesses saw before this export was made. */
static int check_witnessed(struct check *check)
{
    CLEANUP(text_finish) struct text note = {0};
    struct audit_report *report = check->report;
    struct milestone *milestone = &check->milestones[MILESTONE_WITNESSED];
    int result = read_file(check, AUDIT_WITNESSED, &note);
    if (result != 0 || !report->has_checkpoint) {
        return result == -ENOENT ? 0 : result;
    }
    struct checkpoint head;
    if (!audit_open_note(report, AUDIT_PART_WITNESSES, "witnessed checkpoint", note.bytes,
                         check->trust->log, &head)) {
        return 0;
    }
    /* It is the log's signature that is good: no word of a witness. */
    if (report->parts[AUDIT_PART_WITNESSES] == AUDIT_GOOD) {
        report->parts[AUDIT_PART_WITNESSES] = AUDIT_NOT_CHECKED;
    }
    if (head.size > report->checkpoint.size) {
        audit_find(report, AUDIT_PART_WITNESSES,
                   "witnesses have seen %" PRIu64 " entries, and the checkpoint signs %" PRIu64,
                   head.size, report->checkpoint.size);
        return 0;
    }
    milestone->is_set = true;
    milestone->part = AUDIT_PART_WITNESSES;
    milestone->finding = "are not those that witnesses have seen";
    milestone->head = head;
    if (head.size == report->checkpoint.size) {
        milestone->was_passed = true;
        if (!same_root(&head, &report->checkpoint.root)) {
            audit_find(report, AUDIT_PART_WITNESSES,
                       "witnesses have seen another tree of %" PRIu64 " entries", head.size);
        }
    }
    look_for_witnesses(check, "witnessed checkpoint", &note);
    return 0;
}

static void pass_milestones(struct check *check)
{
    struct merkle_hash root;
    for (size_t i = 0; i < MILESTONES; i++) {
        struct milestone *milestone = &check->milestones[i];
        if (!milestone->is_set || milestone->was_passed || !check->tree_is_whole ||
            check->frontier.size != milestone->head.size) {
            continue;
        }
        merkle_frontier_root(&check->frontier, &root);
        milestone->was_passed = true;
        if (!same_root(&milestone->head, &root)) {
            audit_find(check->report, milestone->part,
                       "the log was rewritten: its first %" PRIu64 " entries %s",
                       milestone->head.size, milestone->finding);
        }
    }
}

/* The export begins where the earlier checkpoint ended: its tree comes from the proof. */
static int continue_from_proof(struct check *check, const struct audit_entry *first)
{
    CLEANUP(text_finish) struct text json = {0};
    struct audit_proof proof;
    struct merkle_hash leaf;
    struct audit_report *report = check->report;
    check->tree_is_whole = false;
    if (!report->has_checkpoint) {
        return 0;
    }
    int result = read_file(check, AUDIT_SINCE_PROOF, &json);
    if (result == -ENOENT) {
        audit_find(report, AUDIT_PART_TREE,
                   "there is no file " AUDIT_SINCE_PROOF ", which an export with --since has");
        return 0;
    }
    result = result != 0 ? result : audit_proof_read(json.bytes, json.length, &proof);
    if (result < 0) {
        return result;
    }
    merkle_leaf(first->commitment, COMMITMENT_BYTES, &leaf);
    if (result > 0 || proof.index != first->index || proof.tree_size != report->checkpoint.size) {
        audit_find(report, AUDIT_PART_TREE,
                   AUDIT_SINCE_PROOF " is not the proof of entry %" PRIu64 " in this tree",
                   first->index);
        return 0;
    }
    if (memcmp(&leaf, &proof.leaf, sizeof(leaf)) != 0 ||
        !merkle_verify_inclusion(&leaf, proof.index, proof.tree_size, &proof.proof,
                                 &report->checkpoint.root) ||
        merkle_frontier_from_proof(proof.index, proof.tree_size, &proof.proof, &check->frontier) !=
            0) {
        audit_find_in_entry(report, AUDIT_PART_TREE, first->index,
                            "is not in the tree that the checkpoint signs");
        return 0;
    }
    check->tree_is_whole = true;
    return 0;
}

static int begin(struct check *check, const struct audit_entry *first)
{
    check->report->first_index = first->index;
    check->expected = first->index;
    if (first->index == 0) {
        return 0;
    }
    if (!check->report->has_since) {
        return AUDIT_NEEDS_SINCE;
    }
    if (first->index != old_head(check)->size) {
        audit_find(check->report, AUDIT_PART_COMPLETE,
                   "the export begins with entry %" PRIu64
                   ", the earlier checkpoint ends before %" PRIu64,
                   first->index, old_head(check)->size);
        check->tree_is_whole = false;
        return 0;
    }
    return continue_from_proof(check, first);
}

static void check_order(struct check *check, const struct audit_entry *entry)
{
    struct audit_report *report = check->report;
    if (entry->index > check->expected) {
        audit_find(report, AUDIT_PART_COMPLETE,
                   "line %" PRIu64 " holds entry %" PRIu64 ": entry %" PRIu64 " %s", check->line,
                   entry->index, check->expected,
                   entry->index - check->expected > 1 ? "and others after it are missing"
                                                      : "is missing");
    } else if (entry->index < check->expected) {
        audit_find(report, AUDIT_PART_COMPLETE,
                   "line %" PRIu64 " holds entry %" PRIu64 " again, or out of order", check->line,
                   entry->index);
    }
    if (entry->index != check->expected) {
        check->tree_is_whole = false;
    } else if (!entry->destroyed && entry->logged_at < check->previous_time) {
        audit_find_in_entry(report, AUDIT_PART_TIMES, entry->index,
                            "its time is before that of the entry before it");
    }
    if (report->has_checkpoint && entry->index >= report->checkpoint.size) {
        audit_find_in_entry(report, AUDIT_PART_COMPLETE, entry->index,
                            "is beyond the checkpoint, which signs %" PRIu64,
                            report->checkpoint.size);
    }
}

static void count_entry(struct check *check, const struct audit_entry *entry)
{
    struct audit_report *report = check->report;
    report->entries++;
    check->expected = entry->index + 1;
    if (entry->destroyed) {
        report->destroyed++;
        if (report->has_oldest && report->destroyed_later++ == 0) {
            check->first_later = entry->index;
        }
        audit_gone_add(&check->gone, entry->index);
        return;
    }
    if (entry->says_destroyed) {
        audit_gone_explain(&check->gone, &entry->said);
    }
    check->previous_time = entry->logged_at;
    if (!report->has_oldest) {
        report->has_oldest = true;
        report->oldest = entry->logged_at;
    }
}

static int check_line(struct check *check, size_t length)
{
    struct audit_entry entry;
    char why[AUDIT_WHY_SIZE];
    int result = audit_entry_read(check->text, length, &entry, why);
    if (result < 0) {
        return result;
    }
    if (result == AUDIT_ENTRY_MALFORMED) {
        audit_find(check->report, AUDIT_PART_RECORDS, "line %" PRIu64 " is not an entry: %s",
                   check->line, why);
        check->tree_is_whole = false;
        check->expected++;
        return 0;
    }
    if (check->line == 1) {
        int begun = begin(check, &entry);
        if (begun != 0) {
            return begun;
        }
    }
    if (result == AUDIT_ENTRY_CHANGED) {
        audit_find_in_entry(check->report, AUDIT_PART_RECORDS, entry.index, "%s", why);
    }
    check_order(check, &entry);
    pass_milestones(check);
    if (check->tree_is_whole) {
        /* The claimed commitment: so a changed record does not hide whether the tree is sound. */
        struct merkle_hash leaf;
        merkle_leaf(entry.commitment, COMMITMENT_BYTES, &leaf);
        merkle_frontier_append(&check->frontier, &leaf, NULL, NULL);
    }
    count_entry(check, &entry);
    return 0;
}

static int check_lines(struct check *check, FILE *file)
{
    while (fgets(check->text, sizeof(check->text), file) != NULL) {
        size_t length = strlen(check->text);
        check->line++;
        if (length == 0 || check->text[length - 1] != '\n') {
            audit_find(check->report, AUDIT_PART_COMPLETE,
                       "line %" PRIu64 " is cut off, too long, or holds a zero byte", check->line);
            check->tree_is_whole = false;
            return 0;
        }
        int result = check_line(check, length - 1);
        if (result != 0) {
            return result;
        }
    }
    return ferror(file) ? -EIO : 0;
}

static int check_entries(struct check *check)
{
    FILE *file = NULL;
    int result = audit_file_stream(check->directory, AUDIT_ENTRIES, O_RDONLY, "r", &file);
    if (result == -ENOENT) {
        audit_find(check->report, AUDIT_PART_COMPLETE, "there is no file " AUDIT_ENTRIES);
        return 0;
    }
    if (result == 0) {
        result = check_lines(check, file);
        fclose(file);
    }
    return note_fault(check, AUDIT_ENTRIES, result);
}

/* An export after which nothing was added has no entry to take the tree from. */
static bool is_empty_continuation(const struct check *check)
{
    return check->report->has_since && check->line == 0 && old_head(check)->size > 0 &&
           old_head(check)->size == check->report->checkpoint.size;
}

static void compare_root(struct check *check)
{
    struct audit_report *report = check->report;
    struct merkle_hash root;
    if (check->expected < report->checkpoint.size) {
        audit_find(report, AUDIT_PART_COMPLETE,
                   "the export ends before entry %" PRIu64 ", the checkpoint signs %" PRIu64,
                   check->expected, report->checkpoint.size);
    } else if (check->tree_is_whole) {
        merkle_frontier_root(&check->frontier, &root);
        if (!same_root(&report->checkpoint, &root)) {
            audit_find(report, AUDIT_PART_TREE,
                       "the tree of these entries has another root than the checkpoint signs: an "
                       "entry was replaced together with its commitment");
        }
        audit_pass(report, AUDIT_PART_TREE);
    }
}

/* Nobody whom the auditor believes has put his name to what came after the newest cosignature. */
static void count_unseen(struct audit_report *report)
{
    const struct audit_cosignature *newest = NULL;
    for (size_t i = 0; i < report->cosignature_count; i++) {
        const struct audit_cosignature *one = &report->cosignatures[i];
        if (newest == NULL || one->size > newest->size ||
            (one->size == newest->size && one->time > newest->time)) {
            newest = one;
        }
    }
    if (newest != NULL && newest->size < report->checkpoint.size) {
        report->unseen = report->checkpoint.size - newest->size;
        report->unseen_since = newest->time;
    }
}

/* Of every witness that is believed, what it has cosigned must be of this tree. An export that goes
 * on from an earlier one does not have the leaves to show it of a head before that. */
static void conclude_witnesses(struct check *check)
{
    const struct audit_witnesses *witnesses = check->trust->witnesses;
    const struct milestone *witnessed = &check->milestones[MILESTONE_WITNESSED];
    struct audit_report *report = check->report;
    size_t held = 0;
    for (size_t i = 0; witnesses != NULL && i < witnesses->count; i++) {
        struct audit_cosignature *found = find_cosignature(report, i);
        if (found == NULL) {
            audit_find(report, AUDIT_PART_WITNESSES, "there is no cosignature of %s",
                       witnesses->keys[i].name);
        } else if (found->size < report->first_index) {
            found->is_before = true;
        } else if (found->size != report->checkpoint.size && !witnessed->was_passed) {
            audit_find(report, AUDIT_PART_WITNESSES,
                       "what %s has cosigned, %" PRIu64 " entries, cannot be held against this "
                       "export",
                       found->name, found->size);
        } else {
            held++;
        }
    }
    if (held > 0 && held == witnesses->count) {
        audit_pass(report, AUDIT_PART_WITNESSES);
    }
    count_unseen(report);
}

/* A month goes as a whole and after those before it; a record can be said to be destroyed that
 * never came to its term. And of what is gone nothing was checked. */
static void conclude_records(const struct check *check)
{
    struct audit_report *report = check->report;
    report->destroyed_unsaid = audit_gone_unexplained(&check->gone);
    if (report->destroyed_later > 0) {
        audit_find_in_entry(report, AUDIT_PART_RECORDS, check->first_later,
                            "is said to be destroyed, behind a record that is there (%" PRIu64
                            " of them); an export in which records came to their term while it was "
                            "made, must be made anew",
                            report->destroyed_later);
    }
    if (report->entries == 0 || report->destroyed < report->entries) {
        audit_pass(report, AUDIT_PART_RECORDS);
        audit_pass(report, AUDIT_PART_TIMES);
    }
}

static void conclude(struct check *check)
{
    struct audit_report *report = check->report;
    pass_milestones(check);
    if (report->has_checkpoint && is_empty_continuation(check)) {
        report->first_index = old_head(check)->size;
        if (!same_root(old_head(check), &report->checkpoint.root)) {
            audit_find(report, AUDIT_PART_SINCE,
                       "the log was rewritten: two checkpoints of one size have other roots");
        }
        check->milestones[MILESTONE_SINCE].was_passed = true;
        audit_pass(report, AUDIT_PART_TREE);
    } else if (report->has_checkpoint) {
        compare_root(check);
    }
    conclude_records(check);
    audit_pass(report, AUDIT_PART_COMPLETE);
    if (check->milestones[MILESTONE_SINCE].was_passed) {
        audit_pass(report, AUDIT_PART_SINCE);
    }
    if (report->has_checkpoint) {
        conclude_witnesses(check);
    }
}

static bool check_since(struct check *check, const char *since)
{
    struct audit_report *report = check->report;
    struct milestone *milestone = &check->milestones[MILESTONE_SINCE];
    if (since == NULL) {
        return true;
    }
    /* Its signature is no proof yet that the log has only been added to. */
    if (!audit_open_note(report, AUDIT_PART_SINCE, "earlier checkpoint", since, check->trust->log,
                         &milestone->head)) {
        return false;
    }
    report->parts[AUDIT_PART_SINCE] = AUDIT_NOT_CHECKED;
    report->has_since = true;
    report->since_size = milestone->head.size;
    milestone->is_set = true;
    milestone->part = AUDIT_PART_SINCE;
    milestone->finding = "are not those of the earlier checkpoint";
    if (report->has_checkpoint && milestone->head.size > report->checkpoint.size) {
        audit_find(report, AUDIT_PART_SINCE,
                   "the log has shrunk: from %" PRIu64 " entries to %" PRIu64, milestone->head.size,
                   report->checkpoint.size);
        return false;
    }
    return true;
}

static void check_freep(struct check **check)
{
    free(*check);
}

int audit_check(int directory, const struct audit_trust *trust, const char *since,
                struct audit_report *ret_report)
{
    CLEANUP(check_freep) struct check *check = calloc(1, sizeof(*check));
    if (check == NULL) {
        return -ENOMEM;
    }
    *ret_report = (struct audit_report){0};
    check->directory = directory;
    check->trust = trust;
    check->report = ret_report;
    check->tree_is_whole = true;
    check->previous_time = INT64_MIN;
    merkle_frontier_init(&check->frontier);
    int result = check_checkpoint(check);
    if (result != 0 || !check_since(check, since)) {
        return result;
    }
    result = check_witnessed(check);
    result = result != 0 ? result : check_entries(check);
    if (result == 0) {
        conclude(check);
    }
    return result;
}
