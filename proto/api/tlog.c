/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The log as a C2SP tiled transparency log (tlog-tiles, tlog-checkpoint). Heads and hashes are for
 * every party, or the holder of a receipt could not see that the log was forked; they say nothing
 * of what was logged, and reading them is not logged.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "proto/handlers.h"
#include "proto/tile_path.h"

#define NOTE_MEDIA "text/plain; charset=utf-8"
#define TILE_MEDIA "application/octet-stream"
/* A tile never changes. Not for shared caches: who may read it hangs on the certificate. */
#define TILE_CACHING "private, max-age=604800, immutable"
#define BUNDLE_ENTRY_BYTES (2 + COMMITMENT_BYTES) /* its length, big-endian, and the entry */

static_assert(TILE_PATH_FULL == STORE_TILE_WIDTH, "a full tile is a full tile");

/* What is not there yet is asked for again and again, by witnesses' readers and the page. */
static void refuse_result(struct exchange *x, int result)
{
    if (result == STORE_NOT_FOUND) {
        exchange_refuse_counted(x, "not-found", NULL);
    } else {
        exchange_refuse_result(x, result);
    }
}

typedef int note_reader(struct store_snapshot *snapshot, const char **ret_note);

static void show_note(struct exchange *x, note_reader *read_note)
{
    const char *note;
    int r = read_note(x->snapshot, &note);
    if (r != 0) {
        refuse_result(x, r);
        return;
    }
    exchange_set_text(x, 200, NOTE_MEDIA, note, strlen(note));
    exchange_finish(x);
}

void tlog_checkpoint(struct exchange *x)
{
    show_note(x, store_get_checkpoint);
}

void tlog_witnessed_checkpoint(struct exchange *x)
{
    show_note(x, store_get_witnessed_checkpoint);
}

static void set_tile(struct exchange *x, const void *bytes, size_t size)
{
    exchange_set_text(x, 200, TILE_MEDIA, bytes, size);
    http_response_header(&x->response, "Cache-Control", TILE_CACHING);
}

void tlog_tile(struct exchange *x)
{
    struct tile_path path;
    if (tile_path_parse(x->match.variables[0], x->match.lengths[0], &path) != 0) {
        exchange_refuse(x, "not-found", NULL);
        return;
    }
    struct merkle_hash *hashes = exchange_new_memory(x, path.width * sizeof(*hashes));
    int r = hashes == NULL
                ? -ENOMEM
                : store_read_tile(x->snapshot, path.level, path.number, path.width, hashes);
    if (r != 0) {
        refuse_result(x, r);
        return;
    }
    set_tile(x, hashes, path.width * sizeof(*hashes));
    exchange_finish(x);
}

static uint8_t *write_bundle(struct exchange *x, uint8_t (*entries)[COMMITMENT_BYTES],
                             unsigned width)
{
    uint8_t *bundle = exchange_new_memory(x, width * BUNDLE_ENTRY_BYTES);
    for (unsigned i = 0; bundle != NULL && i < width; i++) {
        uint8_t *at = bundle + i * BUNDLE_ENTRY_BYTES;
        put_be16(at, COMMITMENT_BYTES);
        memcpy(at + 2, entries[i], COMMITMENT_BYTES);
    }
    return bundle;
}

void tlog_entries(struct exchange *x)
{
    struct tile_path path;
    if (tile_path_parse_bundle(x->match.variables[0], x->match.lengths[0], &path) != 0) {
        exchange_refuse(x, "not-found", NULL);
        return;
    }
    uint8_t(*entries)[COMMITMENT_BYTES] = exchange_new_memory(x, path.width * sizeof(entries[0]));
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    int r = entries == NULL || note == NULL
                ? -ENOMEM
                : store_read_entry_bundle(x->snapshot, path.number, path.width, entries);
    uint8_t *bundle = r == 0 ? write_bundle(x, entries, path.width) : NULL;
    if (r != 0 || bundle == NULL) {
        exchange_refuse_result(x, r != 0 ? r : -ENOMEM);
        return;
    }
    set_tile(x, bundle, path.width * BUNDLE_ENTRY_BYTES);
    *note = (struct log_note){
        .event = LOG_LOG_READ, .object_kind = LOG_OBJECT_ENTRY, .count = path.width};
    put_be64(note->object, path.number * TILE_PATH_FULL);
    exchange_disclose(x, note, 1);
}
