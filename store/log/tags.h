/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Under what an entry of the log is found. Each month has lists of its entries: of all of them, of
 * a child's subject id, of a party (acting or represented), of a party's professional, of a trace
 * id that a caller sent. Within a list entries stand by kind, which is event and outcome, and
 * within that by index.
 *
 * Lists and kinds are named by a keyed hash under a key that follows from the month's, so that the
 * rows tell nothing any more, in old copies neither, when that is destroyed (log_years). Hashes can
 * meet by chance: what is found is looked at before it is shown. Private to store/.
 */
#ifndef STORE_LOG_TAGS_H
#define STORE_LOG_TAGS_H

#include "crypto/seal.h"
#include "crypto/shortmac.h"
#include "store/base/layout.h"
#include "store/log/record.h"

#define LOG_LISTS_MAXIMUM 6 /* of one entry, besides that of all */
#define LOG_EVENT_TAG_BYTES 2

struct log_list {
    uint8_t bytes[LAYOUT_LIST_BYTES];
};

struct log_tags {
    uint8_t kind[LAYOUT_KIND_BYTES]; /* the event's tag, and the outcome's */
    size_t count;
    struct log_list lists[LOG_LISTS_MAXIMUM];
};

/* From the key of a month, that of its lists. */
void log_tags_key(const uint8_t month_key[static SEAL_KEY_BYTES],
                  uint8_t ret_key[static SHORTMAC_KEY_BYTES]);

struct log_list log_list_all(const uint8_t key[static SHORTMAC_KEY_BYTES]);
struct log_list log_list_subject(const uint8_t key[static SHORTMAC_KEY_BYTES],
                                 const uint8_t subject[static ACCESSLOG_SUBJECT_BYTES]);
struct log_list log_list_party(const uint8_t key[static SHORTMAC_KEY_BYTES],
                               const struct oin *party);
struct log_list log_list_professional(const uint8_t key[static SHORTMAC_KEY_BYTES],
                                      const struct oin *party, const char *id);
struct log_list log_list_trace(const uint8_t key[static SHORTMAC_KEY_BYTES],
                               const uint8_t trace_id[static 16]);
/* `outcome`: "" is done. */
void log_kind(const uint8_t key[static SHORTMAC_KEY_BYTES], enum log_event event,
              const char *outcome, uint8_t ret_kind[static LAYOUT_KIND_BYTES]);

/* All that an entry is found under. */
void log_tags_of(const uint8_t key[static SHORTMAC_KEY_BYTES], const struct log_record *record,
                 struct log_tags *ret_tags);

#endif
