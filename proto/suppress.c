/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/suppress.h"

#include <string.h>

#include "crypto/secret.h"

/* ---- tables ---- */

void suppress_cells(struct suppress_cell *cells, size_t count, uint64_t minimum)
{
    for (size_t i = 0; i < count; i++) {
        cells[i].hidden = cells[i].count < minimum;
    }
}

/* What everybody can reckon of the hidden cells of a group, and whether that tells too much. */
static bool is_telling(const struct suppress_cell *cells, size_t count, uint64_t minimum)
{
    size_t hidden = 0;
    uint64_t sum = 0;
    bool all_largest = true;
    for (size_t i = 0; i < count; i++) {
        if (cells[i].hidden) {
            hidden++;
            sum += cells[i].count;
            all_largest = all_largest && cells[i].count + 1 == minimum;
        }
    }
    return hidden > 0 && (hidden == 1 || sum < minimum || all_largest);
}

/* False when all are hidden already. */
static bool hide_smallest(struct suppress_cell *cells, size_t count)
{
    uint64_t smallest = UINT64_MAX;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!cells[i].hidden) {
            smallest = cells[i].count < smallest ? cells[i].count : smallest;
            any = true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        cells[i].hidden = cells[i].hidden || cells[i].count == smallest;
    }
    return any;
}

void suppress_group(struct suppress_cell *cells, size_t count, uint64_t minimum,
                    struct suppress_cell *total)
{
    suppress_cells(cells, count, minimum);
    while (is_telling(cells, count, minimum) && hide_smallest(cells, count)) {
    }
    total->count = 0;
    for (size_t i = 0; i < count; i++) {
        total->count += cells[i].count;
    }
    suppress_cells(total, 1, minimum);
}

/* ---- a count of many children ---- */

/* In place, without memory that would keep a copy: a few hundred at most. */
void suppress_sort(struct child_key *children, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct child_key moves = children[i];
        size_t at = i;
        for (; at > 0 && memcmp(&children[at - 1], &moves, sizeof(moves)) > 0; at--) {
            children[at] = children[at - 1];
        }
        children[at] = moves;
        secret_wipe(&moves, sizeof(moves));
    }
}

uint64_t suppress_blurred(const uint8_t index_key[static PSEUDONYM_KEY_BYTES],
                          const struct suppress_question *question, uint64_t count)
{
    /* The set has a hash of its own, so that there is no copy of its keys. */
    uint8_t about[4 + 4 + PSEUDONYM_NAME_HASH_BYTES];
    uint8_t hash[PSEUDONYM_NAME_HASH_BYTES];
    if (question->known < SUPPRESS_KNOWN_MINIMUM) {
        return 0;
    }
    put_be32(about, question->party);
    put_be32(about + 4, (uint32_t)question->day);
    pseudonym_name_hash(index_key, "notice-count-children", (const char *)question->children,
                        question->count * sizeof(*question->children), about + 8);
    pseudonym_name_hash(index_key, "notice-count", (const char *)about, sizeof(about), hash);
    uint64_t blurred = count + get_be64(hash) % SUPPRESS_ROUNDED_TO;
    secret_wipe(about, sizeof(about));
    secret_wipe(hash, sizeof(hash));
    return blurred / SUPPRESS_ROUNDED_TO * SUPPRESS_ROUNDED_TO;
}
