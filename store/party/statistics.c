/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/party/statistics.h"

#include "store/base/clock.h"
#include "store/party/parties.h"
#include "store/snapshot.h"

#define ROW_SIZE (STATISTICS * 8)

static int load(struct store_view *view, const struct row_key *key, struct statistics *ret_counts)
{
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_META, row_key_bytes(key), &value);
    if (result != 0) {
        return result;
    }
    struct codec_reader in = {.data = value.data, .left = value.size};
    struct statistics counts = {0};
    /* What is counted may grow: an older row is shorter. */
    for (size_t i = 0; i < STATISTICS && in.left > 0; i++) {
        counts.counts[i] = codec_get_u64(&in);
    }
    if (!codec_done(&in)) {
        return VIEW_DAMAGED;
    }
    *ret_counts = counts;
    return 0;
}

int statistics_count(struct store_tx *tx, uint16_t municipality, enum statistic what)
{
    int year = calendar_date_from_day(calendar_dutch_day(tx->now)).year;
    struct row_key key = layout_statistics(municipality, year);
    struct statistics counts = {0};
    uint8_t buffer[ROW_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    int result = load(&tx->view, &key, &counts);
    if (result != 0 && result != KV_NOT_FOUND) {
        return result;
    }
    counts.counts[what]++;
    for (size_t i = 0; i < STATISTICS; i++) {
        codec_put_u64(&out, counts.counts[i]);
    }
    kv_put(tx->view.kv, KV_META, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
    return kv_fault(tx->view.kv);
}

int statistics_count_erased(struct store_tx *tx, uint16_t municipality, enum signal_status before)
{
    return before == SIGNAL_ACTIVE ? statistics_count(tx, municipality, STATISTIC_ERASED) : 0;
}

/* Whether a live signal earlier in the walk is of the same municipality. */
static bool was_counted(const struct match_scope *scope, const struct child_member *member)
{
    struct match_walk walk = {0};
    while (match_walk_next(scope, &walk) && walk.member != member) {
        if (!walk.member->archived && walk.member->municipality == member->municipality) {
            return true;
        }
    }
    return false;
}

int statistics_count_scope(struct store_tx *tx, const struct match_scope *scope,
                           enum statistic what)
{
    struct match_walk walk = {0};
    int result = 0;
    while (result == 0 && match_walk_next(scope, &walk)) {
        if (!walk.member->archived && !was_counted(scope, walk.member)) {
            result = statistics_count(tx, walk.member->municipality, what);
        }
    }
    return result;
}

static int add_counts(struct store_view *view, uint16_t municipality, int year,
                      struct statistics *sum)
{
    struct row_key key = layout_statistics(municipality, year);
    struct statistics counts = {0};
    int result = load(view, &key, &counts);
    for (size_t i = 0; i < STATISTICS && result == 0; i++) {
        sum->counts[i] += counts.counts[i];
    }
    return result == KV_NOT_FOUND ? 0 : result;
}

/* Adds what was counted under the codes that have become part of this municipality. */
static int add_merged(struct store_view *view, uint16_t municipality, int year,
                      struct statistics *sum)
{
    struct row_key prefix = layout_municipality(0);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    uint32_t number;
    int result = party_of_municipality(view, municipality, &number);
    if (result != 0 || number == 0) {
        return result;
    }
    prefix.size = 1;
    result = view_range_prefix(view, KV_ORGANISATION, &prefix, &range);
    while (result == 0) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0 && (key.size != 3 || value.size != 4)) {
            return VIEW_DAMAGED;
        }
        uint16_t code = result == 0 ? get_be16((const uint8_t *)key.data + 1) : municipality;
        if (code != municipality && get_be32(value.data) == number) {
            result = add_counts(view, code, year, sum);
        }
    }
    return result == KV_END ? 0 : result;
}

int store_get_statistics(struct store_snapshot *snapshot, uint16_t municipality, int year,
                         struct statistics *ret_statistics)
{
    struct statistics sum = {0};
    int result = add_counts(&snapshot->view, municipality, year, &sum);
    if (result == 0) {
        result = add_merged(&snapshot->view, municipality, year, &sum);
    }
    if (result == 0) {
        *ret_statistics = sum;
    }
    return result;
}
