/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/store/feed.h"

#include <stdlib.h>
#include <string.h>

#include "store/base/clock.h"

#define CHILD_AGE_YEARS 10

static void wake(void *context)
{
    struct bs_feed *feed = context;
    pthread_mutex_lock(&feed->lock);
    feed->woken = true;
    pthread_cond_signal(&feed->arrived);
    pthread_mutex_unlock(&feed->lock);
}

static void deliver(struct mail *mail)
{
    struct store_op *op = CONTAINER_OF(mail, struct store_op, mail);
    struct store_signal_post *post = CONTAINER_OF(op, struct store_signal_post, op);
    struct bs_slot *slot = CONTAINER_OF(post, struct bs_slot, post);
    struct bs_feed *feed = slot->feed;
    bs_need(op->result, "a post");
    if (!post->created || !op->logged) {
        bs_die("a post was answered with a signal that was there, or without an entry");
    }
    if (feed->posted < feed->ack_capacity) {
        feed->acks[feed->posted] = (struct bs_ack){op->party, post->signal.id};
        feed->latencies[feed->posted] = (double)(bs_now() - slot->began) / 1e3;
    }
    feed->posted++;
    feed->matched += post->matched ? 1 : 0;
    feed->in_flight--;
    slot->next = feed->free;
    feed->free = slot;
}

void bs_feed_open(struct bs_feed *feed, struct bs_index *index, struct bs_plan *plan,
                  const struct bs_options *options, size_t acks)
{
    *feed = (struct bs_feed){
        .index = index,
        .plan = plan,
        .municipality = (uint16_t)options->municipality,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .arrived = PTHREAD_COND_INITIALIZER,
        .slot_count = options->outstanding,
        .slots = bs_new(options->outstanding, sizeof(struct bs_slot)),
        .ack_capacity = acks,
        .acks = bs_new(acks, sizeof(struct bs_ack)),
        .latencies = bs_new(acks, sizeof(double)),
    };
    mailbox_init(&feed->box, wake, feed);
    for (size_t i = 0; i < feed->slot_count; i++) {
        feed->slots[i].feed = feed;
        feed->slots[i].next = feed->free;
        feed->free = &feed->slots[i];
    }
}

void bs_feed_close(struct bs_feed *feed)
{
    mailbox_destroy(&feed->box);
    pthread_cond_destroy(&feed->arrived);
    pthread_mutex_destroy(&feed->lock);
    free(feed->slots);
    free(feed->acks);
    free(feed->latencies);
}

void bs_feed_reset(struct bs_feed *feed)
{
    feed->posted = 0;
    feed->matched = 0;
}

static bool submit_one(struct bs_feed *feed)
{
    struct bs_child child;
    if (!bs_plan_next(feed->plan, &child)) {
        return false;
    }
    struct bs_slot *slot = feed->free;
    feed->free = slot->next;
    size_t who = (child.reporter + child.signals) % feed->index->reporter_count;
    const struct bs_reporter *reporter = &feed->index->reporters[who];
    struct store_signal_post *post = &slot->post;
    store_signal_post_init(post);
    post->op.mail.deliver = deliver;
    post->op.mailbox = &feed->box;
    post->op.by = reporter->by;
    post->op.party = reporter->party;
    post->child = child.key;
    post->element = child.element;
    post->evaluation_key = keyring_current(feed->index->keys, KEYRING_EVALUATION);
    post->professional = reporter->professional;
    post->municipality = feed->municipality;
    post->birth_day = calendar_add_years(calendar_dutch_day(clock_now()), -CHILD_AGE_YEARS);
    post->quiet = feed->quiet;
    slot->began = bs_now();
    bs_need(store_submit(feed->index->store, &post->op), "a post is not taken");
    feed->in_flight++;
    return true;
}

static void wait_for_mail(struct bs_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    while (!feed->woken) {
        pthread_cond_wait(&feed->arrived, &feed->lock);
    }
    feed->woken = false;
    pthread_mutex_unlock(&feed->lock);
    mailbox_deliver(&feed->box);
}

void bs_feed_run(struct bs_feed *feed, uint64_t count, int64_t until)
{
    uint64_t submitted = 0;
    bool more = true;
    while (more || feed->in_flight > 0) {
        while (more && feed->free != NULL) {
            more = submitted < count && bs_now() < until && submit_one(feed);
            submitted += more ? 1 : 0;
        }
        if (feed->in_flight > 0) {
            wait_for_mail(feed);
        }
    }
    feed->submitted += submitted;
}

uint64_t bs_feed_missing(const struct bs_feed *feed)
{
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    uint64_t missing = 0;
    size_t count = feed->posted < feed->ack_capacity ? feed->posted : feed->ack_capacity;
    for (size_t i = 0; i < count; i++) {
        struct signal signal;
        if (snapshot == NULL) {
            arena_init(&arena);
            bs_need(store_snapshot_open(feed->index->store, &arena, &snapshot), "a snapshot");
        }
        int result = store_get_signal(snapshot, feed->acks[i].party, &feed->acks[i].id, &signal);
        bool there = result == 0 && signal.status == SIGNAL_ACTIVE &&
                     memcmp(&signal.id, &feed->acks[i].id, sizeof(signal.id)) == 0;
        missing += there ? 0 : 1;
        if (i % 256 == 255 || i + 1 == count) {
            store_snapshot_close(snapshot);
            arena_finish(&arena);
            snapshot = NULL;
        }
    }
    return missing;
}
