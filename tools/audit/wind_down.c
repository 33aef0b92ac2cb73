/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/wind_down.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/commitment.h"
#include "tools/audit/file.h"

struct wind_down {
    struct audit_report *report;
    struct checkpoint old; /* of --since */
    struct merkle_frontier frontier;
};

bool audit_is_wind_down(int directory)
{
    return faccessat(directory, AUDIT_STATEMENT, F_OK, 0) == 0 ||
           faccessat(directory, AUDIT_UNFINISHED, F_OK, 0) == 0;
}

/* "2027-01-31T12:00:00Z", with or without a fraction of the seconds. */
static bool is_time(const char *text, size_t length)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    if (length < sizeof(shape) || length >= AUDIT_TIME_SIZE || text[length - 1] != 'Z') {
        return false;
    }
    for (size_t i = 0; i + 1 < length; i++) {
        char wanted = i + 1 < sizeof(shape) ? shape[i] : i + 1 == sizeof(shape) ? '.' : 'd';
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (wanted == 'd' ? !is_digit : text[i] != wanted) {
            return false;
        }
    }
    return text[length - 2] != '.';
}

/* An ordinary checkpoint of this log, however well signed, says nothing of an end. */
static void check_words(struct audit_report *report, const char *note)
{
    static const char end[] = "\n" AUDIT_DESTROYED "\n";
    const size_t head = sizeof(AUDIT_WOUND_DOWN) - 1;
    const size_t tail = sizeof(end) - 1;
    const char *lines = "";
    size_t length = 0;
    if (checkpoint_extension(note, strlen(note), &lines, &length) != CHECKPOINT_OK ||
        length <= head + tail || memcmp(lines, AUDIT_WOUND_DOWN, head) != 0 ||
        memcmp(lines + length - tail, end, tail) != 0 ||
        !is_time(lines + head, length - head - tail)) {
        audit_find(report, AUDIT_PART_HEAD,
                   "the statement does not say that the index was wound down");
        return;
    }
    memcpy(report->wound_down_at, lines + head, length - head - tail);
}

static int check_statement(struct audit_report *report, int directory,
                           const struct checkpoint_vkey *vkey)
{
    CLEANUP(text_finish) struct text note = {0};
    int result = audit_file_read(directory, AUDIT_STATEMENT, &note);
    if (result == -ENOENT) {
        audit_find(report, AUDIT_PART_HEAD,
                   "the statement has not got its name: either the index has not ended, or "
                   "its vixd must be started once more to finish that");
        return 0;
    }
    report->unreadable = result != 0 ? AUDIT_STATEMENT : NULL;
    if (result != 0) {
        return result;
    }
    report->has_checkpoint = audit_open_note(report, AUDIT_PART_HEAD, AUDIT_STATEMENT, note.bytes,
                                             vkey, &report->checkpoint);
    if (report->has_checkpoint) {
        check_words(report, note.bytes);
    }
    return 0;
}

static void check_since(struct wind_down *check, const struct checkpoint_vkey *vkey,
                        const char *since)
{
    struct audit_report *report = check->report;
    if (since == NULL || !audit_open_note(report, AUDIT_PART_SINCE, "earlier checkpoint", since,
                                          vkey, &check->old)) {
        return;
    }
    report->parts[AUDIT_PART_SINCE] = AUDIT_NOT_CHECKED; /* until its tree has passed by */
    report->has_since = true;
    report->since_size = check->old.size;
    if (report->has_checkpoint && check->old.size > report->checkpoint.size) {
        audit_find(report, AUDIT_PART_SINCE,
                   "the log has shrunk: from %" PRIu64 " entries to %" PRIu64, check->old.size,
                   report->checkpoint.size);
    }
}

/* The tree as it was at the earlier checkpoint passes by once; then is the time to compare. */
static void compare_old_root(struct wind_down *check)
{
    struct merkle_hash root;
    if (!check->report->has_since || check->frontier.size != check->old.size) {
        return;
    }
    merkle_frontier_root(&check->frontier, &root);
    if (memcmp(&root, &check->old.root, sizeof(root)) != 0) {
        audit_find(check->report, AUDIT_PART_SINCE,
                   "the log was rewritten: its first %" PRIu64
                   " entries are not those of the earlier checkpoint",
                   check->old.size);
    }
    audit_pass(check->report, AUDIT_PART_SINCE);
}

static int add_leaves(struct wind_down *check, FILE *file)
{
    uint8_t commitment[COMMITMENT_BYTES];
    struct merkle_hash leaf;
    size_t got;
    compare_old_root(check);
    while ((got = fread(commitment, 1, sizeof(commitment), file)) == sizeof(commitment)) {
        merkle_leaf(commitment, sizeof(commitment), &leaf);
        merkle_frontier_append(&check->frontier, &leaf, NULL, NULL);
        compare_old_root(check);
    }
    if (ferror(file)) {
        return -EIO;
    }
    if (got > 0) {
        audit_find(check->report, AUDIT_PART_COMPLETE,
                   "the file " AUDIT_LEAVES " is cut off: %zu bytes of a leaf", got);
    }
    check->report->entries = check->frontier.size;
    audit_pass(check->report, AUDIT_PART_COMPLETE);
    return 0;
}

static int read_leaves(struct wind_down *check, int directory)
{
    FILE *file = NULL;
    int result = audit_file_stream(directory, AUDIT_LEAVES, O_RDONLY, "r", &file);
    if (result == -ENOENT) {
        audit_find(check->report, AUDIT_PART_COMPLETE, "there is no file " AUDIT_LEAVES);
        return 0;
    }
    check->report->unreadable = result != 0 ? AUDIT_LEAVES : NULL;
    if (result != 0) {
        return result;
    }
    result = add_leaves(check, file);
    fclose(file);
    return result;
}

static void compare_tree(const struct wind_down *check)
{
    struct audit_report *report = check->report;
    struct merkle_hash root;
    if (!report->has_checkpoint) {
        return;
    }
    merkle_frontier_root(&check->frontier, &root);
    if (check->frontier.size != report->checkpoint.size) {
        audit_find(report, AUDIT_PART_COMPLETE,
                   "there are %" PRIu64 " leaves, the statement signs %" PRIu64,
                   check->frontier.size, report->checkpoint.size);
    } else if (memcmp(&root, &report->checkpoint.root, sizeof(root)) != 0) {
        audit_find(report, AUDIT_PART_TREE,
                   "the tree of these leaves has another root than the statement signs");
    } else {
        audit_pass(report, AUDIT_PART_TREE);
    }
}

int audit_check_wind_down(int directory, const struct checkpoint_vkey *vkey, const char *since,
                          struct audit_report *ret_report)
{
    struct wind_down check = {.report = ret_report};
    *ret_report = (struct audit_report){.is_wind_down = true};
    merkle_frontier_init(&check.frontier);
    int result = check_statement(ret_report, directory, vkey);
    if (result != 0) {
        return result;
    }
    check_since(&check, vkey, since);
    /* Otherwise it would not be told which of the two was checked. */
    if (faccessat(directory, AUDIT_CHECKPOINT, F_OK, 0) == 0) {
        audit_find(ret_report, AUDIT_PART_HEAD,
                   "there is a file " AUDIT_CHECKPOINT
                   " too: an export and what is left of an index belong in "
                   "directories of their own");
    }
    result = read_leaves(&check, directory);
    if (result == 0) {
        compare_tree(&check);
    }
    return result;
}
