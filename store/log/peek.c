/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log/peek.h"

#include "store/base/clock.h"
#include "store/log/read.h"
#include "store/log/tail.h"
#include "store/notice/notices.h"
#include "store/operation.h"
#include "store/party/parties.h"

/*
 * What is looked at of the log in one batch: entries, places of its lists, blocks of what is not in
 * them yet. A search for one child and one party takes a few dozens; what lies deeper than this is
 * not found, rather than that withdrawals hold up every operation behind them. The log itself shows
 * all, to whoever asks for it later.
 */
#define LOOKED_MAXIMUM 2000

static int was_shown(struct store_tx *tx, const struct child_key *child, const struct oin *party,
                     int64_t since, bool *ret_shown)
{
    struct log_query query = {
        .start = UINT64_MAX,
        .bound = UINT64_MAX,
        .from = since,
        .to = INT64_MAX,
        .party = *party,
        .event = LOG_MATCH_READ,
        .other_event = LOG_NOTICE_OFFERED,
        .outcome = "",
        .has_subject = true,
        .subject = *child,
        .limit = 1,
    };
    /* What is opened goes at once: a batch may hold hundreds of withdrawals. */
    struct arena arena;
    struct store_view view = tx->view;
    struct log_page page;
    arena_init(&arena);
    view.arena = &arena;
    size_t left = LOOKED_MAXIMUM - tx->peek_looked;
    log_tail_flush(tx); /* what was logged before in this batch counts too */
    int result = log_read_page(&view, &query, &left, &page);
    tx->peek_looked = LOOKED_MAXIMUM - left;
    if (result == 0) {
        *ret_shown = page.count > 0;
    }
    arena_finish(&arena);
    return result;
}

/* Whether there was anything to see: somebody else, now or before. */
static bool is_alone(const struct child_file *file)
{
    return file->member_count <= 1 && file->match_count == 0 && file->family_count == 0;
}

int peek_detect(struct store_tx *tx, const struct store_op *op, const struct child_file *file,
                const struct uuid *signal)
{
    int64_t reported_at = uuid_instant(signal); /* a renewal makes no new beginning */
    struct log_note note = {.event = LOG_PEEK_SUSPECTED};
    struct party party;
    uint64_t index;
    bool shown = false;
    if (is_alone(file) || tx->now - reported_at > tx->view.policy->peek_minutes * CLOCK_MINUTE) {
        return 0;
    }
    int result = party_load(&tx->view, op->party, &party);
    if (result == 0) {
        result = was_shown(tx, &file->key, &party.oin, reported_at, &shown);
    }
    if (result != 0 || !shown) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    note_subject(&note, &file->key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, signal);
    result = tx_log(tx, &op->by, &note, &index);
    return result != 0 ? result
                       : notice_send_auditors(tx, NOTICE_PEEK_SUSPECTED, index, &party.oin);
}
