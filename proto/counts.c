/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct row {
    struct oin party;
    struct oin on_behalf_of;
    const char *slug;
    uint32_t count;
};

struct counts {
    pthread_mutex_t lock;
    size_t used;
    struct row rows[COUNTS_MAXIMUM + 1]; /* the last takes in what finds no row */
};

/* One row on its way to the log. */
struct flight {
    struct store_note_op work;
    struct log_note note;
    struct counts *counts;
    struct row row;
};

int counts_new(struct counts **ret_counts)
{
    struct counts *counts = calloc(1, sizeof(*counts));
    if (counts == NULL) {
        return -ENOMEM;
    }
    pthread_mutex_init(&counts->lock, NULL);
    *ret_counts = counts;
    return 0;
}

void counts_free(struct counts *counts)
{
    if (counts != NULL) {
        pthread_mutex_destroy(&counts->lock);
        free(counts);
    }
}

static void add_row(struct counts *counts, const struct row *row)
{
    pthread_mutex_lock(&counts->lock);
    size_t i = 0;
    for (; i < counts->used; i++) {
        const struct row *other = &counts->rows[i];
        if (strcmp(other->slug, row->slug) == 0 &&
            strcmp(other->party.text, row->party.text) == 0 &&
            strcmp(other->on_behalf_of.text, row->on_behalf_of.text) == 0) {
            break;
        }
    }
    if (i < counts->used) {
        uint32_t room = UINT32_MAX - counts->rows[i].count;
        counts->rows[i].count += row->count < room ? row->count : room;
    } else if (i < COUNTS_MAXIMUM) {
        counts->rows[counts->used++] = *row;
    } else {
        struct row *rest = &counts->rows[COUNTS_MAXIMUM];
        *rest = (struct row){.slug = row->slug, .count = rest->count + row->count};
    }
    pthread_mutex_unlock(&counts->lock);
}

void counts_add(struct counts *counts, const struct attribution *by, const char *slug,
                uint32_t count)
{
    struct row row = {
        .party = by->party, .on_behalf_of = by->on_behalf_of, .slug = slug, .count = count};
    add_row(counts, &row);
}

static void deliver(struct mail *mail)
{
    struct flight *flight = CONTAINER_OF(mail, struct flight, work.op.mail);
    if (flight->work.op.result != 0) {
        add_row(flight->counts, &flight->row);
    }
    free(flight);
}

static int launch(struct counts *counts, const struct row *row, struct store *store,
                  struct mailbox *mailbox)
{
    struct flight *flight = calloc(1, sizeof(*flight));
    if (flight == NULL) {
        return -ENOMEM;
    }
    flight->counts = counts;
    flight->row = *row;
    flight->note =
        (struct log_note){.event = LOG_REFUSALS_COUNTED, .outcome = row->slug, .count = row->count};
    store_note_init(&flight->work);
    flight->work.count = 1;
    flight->work.notes = &flight->note;
    struct store_op *op = &flight->work.op;
    op->mail.deliver = deliver;
    op->mailbox = mailbox;
    op->by.party = row->party;
    op->by.on_behalf_of = row->on_behalf_of;
    int r = store_submit(store, op);
    if (r != 0) {
        free(flight);
    }
    return r;
}

/* Takes one row out, if there is any. */
static bool take_row(struct counts *counts, struct row *ret_row)
{
    bool taken = true;
    pthread_mutex_lock(&counts->lock);
    if (counts->rows[COUNTS_MAXIMUM].count > 0) {
        *ret_row = counts->rows[COUNTS_MAXIMUM];
        counts->rows[COUNTS_MAXIMUM] = (struct row){0};
    } else if (counts->used > 0) {
        *ret_row = counts->rows[--counts->used];
    } else {
        taken = false;
    }
    pthread_mutex_unlock(&counts->lock);
    return taken;
}

void counts_flush(struct counts *counts, struct store *store, struct mailbox *mailbox)
{
    struct row row;
    while (take_row(counts, &row)) {
        if (launch(counts, &row, store, mailbox) != 0) {
            add_row(counts, &row);
            return;
        }
    }
}

uint64_t counts_waiting(struct counts *counts)
{
    uint64_t total = 0;
    pthread_mutex_lock(&counts->lock);
    for (size_t i = 0; i < counts->used; i++) {
        total += counts->rows[i].count;
    }
    total += counts->rows[COUNTS_MAXIMUM].count;
    pthread_mutex_unlock(&counts->lock);
    return total;
}
