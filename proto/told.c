/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/told.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/body.h"

#define PAGE_LIMIT 500
#define PAGES_MAXIMUM                                                                              \
    24                     /* looked at; each of them is a bounded number of entries for the store \
                            */
#define PARTIES_MAXIMUM 64 /* kept in mind at once */
#define OBJECT_SIGNAL "signal:"

/* A party, as far as it matters here. */
struct known {
    struct oin oin;
    const char *name;
    bool asks;      /* the municipality itself */
    bool concerned; /* that, or a party with a signal under it: what others did is not its to see */
};

struct reading {
    struct arena *arena;
    const struct party *municipality;
    const struct access_pack *pack;
    struct store_snapshot *snapshot;
    struct known parties[PARTIES_MAXIMUM];
    size_t party_count;
    struct told told;
    size_t capacity;
};

/* ---- whose doing it was ---- */

static int look_up(struct reading *reading, const char *text, struct known *ret_known)
{
    struct known known = {.name = ""};
    struct party party;
    if (oin_parse(text, strlen(text), &known.oin) != 0) {
        return -EINVAL;
    }
    int r = store_find_party(reading->snapshot, &known.oin, &party);
    if (r < 0) {
        return r;
    }
    if (r == 0) {
        known.asks = party.number == reading->municipality->number;
        known.concerned = known.asks;
        for (size_t i = 0; i < reading->pack->signal_count && !known.concerned; i++) {
            known.concerned = strcmp(reading->pack->signals[i].by.oin.text, known.oin.text) == 0;
        }
        known.name = arena_copy_text(reading->arena, party.name, strlen(party.name));
    }
    *ret_known = known;
    return known.name != NULL ? 0 : -ENOMEM;
}

static int find_party(struct reading *reading, const char *text, const struct known **ret_known)
{
    for (size_t i = 0; i < reading->party_count; i++) {
        if (strcmp(reading->parties[i].oin.text, text) == 0) {
            *ret_known = &reading->parties[i];
            return 0;
        }
    }
    if (reading->party_count == PARTIES_MAXIMUM) {
        reading->party_count = 0; /* begins anew: they are looked up again */
    }
    struct known *slot = &reading->parties[reading->party_count];
    int r = look_up(reading, text, slot);
    if (r == 0) {
        reading->party_count++;
        *ret_known = slot;
    }
    return r;
}

/* ---- what the index did of its own accord ---- */

static bool is_held(const struct access_pack *pack, const char *id)
{
    for (size_t i = 0; i < pack->signal_count; i++) {
        char text[UUID_TEXT_SIZE];
        uuid_format(&pack->signals[i].signal.id, text);
        if (strcmp(text, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether an entry about a signal is about one under this municipality; one about none is about the
 * child, and of its concern while it has such a signal. */
static bool concerns_own(const struct reading *reading, const char *object)
{
    if (object != NULL && strncmp(object, OBJECT_SIGNAL, strlen(OBJECT_SIGNAL)) == 0) {
        return is_held(reading->pack, object + strlen(OBJECT_SIGNAL));
    }
    return reading->pack->signal_count > 0;
}

/* ---- entries ---- */

static int add_item(struct reading *reading, const struct told_item *item)
{
    struct told *told = &reading->told;
    if (told->count == reading->capacity) {
        size_t capacity = reading->capacity > 0 ? reading->capacity * 2 : PARTIES_MAXIMUM;
        struct told_item *items = arena_new(reading->arena, capacity * sizeof(*items));
        if (items == NULL) {
            return -ENOMEM;
        }
        if (told->count > 0) {
            memcpy(items, told->items, told->count * sizeof(*items));
        }
        told->items = items;
        reading->capacity = capacity;
    }
    told->items[told->count++] = *item;
    return 0;
}

static const char *attribute(const json_t *record, const char *name)
{
    return json_string_value(json_object_get(json_object_get(record, "attributes"), name));
}

static int tell(struct reading *reading, const struct log_entry *entry, const json_t *record)
{
    struct told_item item = {.at = entry->logged_at, .event = entry->event};
    const char *object = attribute(record, "verwijsindex.object");
    const char *party = attribute(record, "verwijsindex.on_behalf_of");
    party = party != NULL ? party : attribute(record, "verwijsindex.party");
    bool concerned = false;
    if (party != NULL) {
        const struct known *known;
        int r = find_party(reading, party, &known);
        if (r != 0) {
            return r;
        }
        concerned = known->asks || (known->concerned && concerns_own(reading, object));
        item.oin = known->oin;
        item.name = known->name;
    } else {
        concerned = concerns_own(reading, object);
    }
    if (!concerned) {
        return 0;
    }
    if (object != NULL) {
        item.object = arena_copy_text(reading->arena, object, strlen(object));
        if (item.object == NULL) {
            return -ENOMEM;
        }
    }
    return add_item(reading, &item);
}

static int read_entry(struct reading *reading, const struct log_entry *entry)
{
    CLEANUP(body_freep) struct json_t *record = NULL;
    const char *detail;
    if (entry->destroyed) {
        return 0;
    }
    int r = body_parse((const uint8_t *)entry->public_part, entry->public_size, &record, &detail);
    if (r != 0) {
        return r < 0 ? r : -EINVAL;
    }
    return tell(reading, entry, record);
}

/* One page, on memory and a snapshot of its own; `query` goes on to the next. */
static int read_page(struct reading *reading, struct store *store, struct log_query *query,
                     bool *ret_more)
{
    CLEANUP(arena_finish) struct arena arena = {0};
    CLEANUP(store_snapshot_closep) struct store_snapshot *snapshot = NULL;
    struct log_page page;
    arena_init(&arena);
    int r = store_snapshot_open(store, &arena, &snapshot);
    if (r != 0) {
        return r;
    }
    if (query->bound == UINT64_MAX) {
        query->bound = store_log_size(snapshot);
    }
    reading->snapshot = snapshot;
    r = store_read_log(snapshot, query, &page);
    for (size_t i = 0; r == 0 && i < page.count && reading->told.count < PACK_TOLD_MAXIMUM; i++) {
        r = read_entry(reading, &page.entries[i]);
    }
    if (r == 0) {
        query->start = page.next;
        *ret_more = page.more || reading->told.count == PACK_TOLD_MAXIMUM;
    }
    return r;
}

int told_read(struct store *store, struct arena *arena, const struct party *municipality,
              const struct child_key *child, const struct access_pack *pack, struct told *ret_told)
{
    struct reading reading = {.arena = arena, .municipality = municipality, .pack = pack};
    struct log_query query = {
        .oldest_first = true,
        .start = 0,
        .bound = UINT64_MAX,
        .from = INT64_MIN,
        .to = INT64_MAX,
        .outcome = "",
        .has_subject = true,
        .subject = *child,
        .limit = PAGE_LIMIT,
    };
    bool more = true;
    int r = 0;
    for (size_t i = 0;
         r == 0 && more && i < PAGES_MAXIMUM && reading.told.count < PACK_TOLD_MAXIMUM; i++) {
        r = read_page(&reading, store, &query, &more);
    }
    secret_wipe(&query.subject, sizeof(query.subject));
    if (r == 0) {
        reading.told.complete = !more;
        *ret_told = reading.told;
    }
    return r;
}
