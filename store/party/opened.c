/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/party/opened.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

#define SLOTS 1024         /* by party number, which are dense */
#define VALUE_MAXIMUM 4096 /* bytes, of sealed profiles, which are some hundreds */

struct slot {
    pthread_mutex_t lock;
    uint32_t party; /* 0: empty */
    size_t value_size;
    size_t plain_size;
    uint8_t *memory; /* value || plain */
};

struct opened {
    struct slot slots[SLOTS];
};

int opened_new(struct opened **ret_opened)
{
    struct opened *opened = calloc(1, sizeof(*opened));
    if (opened == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        pthread_mutex_init(&opened->slots[i].lock, NULL);
    }
    *ret_opened = opened;
    return 0;
}

void opened_free(struct opened *opened)
{
    for (size_t i = 0; opened != NULL && i < SLOTS; i++) {
        secret_free(opened->slots[i].memory);
        pthread_mutex_destroy(&opened->slots[i].lock);
    }
    free(opened);
}

static bool holds(const struct slot *slot, uint32_t party, struct kv_bytes value)
{
    return slot->party == party && slot->value_size == value.size && value.size > 0 &&
           memcmp(slot->memory, value.data, value.size) == 0;
}

bool opened_find(struct opened *opened, uint32_t party, struct kv_bytes value, struct arena *arena,
                 struct codec_reader *ret_plain)
{
    struct slot *slot = &opened->slots[party % SLOTS];
    uint8_t *plain = NULL;
    size_t size = 0;
    pthread_mutex_lock(&slot->lock);
    if (holds(slot, party, value)) {
        size = slot->plain_size;
        plain = arena_new(arena, size + 1);
        if (plain != NULL) {
            memcpy(plain, slot->memory + slot->value_size, size);
        }
    }
    pthread_mutex_unlock(&slot->lock);
    if (plain != NULL) {
        *ret_plain = (struct codec_reader){.data = plain, .left = size};
    }
    return plain != NULL;
}

/* Puts `memory`, or NULL, in the place of what there is. */
static void replace(struct slot *slot, const struct slot *by)
{
    uint8_t *before = slot->memory;
    slot->party = by->party;
    slot->value_size = by->value_size;
    slot->plain_size = by->plain_size;
    slot->memory = by->memory;
    secret_free(before);
}

void opened_forget(struct opened *opened, uint32_t party)
{
    static const struct slot empty;
    struct slot *slot = &opened->slots[party % SLOTS];
    pthread_mutex_lock(&slot->lock);
    if (slot->party == party) {
        replace(slot, &empty);
    }
    pthread_mutex_unlock(&slot->lock);
}

void opened_keep(struct opened *opened, uint32_t party, struct kv_bytes value,
                 const struct codec_reader *plain)
{
    uint8_t *memory =
        value.size > VALUE_MAXIMUM ? NULL : secret_malloc(value.size + plain->left + 1);
    if (memory == NULL) {
        return;
    }
    memcpy(memory, value.data, value.size);
    memcpy(memory + value.size, plain->data, plain->left);
    const struct slot kept = {
        .party = party, .value_size = value.size, .plain_size = plain->left, .memory = memory};
    struct slot *slot = &opened->slots[party % SLOTS];
    pthread_mutex_lock(&slot->lock);
    replace(slot, &kept);
    pthread_mutex_unlock(&slot->lock);
}
