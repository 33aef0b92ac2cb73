/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/child/matchplace.h"

#include <string.h>

static_assert(MATCH_KEY_BYTES == PERMUTE40_BYTES, "a short key is a permuted number");
static_assert(sizeof(struct match_place) == sizeof(struct uuid), "an id and its place");

int match_id_make(struct store_tx *tx, struct uuid *ret_id)
{
    struct store_head *head = &tx->view.head;
    struct uuid id;
    if (head->matches_made >= MATCH_NUMBERS) {
        return -EOVERFLOW;
    }
    uint64_t number = head->matches_made++;
    uuid_make_random(&id);
    id.bytes[0] = (uint8_t)(number >> 32);
    put_be32(id.bytes + 1, (uint32_t)number);
    permute40(head->match_secret, id.bytes);
    *ret_id = id;
    return 0;
}

struct match_place match_place_of_id(const struct store_view *view, const struct uuid *id)
{
    struct match_place place;
    memcpy(place.bytes, id->bytes, sizeof(place.bytes));
    permute40_back(view->head.match_secret, place.bytes);
    return place;
}

struct uuid match_id_of_place(const struct store_view *view, const struct match_place *place)
{
    struct uuid id;
    memcpy(id.bytes, place->bytes, sizeof(id.bytes));
    permute40(view->head.match_secret, id.bytes);
    return id;
}
