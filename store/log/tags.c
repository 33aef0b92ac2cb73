/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log/tags.h"

#include <assert.h>
#include <string.h>

#include "crypto/pseudonym.h"

static_assert(LAYOUT_LIST_BYTES == SHORTMAC_BYTES && LAYOUT_KIND_BYTES == 2 * LOG_EVENT_TAG_BYTES,
              "a list is named by a whole hash, a kind by the beginnings of two");
static_assert(PSEUDONYM_NAME_HASH_BYTES == SHORTMAC_KEY_BYTES, "the one is the key of the other");

/* In front of what is hashed, so that no two kinds of lists meet. */
enum tag_domain {
    TAG_ALL = 'a',
    TAG_EVENT = 'e',
    TAG_OUTCOME = 'o',
    TAG_PARTY = 'p',
    TAG_SUBJECT = 's',
    TAG_TRACE = 't',
    TAG_PROFESSIONAL = 'w',
};
#define TAG_INPUT_MAXIMUM (1 + OIN_LENGTH + PROFESSIONAL_ID_MAXIMUM)

void log_tags_key(const uint8_t month_key[static SEAL_KEY_BYTES],
                  uint8_t ret_key[static SHORTMAC_KEY_BYTES])
{
    pseudonym_name_hash(month_key, "log lists", "", 0, ret_key);
}

/* Of what is longer than anything that is kept, only the beginning counts. */
static struct log_list tag(const uint8_t *key, enum tag_domain domain, const void *first,
                           size_t first_size, const char *second)
{
    uint8_t input[TAG_INPUT_MAXIMUM] = {(uint8_t)domain};
    size_t second_size = strnlen(second, sizeof(input) - 1 - first_size);
    struct log_list list;
    memcpy(input + 1, first, first_size);
    memcpy(input + 1 + first_size, second, second_size);
    shortmac_make(key, input, 1 + first_size + second_size, list.bytes);
    return list;
}

struct log_list log_list_all(const uint8_t key[static SHORTMAC_KEY_BYTES])
{
    return tag(key, TAG_ALL, "", 0, "");
}

struct log_list log_list_subject(const uint8_t key[static SHORTMAC_KEY_BYTES],
                                 const uint8_t subject[static ACCESSLOG_SUBJECT_BYTES])
{
    return tag(key, TAG_SUBJECT, subject, ACCESSLOG_SUBJECT_BYTES, "");
}

struct log_list log_list_party(const uint8_t key[static SHORTMAC_KEY_BYTES],
                               const struct oin *party)
{
    return tag(key, TAG_PARTY, party->text, OIN_LENGTH, "");
}

struct log_list log_list_professional(const uint8_t key[static SHORTMAC_KEY_BYTES],
                                      const struct oin *party, const char *id)
{
    return tag(key, TAG_PROFESSIONAL, party->text, OIN_LENGTH, id);
}

struct log_list log_list_trace(const uint8_t key[static SHORTMAC_KEY_BYTES],
                               const uint8_t trace_id[static 16])
{
    return tag(key, TAG_TRACE, trace_id, 16, "");
}

void log_kind(const uint8_t key[static SHORTMAC_KEY_BYTES], enum log_event event,
              const char *outcome, uint8_t ret_kind[static LAYOUT_KIND_BYTES])
{
    uint8_t number = (uint8_t)event;
    struct log_list of_event = tag(key, TAG_EVENT, &number, 1, "");
    struct log_list of_outcome = tag(key, TAG_OUTCOME, "", 0, outcome);
    memcpy(ret_kind, of_event.bytes, LOG_EVENT_TAG_BYTES);
    memcpy(ret_kind + LOG_EVENT_TAG_BYTES, of_outcome.bytes, LOG_EVENT_TAG_BYTES);
}

static void add_party(const uint8_t *key, const struct oin *party, const char *professional,
                      struct log_tags *tags)
{
    if (party->text[0] == '\0') {
        return;
    }
    tags->lists[tags->count++] = log_list_party(key, party);
    if (professional != NULL && professional[0] != '\0') {
        tags->lists[tags->count++] = log_list_professional(key, party, professional);
    }
}

void log_tags_of(const uint8_t key[static SHORTMAC_KEY_BYTES], const struct log_record *record,
                 struct log_tags *ret_tags)
{
    const struct log_note *note = &record->note;
    struct log_tags tags = {.count = 0};
    log_kind(key, note->event, note->outcome != NULL ? note->outcome : "", tags.kind);
    if (record->has_subject) {
        tags.lists[tags.count++] = log_list_subject(key, record->subject);
    }
    add_party(key, &record->actor.party, note->professional, &tags);
    add_party(key, &record->actor.on_behalf_of, note->professional, &tags);
    if (record->traced) {
        tags.lists[tags.count++] = log_list_trace(key, record->trace_id);
    }
    *ret_tags = tags;
}
