/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "proto/handlers.h"
#include "store/clock.h"

size_t paging_limit(const struct paging_input *paging)
{
    return paging->limit.valid ? (size_t)paging->limit.value : MODEL_PAGE_DEFAULT;
}

void paging_refuse_cursor(struct exchange *x)
{
    exchange_refuse_fault(x, "#/cursor", "This is not a cursor of this list.");
}

bool paging_read_uuids(struct exchange *x, enum cursor_kind kind, const struct paging_input *paging,
                       struct paging_uuids *ret_place)
{
    struct paging_uuids place = {0};
    size_t size;
    memset(&place.up_to, 0xff, sizeof(place.up_to));
    if (paging->cursor.text != NULL &&
        cursor_decode(kind, paging->cursor.text, paging->cursor.length, sizeof(place),
                      sizeof(place), &place, &size) != 0) {
        paging_refuse_cursor(x);
        return false;
    }
    *ret_place = place;
    return true;
}

/* Who asks knows what time it is, but not when others last did something: so much of the store's
 * own bound would say. It is of use only where the clock was turned back. */
struct uuid paging_bound(const struct paging_input *paging, const struct paging_uuids *place,
                         const struct uuid *last)
{
    if (paging->cursor.text != NULL) {
        return place->up_to;
    }
    uint64_t before = (uint64_t)clock_now() - 1; /* what comes in this millisecond is not in it */
    struct uuid bound;
    memset(bound.bytes, 0xff, sizeof(bound.bytes));
    put_be16(bound.bytes, (uint16_t)(before >> 32));
    put_be32(bound.bytes + 2, (uint32_t)before);
    return memcmp(bound.bytes, last->bytes, sizeof(bound.bytes)) > 0 ? bound : *last;
}

const char *paging_next_uuids(struct exchange *x, enum cursor_kind kind, bool more,
                              const struct paging_uuids *next)
{
    return more ? cursor_encode(&x->scratch, kind, next, sizeof(*next)) : NULL;
}
