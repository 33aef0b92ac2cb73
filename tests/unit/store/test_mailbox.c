/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/eventfd.h>

#include <cmocka.h>

#include "store/base/mailbox.h"

#define PRODUCERS 8
#define LETTERS 20000 /* of each producer */

struct letter {
    struct mail mail;
    struct desk *desk;
    unsigned producer;
    unsigned number;
};

/* What the owner of the box keeps, on its own thread. */
struct desk {
    struct mailbox box;
    int event;
    unsigned next[PRODUCERS]; /* the number that must come next of each */
    unsigned disorder;
};

static void count_wake(void *context)
{
    unsigned *wakes = context;
    (*wakes)++;
}

static void test_wakes_only_from_empty(void **state)
{
    (void)state;
    unsigned wakes = 0;
    struct mail mails[3] = {{0}};
    struct mailbox box;
    mailbox_init(&box, count_wake, &wakes);
    assert_null(mailbox_take(&box));

    for (unsigned round = 1; round <= 3; round++) {
        mailbox_post(&box, &mails[0]);
        assert_int_equal(wakes, round);
        mailbox_post(&box, &mails[1]);
        mailbox_post(&box, &mails[2]);
        assert_int_equal(wakes, round);

        struct mail *first = mailbox_take(&box);
        assert_ptr_equal(first, &mails[0]);
        assert_ptr_equal(first->next, &mails[1]);
        assert_ptr_equal(first->next->next, &mails[2]);
        assert_null(first->next->next->next);
        assert_null(mailbox_take(&box));
    }
    mailbox_destroy(&box);
}

static void read_letter(struct mail *mail)
{
    struct letter *letter = CONTAINER_OF(mail, struct letter, mail);
    struct desk *desk = letter->desk;
    if (desk->next[letter->producer] != letter->number)
        desk->disorder++;
    desk->next[letter->producer] = letter->number + 1;
    free(letter);
}

static struct letter *new_letter(struct desk *desk, unsigned producer, unsigned number)
{
    struct letter *letter = calloc(1, sizeof(*letter));
    if (letter == NULL)
        abort();
    letter->mail.deliver = read_letter;
    letter->desk = desk;
    letter->producer = producer;
    letter->number = number;
    return letter;
}

static void ring(void *context)
{
    struct desk *desk = context;
    uint64_t one = 1;
    if (write(desk->event, &one, sizeof(one)) != sizeof(one))
        abort();
}

static void post_again(struct mail *mail)
{
    struct letter *letter = CONTAINER_OF(mail, struct letter, mail);
    letter->mail.deliver = read_letter;
    mailbox_post(&letter->desk->box, mail);
}

static void test_delivers_in_order_and_once(void **state)
{
    (void)state;
    struct desk desk = {.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    mailbox_init(&desk.box, ring, &desk);
    assert_int_equal(mailbox_deliver(&desk.box), 0);
    for (unsigned i = 0; i < 5; i++)
        mailbox_post(&desk.box, &new_letter(&desk, 3, i)->mail);
    assert_int_equal(mailbox_deliver(&desk.box), 5);
    assert_int_equal(desk.next[3], 5);
    assert_int_equal(desk.disorder, 0);

    /* What is posted by a deliver function waits for the next turn. */
    struct letter *again = new_letter(&desk, 0, 0);
    again->mail.deliver = post_again;
    mailbox_post(&desk.box, &again->mail);
    assert_int_equal(mailbox_deliver(&desk.box), 1);
    assert_int_equal(desk.next[0], 0);
    assert_int_equal(mailbox_deliver(&desk.box), 1);
    assert_int_equal(desk.next[0], 1);
    mailbox_destroy(&desk.box);
    close(desk.event);
}

struct producer {
    struct desk *desk;
    unsigned number;
};

static void *produce(void *argument)
{
    struct producer *producer = argument;
    for (unsigned i = 0; i < LETTERS; i++)
        mailbox_post(&producer->desk->box, &new_letter(producer->desk, producer->number, i)->mail);
    return NULL;
}

/* Were a wake-up ever missing, the owner would sleep in read() and the test would not end. */
static void test_many_producers_one_owner(void **state)
{
    (void)state;
    struct desk desk = {.event = eventfd(0, EFD_CLOEXEC)};
    pthread_t threads[PRODUCERS];
    struct producer producers[PRODUCERS];
    mailbox_init(&desk.box, ring, &desk);
    for (unsigned i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.desk = &desk, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }

    size_t delivered = 0;
    size_t deliveries = 0;
    uint64_t wakes = 0;
    while (delivered < (size_t)PRODUCERS * LETTERS) {
        uint64_t rung = 0;
        assert_int_equal(read(desk.event, &rung, sizeof(rung)), sizeof(rung));
        wakes += rung;
        size_t count = mailbox_deliver(&desk.box);
        delivered += count;
        deliveries += count > 0;
    }
    for (unsigned i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);

    uint64_t late = 0;
    assert_int_equal(mailbox_deliver(&desk.box), 0);
    /* One wake-up for each time that the box was found with something in it, the last of which may
     * have been emptied before its wake-up came. */
    ring(&desk);
    assert_int_equal(read(desk.event, &late, sizeof(late)), sizeof(late));
    assert_int_equal(wakes + late - 1, deliveries);
    assert_int_equal(delivered, (size_t)PRODUCERS * LETTERS);
    assert_int_equal(desk.disorder, 0);
    for (unsigned i = 0; i < PRODUCERS; i++)
        assert_int_equal(desk.next[i], LETTERS);
    mailbox_destroy(&desk.box);
    close(desk.event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wakes_only_from_empty),
        cmocka_unit_test(test_delivers_in_order_and_once),
        cmocka_unit_test(test_many_producers_one_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
