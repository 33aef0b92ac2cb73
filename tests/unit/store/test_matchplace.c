/* SPDX-License-Identifier: EUPL-1.2 */
/* Rows of matches lie in the order of making; their ids tell nothing of it. */
#include "tests/unit/store/pair_fixture.h"

#include "store/child/matchplace.h"
#include "store/snapshot.h"

#define MATCHES 40

static struct uuid make_match(unsigned child)
{
    office_post(&office, school, "ann", child);
    office_post(&office, care, "bob", child);
    return office_last_notice(&office, care)->match.id;
}

static struct match_place place_of(const struct uuid *id)
{
    return match_place_of_id(&office_look(&office)->view, id);
}

static uint64_t number_of(const struct uuid *id)
{
    struct match_place place = place_of(id);
    return (uint64_t)place.bytes[0] << 32 | get_be32(place.bytes + 1);
}

/* The next row of a table in which the place of a match stands at `at`. */
static void assert_next(struct kv_range *range, size_t at, const struct match_place *place)
{
    struct kv_bytes key;
    struct kv_bytes value;
    do {
        assert_int_equal(kv_range_next(range, &key, &value), 0);
    } while (at > 0 && ((const uint8_t *)key.data)[at - 1] != DUE_FOLLOW_UP);
    assert_int_equal(key.size, at + sizeof(*place));
    assert_memory_equal((const uint8_t *)key.data + at, place, sizeof(*place));
}

/* `at`: as above. */
static void assert_order(enum kv_table table, size_t at, const struct uuid *ids, size_t count)
{
    static const uint8_t lowest[1] = {0};
    struct store_view *view = &office_look(&office)->view;
    struct kv_range *range = NULL;
    assert_int_equal(kv_range_open(view->kv, table, (struct kv_bytes){lowest, 1},
                                   (struct kv_bytes){NULL, 0}, KV_UP, &range),
                     0);
    for (size_t i = 0; i < count; i++) {
        struct match_place place = match_place_of_id(view, &ids[i]);
        assert_next(range, at, &place);
    }
    kv_range_close(range);
}

static void test_rows_are_in_order(void **state)
{
    (void)state;
    struct uuid ids[MATCHES];
    struct match_view match;
    for (unsigned i = 0; i < MATCHES; i++) {
        ids[i] = make_match(i);
    }
    assert_order(KV_MATCH, 0, ids, MATCHES);
    assert_order(KV_DUE, 9, ids, MATCHES);
    for (unsigned i = 0; i < MATCHES; i++) {
        assert_int_equal(number_of(&ids[i]), i);
        assert_int_equal(office_see_match(&office, school, &ids[i], &match), 0);
    }
}

/* An id is of version 4, and says neither its number nor which of two came first: of ids in a
 * random order about half are higher than the one before. */
static void test_ids_tell_nothing(void **state)
{
    (void)state;
    struct uuid last = {0};
    size_t rising = 0;
    for (unsigned i = 0; i < MATCHES; i++) {
        struct uuid id = make_match(i);
        struct match_place place = place_of(&id);
        assert_true(uuid_is_random(&id));
        assert_int_equal(id.bytes[8] >> 6, 2);
        assert_memory_not_equal(id.bytes, place.bytes, MATCH_KEY_BYTES);
        rising += memcmp(&id, &last, sizeof(id)) > 0 ? 1 : 0;
        last = id;
    }
    assert_in_range(rising, MATCHES / 8, MATCHES - MATCHES / 8);
}

/* Only the whole id leads to a match: not its place, and not the short key with another rest. */
static void test_nothing_else_finds_it(void **state)
{
    (void)state;
    struct match_view match;
    struct uuid id = make_match(1);
    struct match_place place = place_of(&id);
    struct uuid other;
    memcpy(other.bytes, place.bytes, sizeof(other.bytes));
    assert_int_equal(office_see_match(&office, school, &other, &match), STORE_NOT_FOUND);
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        other = id;
        other.bytes[i] ^= 1;
        assert_int_equal(office_see_match(&office, school, &other, &match), STORE_NOT_FOUND);
    }
    other = match_id_of_place(&office_look(&office)->view, &place);
    assert_true(same_uuid(&other, &id));
    assert_int_equal(office_see_match(&office, school, &other, &match), 0);
}

/* Across a start, and when the match of a number has gone, the numbers go on. */
static void test_numbers_go_on(void **state)
{
    (void)state;
    struct match_view match;
    struct uuid first = make_match(1);
    struct uuid of_ann = office_post(&office, school, "ann", 2);
    struct uuid of_bob = office_post(&office, care, "bob", 2);
    struct uuid gone = office_last_notice(&office, care)->match.id;
    assert_int_equal(office_withdraw(&office, school, &of_ann, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_withdraw(&office, care, &of_bob, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_see_match(&office, care, &gone, &match), STORE_NOT_FOUND);
    office_reopen(&office);
    assert_int_equal(office_see_match(&office, care, &first, &match), 0);
    struct uuid next = make_match(3);
    assert_int_equal(number_of(&gone), number_of(&first) + 1);
    assert_int_equal(number_of(&next), number_of(&gone) + 1);
    assert_order(KV_MATCH, 0, (const struct uuid[]){first, next}, 2);
}

/* As if so many matches had been made. */
static void set_made(uint64_t made)
{
    struct arena arena;
    struct store_view view = {.arena = &arena};
    office_close(&office);
    (void)office_options(&office); /* opens the engine alone */
    arena_init(&arena);
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &view.kv), 0);
    assert_int_equal(view_read_head(&view), 0);
    view.head.matches_made = made;
    view_write_head(&view);
    assert_int_equal(kv_commit(view.kv), 0);
    arena_finish(&arena);
    kv_close(office.kv);
    office_reopen(&office);
}

/* Behind the last number there is none: nothing begins anew, and all else goes on. */
static void test_numbers_run_out(void **state)
{
    (void)state;
    struct store_signal_post op;
    struct match_view match;
    struct uuid first = make_match(1);
    set_made(MATCH_NUMBERS - 1);
    struct uuid last = make_match(2);
    assert_int_equal(number_of(&last), MATCH_NUMBERS - 1);
    office_post(&office, school, "ann", 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(office_try_post(&office, &op, care, "bob", 3), -EOVERFLOW);
    }
    assert_int_equal(office_status(&office).matches, 2);
    assert_int_equal(office_signals(&office, care, 0).count, 2);
    office_hire(&office, care, "eve");
    office_post(&office, care, "eve", 1); /* joins the match that is there */
    assert_int_equal(office_see_match(&office, school, &first, &match), 0);
    assert_int_equal(match.involved_count, 2);
    assert_int_equal(office_see_match(&office, school, &last, &match), 0);
    assert_int_equal(office.failures, 0);
}

/* Each store has a secret of its own: else the ids of one would tell the numbers of another. */
static void test_each_store_has_its_own(void **state)
{
    (void)state;
    static const uint8_t none[PERMUTE40_KEY_BYTES];
    uint8_t secret[PERMUTE40_KEY_BYTES];
    memcpy(secret, office_look(&office)->view.head.match_secret, sizeof(secret));
    assert_memory_not_equal(secret, none, sizeof(secret));
    office_reopen(&office);
    assert_memory_equal(secret, office_look(&office)->view.head.match_secret, sizeof(secret));
    teardown(state);
    setup_pair(state);
    assert_memory_not_equal(secret, office_look(&office)->view.head.match_secret, sizeof(secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_pair, teardown)
        TEST(test_rows_are_in_order),     TEST(test_ids_tell_nothing),
        TEST(test_nothing_else_finds_it), TEST(test_numbers_go_on),
        TEST(test_numbers_run_out),       TEST(test_each_store_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
