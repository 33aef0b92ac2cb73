/* SPDX-License-Identifier: EUPL-1.2 */
/* The turn of the epoch key: what is in the ring, what is on disk, who reads meanwhile. */
#include "keyplace.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/seal.h"
#include "crypto/secret.h"

#define LEFTOVER ".unfinished.key"

/* Which fsync() from now on fails, counted from 1; 0: none does. */
static unsigned failing_sync;

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    if (failing_sync > 0 && --failing_sync == 0) {
        errno = EIO;
        return -1;
    }
    return __real_fsync(fd);
}

static uint32_t begin(struct keyring *keyring)
{
    char why[KEYRING_WHY_SIZE] = "";
    uint32_t id = 0;
    if (keyring_epoch_begin(keyring, &id, why) != KEYRING_OK) {
        fail_msg("%s", why);
    }
    assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), id);
    return id;
}

static void retire(struct keyring *keyring, uint32_t below)
{
    char why[KEYRING_WHY_SIZE] = "";
    if (keyring_epoch_retire(keyring, below, why) != KEYRING_OK) {
        fail_msg("%s", why);
    }
}

static void assert_says(const char *why, const char *because)
{
    if (strstr(why, because) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why, because);
    }
}

/* Refused, and nothing is other than it was. */
static void refuse_begin(struct keyring *keyring, const char *because)
{
    char why[KEYRING_WHY_SIZE] = "";
    uint32_t untouched = 77;
    uint32_t current = keyring_current(keyring, KEYRING_EPOCH);
    size_t others = keyring_epoch_others(keyring);
    assert_int_equal(keyring_epoch_begin(keyring, &untouched, why), KEYRING_REFUSED);
    assert_says(why, because);
    assert_int_equal(untouched, 77);
    assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), current);
    assert_int_equal(keyring_epoch_others(keyring), others);
    assert_null(keyring_find(keyring, KEYRING_EPOCH, current + 1));
}

static void refuse_retire(struct keyring *keyring, uint32_t below, const char *because)
{
    char why[KEYRING_WHY_SIZE] = "";
    size_t others = keyring_epoch_others(keyring);
    assert_int_equal(keyring_epoch_retire(keyring, below, why), KEYRING_REFUSED);
    assert_says(why, because);
    assert_int_equal(keyring_epoch_others(keyring), others);
}

static struct keyring *in_memory(uint32_t first)
{
    struct keyring *keyring = NULL;
    const uint8_t key[KEYRING_KEY_BYTES] = {9, 8, 7};
    assert_int_equal(keyring_new(&keyring), 0);
    assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), 0);
    assert_int_equal(keyring_epoch_others(keyring), 0);
    assert_int_equal(keyring_add(keyring, KEYRING_EPOCH, first, key), KEYRING_OK);
    return keyring;
}

/* ---- in memory ---- */

static void test_years_of_turns(void **state)
{
    (void)state;
    struct keyring *keyring = in_memory(1);
    char why[KEYRING_WHY_SIZE];
    uint8_t before[KEYRING_KEY_BYTES];
    assert_true(keyring_epoch_writable(keyring, why));
    for (uint32_t id = 2; id < 12 * 30; id++) {
        memcpy(before, keyring_find(keyring, KEYRING_EPOCH, id - 1), sizeof(before));
        assert_int_equal(begin(keyring), id);
        assert_int_equal(keyring_epoch_others(keyring), 1);
        assert_null(keyring_find(keyring, KEYRING_EPOCH, id - 2)); /* wiped, and 0 is no id */
        assert_memory_not_equal(keyring_find(keyring, KEYRING_EPOCH, id), before, sizeof(before));

        retire(keyring, id);
        retire(keyring, id);
        assert_int_equal(keyring_epoch_others(keyring), 0);
        assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), id);
        /* who reads an old snapshot goes on */
        assert_memory_equal(keyring_find(keyring, KEYRING_EPOCH, id - 1), before, sizeof(before));
    }
    keyring_free(keyring);
}

static void test_wiped_keys_leave_no_bytes(void **state)
{
    (void)state;
    struct keyring *keyring = in_memory(1);
    const uint8_t *bytes = keyring_find(keyring, KEYRING_EPOCH, 1);
    const uint8_t old[KEYRING_KEY_BYTES] = {9, 8, 7};
    assert_memory_equal(bytes, old, sizeof(old));
    begin(keyring);
    retire(keyring, 2);
    assert_memory_equal(bytes, old, sizeof(old));
    begin(keyring); /* the slot is the ring's still */
    assert_memory_not_equal(bytes, old, sizeof(old));
    keyring_free(keyring);
}

static void test_the_current_key_is_never_retired(void **state)
{
    (void)state;
    struct keyring *keyring = in_memory(5);
    refuse_retire(keyring, 6, "cannot be retired");
    refuse_retire(keyring, UINT32_MAX, "cannot be retired");
    retire(keyring, 5);
    retire(keyring, 0);
    assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), 5);
    assert_int_equal(begin(keyring), 6);
    assert_non_null(keyring_find(keyring, KEYRING_EPOCH, 5));
    keyring_free(keyring);
}

static void test_turns_that_are_never_finished(void **state)
{
    (void)state;
    struct keyring *keyring = in_memory(1);
    for (uint32_t id = 2; id <= KEYRING_EPOCHS_MAXIMUM; id++) {
        assert_int_equal(begin(keyring), id);
        assert_int_equal(keyring_epoch_others(keyring), id - 1);
    }
    refuse_begin(keyring, "too many epoch keys");
    for (uint32_t id = 1; id <= KEYRING_EPOCHS_MAXIMUM; id++) {
        assert_non_null(keyring_find(keyring, KEYRING_EPOCH, id));
    }
    retire(keyring, 3);
    assert_int_equal(keyring_epoch_others(keyring), KEYRING_EPOCHS_MAXIMUM - 3);
    assert_int_equal(begin(keyring), KEYRING_EPOCHS_MAXIMUM + 1);
    keyring_free(keyring);

    keyring = in_memory(UINT32_MAX);
    refuse_begin(keyring, "too many epoch keys");
    keyring_free(keyring);
}

/* ---- on disk ---- */

static void test_a_turn_on_disk(void **state)
{
    const struct place *place = *state;
    struct keyring *keyring = place_load(place);
    char path[PATH_SIZE];
    struct stat status;
    assert_int_equal(keyring_epoch_others(keyring), 0);
    assert_int_equal(begin(keyring), 2);
    place_path(place, "epoch-2.key", path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_nlink, 1);
    assert_false(place_exists(place->keys, LEFTOVER));

    struct keyring *again = place_load(place); /* as after a crash in the middle of the turn */
    assert_int_equal(keyring_current(again, KEYRING_EPOCH), 2);
    assert_int_equal(keyring_epoch_others(again), 1);
    for (uint32_t id = 1; id <= 2; id++) {
        assert_memory_equal(keyring_find(again, KEYRING_EPOCH, id),
                            keyring_find(keyring, KEYRING_EPOCH, id), KEYRING_KEY_BYTES);
    }
    keyring_free(keyring);

    retire(again, 2);
    assert_false(place_exists(place->keys, "epoch-1.key"));
    assert_true(place_exists(place->keys, "epoch-2.key"));
    keyring_free(again);
    keyring = place_load(place);
    assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), 2);
    assert_int_equal(keyring_epoch_others(keyring), 0);
    keyring_free(keyring);
}

/* The bytes go before the name; what a crash leaves in between loads, as a key of nothing. */
static void test_what_is_destroyed_is_overwritten(void **state)
{
    const struct place *place = *state;
    char kept[PATH_SIZE];
    char path[PATH_SIZE];
    char before[256] = "";
    char after[256] = "";
    struct keyring *keyring = place_load(place);
    place_join(place->folder, "second-name", kept);
    place_path(place, "epoch-1.key", path);
    assert_int_equal(link(path, kept), 0);
    size_t size = place_read(place, "epoch-1.key", before, sizeof(before) - 1);
    begin(keyring);
    retire(keyring, 2);

    assert_int_equal(rename(kept, path), 0);
    assert_int_equal(place_read(place, "epoch-1.key", after, sizeof(after) - 1), size);
    size_t key_at = strlen("verwijsindex-key-1 epoch 1 ");
    assert_memory_equal(after, before, key_at);
    size_t same = 0;
    for (size_t i = key_at; i < size - 1; i++) {
        same += before[i] == after[i];
    }
    assert_in_range(same, 0, 20); /* of 43; by chance less than one */

    struct keyring *again = place_load(place);
    assert_int_equal(keyring_epoch_others(again), 1);
    assert_memory_not_equal(keyring_find(again, KEYRING_EPOCH, 1),
                            keyring_find(keyring, KEYRING_EPOCH, 1), KEYRING_KEY_BYTES);
    retire(again, 2);
    assert_false(place_exists(place->keys, "epoch-1.key"));
    keyring_free(again);
    keyring_free(keyring);
}

static void test_files_that_came_or_went_meanwhile(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    char text[256] = "";
    struct keyring *keyring = place_load(place);
    place_read(place, "epoch-1.key", text, sizeof(text) - 1);
    place_path(place, "epoch-1.key", path);
    begin(keyring);
    assert_int_equal(unlink(path), 0);
    retire(keyring, 2);
    place_write(place, "epoch-1.key", text); /* a copy is put back: it goes at the next turn */
    assert_int_equal(chmod(path, 0400), 0);
    begin(keyring);
    retire(keyring, 3);
    assert_false(place_exists(place->keys, "epoch-1.key"));
    assert_false(place_exists(place->keys, "epoch-2.key"));
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        if (i != KEYRING_EPOCH) {
            snprintf(text, sizeof(text), "%s-1.key", keyring_purpose_name((enum keyring_purpose)i));
            assert_true(place_exists(place->keys, text));
        }
    }
    keyring_free(keyring);
    keyring_free(place_load(place));
}

/* ---- disks that refuse ---- */

static void test_a_key_that_cannot_be_written(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    char text[256] = "";
    struct keyring *keyring = place_load(place);

    /* one that is there is never overwritten */
    place_write(place, "epoch-2.key", "somebody's");
    refuse_begin(keyring, "epoch-2.key: File exists");
    assert_int_equal(place_read(place, "epoch-2.key", text, sizeof(text) - 1), 10);
    assert_string_equal(text, "somebody's");
    place_path(place, "epoch-2.key", path);
    assert_int_equal(unlink(path), 0);

    for (unsigned sync = 1; sync <= 2; sync++) { /* the file's, the folder's */
        failing_sync = sync;
        refuse_begin(keyring, "Input/output error");
        assert_int_equal(failing_sync, 0);
        assert_false(place_exists(place->keys, "epoch-2.key"));
        assert_false(place_exists(place->keys, LEFTOVER));
    }

    assert_int_equal(chmod(place->keys, 0750), 0);
    refuse_begin(keyring, "must be closed to group and others");
    assert_int_equal(chmod(place->keys, 0700), 0);
    place_join(place->folder, "elsewhere", path);
    assert_int_equal(rename(place->keys, path), 0);
    refuse_begin(keyring, "No such file or directory");
    assert_int_equal(rename(path, place->keys), 0);

    assert_int_equal(begin(keyring), 2);
    keyring_free(keyring);
}

/* A crash can leave a second name of the current key: taking it away must not harm the key. */
static void test_what_a_crash_left(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    char leftover[PATH_SIZE];
    char before[256] = "";
    char after[256] = "";
    place_path(place, "epoch-1.key", path);
    place_path(place, LEFTOVER, leftover);
    size_t size = place_read(place, "epoch-1.key", before, sizeof(before) - 1);
    assert_int_equal(link(path, leftover), 0);
    struct keyring *keyring = place_load(place);
    assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), 1);
    assert_int_equal(begin(keyring), 2);
    assert_false(place_exists(place->keys, LEFTOVER));
    assert_int_equal(place_read(place, "epoch-1.key", after, sizeof(after) - 1), size);
    assert_string_equal(after, before);

    place_write(place, LEFTOVER, "half a k");
    assert_int_equal(begin(keyring), 3);
    assert_false(place_exists(place->keys, LEFTOVER));
    keyring_free(keyring);
}

static void test_a_key_that_cannot_be_destroyed(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    struct keyring *keyring = place_load(place);
    begin(keyring);
    failing_sync = 1;
    refuse_retire(keyring, 2, "Input/output error");
    assert_int_equal(keyring_epoch_others(keyring), 1);
    failing_sync = 2; /* the folder's: the file is gone, and that is not known to last */
    refuse_retire(keyring, 2, "Input/output error");
    assert_int_equal(failing_sync, 0);
    assert_int_equal(keyring_epoch_others(keyring), 1);
    retire(keyring, 2);
    assert_int_equal(keyring_epoch_others(keyring), 0);

    place_path(place, "epoch-1.key", path);
    assert_int_equal(mkdir(path, 0700), 0);
    refuse_retire(keyring, 2, "epoch-1.key");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("record-1.key", path), 0);
    refuse_retire(keyring, 2, "epoch-1.key");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuse_retire(keyring, 2, "epoch-1.key");
    assert_int_equal(unlink(path), 0);
    keyring_free(keyring);
    keyring_free(place_load(place));
}

static void test_writable(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    char why[KEYRING_WHY_SIZE] = "";
    struct keyring *keyring = place_load(place);
    bool root = geteuid() == 0;
    assert_true(keyring_epoch_writable(keyring, why));
    assert_int_equal(chmod(place->keys, 0500), 0);
    assert_int_equal(seteuid(root ? 65534 : geteuid()), 0);
    bool writable = keyring_epoch_writable(keyring, why);
    assert_int_equal(seteuid(root ? 0 : geteuid()), 0);
    assert_false(writable);
    assert_says(why, "cannot write in ");
    assert_says(why, place->folder);
    assert_int_equal(chmod(place->keys, 0700), 0);

    place_join(place->folder, "elsewhere", path);
    assert_int_equal(rename(place->keys, path), 0);
    assert_false(keyring_epoch_writable(keyring, why));
    assert_int_equal(rename(path, place->keys), 0);
    assert_true(keyring_epoch_writable(keyring, why));
    keyring_free(keyring);
}

/* ---- a folder apart ---- */

/* Moves the epoch key into a folder of its own. */
static void set_apart(struct place *place)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];
    place_join(place->folder, "epochs", place->epochs);
    assert_int_equal(mkdir(place->epochs, 0700), 0);
    place_path(place, "epoch-1.key", from);
    place_join(place->epochs, "epoch-1.key", to);
    assert_int_equal(rename(from, to), 0);
}

static void move(const char *name, const char *from, const char *to)
{
    char old[PATH_SIZE];
    char new[PATH_SIZE];
    place_join(from, name, old);
    place_join(to, name, new);
    assert_int_equal(rename(old, new), 0);
}

static void test_a_turn_in_a_folder_apart(void **state)
{
    struct place *place = *state;
    set_apart(place);
    /* as credentials are: nothing can be written there */
    assert_int_equal(chmod(place->keys, 0500), 0);
    struct keyring *keyring = place_load(place);
    assert_int_equal(begin(keyring), 2);
    assert_true(place_exists(place->epochs, "epoch-2.key"));
    assert_false(place_exists(place->keys, "epoch-2.key"));
    retire(keyring, 2);
    assert_false(place_exists(place->epochs, "epoch-1.key"));
    keyring_free(keyring);
    keyring = place_load(place);
    assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), 2);
    keyring_free(keyring);
    assert_int_equal(chmod(place->keys, 0700), 0);
}

static void test_keys_in_the_wrong_folder(void **state)
{
    struct place *place = *state;
    char path[PATH_SIZE];
    set_apart(place);
    place_write(place, "epoch-2.key", "verwijsindex-key-1 epoch 2 " SOME_KEY "\n");
    place_assert_refused(place, "keys/epoch-2.key must not be there: epoch keys are in");
    move("epoch-2.key", place->keys, place->epochs);
    keyring_free(place_load(place));

    place_write(place, "record-2.key", "verwijsindex-key-1 record 2 " SOME_KEY "\n");
    place_assert_refused(place, "epoch-2.key holds the same key as another file");
    place_join(place->epochs, "epoch-2.key", path);
    assert_int_equal(unlink(path), 0);
    keyring_free(place_load(place));
    move("record-2.key", place->keys, place->epochs);
    place_assert_refused(place, "epochs/record-2.key must not be there");
    place_join(place->epochs, "record-2.key", path);
    assert_int_equal(unlink(path), 0);

    move("epoch-1.key", place->epochs, place->folder);
    place_assert_refused(place, "epochs has no key epoch-<id>.key");
    move("epoch-1.key", place->folder, place->epochs);
    keyring_free(place_load(place));
}

static void test_the_folder_apart_is_guarded_too(void **state)
{
    struct place *place = *state;
    char path[PATH_SIZE];
    set_apart(place);
    place_join(place->epochs, "epoch-1.key", path);
    assert_int_equal(chmod(place->epochs, 0710), 0);
    place_assert_refused(place, "epochs must be closed to group and others");
    assert_int_equal(chmod(place->epochs, 0700), 0);
    assert_int_equal(chmod(path, 0640), 0);
    place_assert_refused(place, "epoch-1.key must be closed to group and others");
    assert_int_equal(chmod(path, 0600), 0);
    keyring_free(place_load(place));
    strcat(place->epochs, "-not");
    place_assert_refused(place, "epochs-not: No such file or directory");
}

/* The same folder by another name is not apart. */
static void test_one_folder_named_twice(void **state)
{
    struct place *place = *state;
    place_join(place->keys, "../keys", place->epochs);
    struct keyring *keyring = place_load(place);
    assert_int_equal(begin(keyring), 2);
    assert_true(place_exists(place->keys, "epoch-2.key"));
    keyring_free(keyring);
}

/* ---- readers ---- */

#define READERS 3
#define TURNS 40

static const struct seal_place some_row = {.table = 1, .key = "row", .key_size = 3};

struct reader {
    pthread_t thread;
    const struct keyring *keyring;
    atomic_ulong rounds; /* each stored after the last look at a key */
    atomic_bool stop;
    _Atomic(const char *) wrong;
};

/* A copy that is made here, where the thread sanitizer sees the bytes being read. */
static bool look_up(const struct keyring *keyring, uint32_t id, uint8_t copy[KEYRING_KEY_BYTES])
{
    const uint8_t *key = keyring_find(keyring, KEYRING_EPOCH, id);
    if (key != NULL) {
        memcpy(copy, key, KEYRING_KEY_BYTES);
    }
    return key != NULL;
}

/* Opens what the round before sealed, as who has an old snapshot, and seals anew. */
static const char *read_round(const struct keyring *keyring, uint8_t *sealed, size_t size)
{
    static const uint8_t plain[KEYRING_KEY_BYTES] = {1, 2, 3};
    uint8_t opened[sizeof(plain)];
    uint8_t key[KEYRING_KEY_BYTES];
    if (seal_key_id(sealed, size) != 0) {
        if (!look_up(keyring, seal_key_id(sealed, size), key)) {
            return "a key is gone too early";
        }
        if (seal_open(key, some_row, sealed, size, opened) != 0 ||
            memcmp(opened, plain, sizeof(plain)) != 0) {
            return "a key is not what it was";
        }
    }
    uint32_t id = keyring_current(keyring, KEYRING_EPOCH);
    if (keyring_epoch_others(keyring) > 1) {
        return "there are others than one turn can have";
    }
    /* The next one may be there by now: it is whole as soon as it is found. */
    if (look_up(keyring, id + 1, key)) {
        id = id + 1;
    } else if (!look_up(keyring, id, key)) {
        return "the current key is not there";
    }
    seal_close(id, key, some_row, plain, sizeof(plain), sealed);
    return NULL;
}

static void *run_reader(void *user)
{
    struct reader *reader = user;
    uint8_t sealed[KEYRING_KEY_BYTES + SEAL_OVERHEAD] = {0};
    while (!atomic_load(&reader->stop) && atomic_load(&reader->wrong) == NULL) {
        atomic_store(&reader->wrong, read_round(reader->keyring, sealed, sizeof(sealed)));
        atomic_fetch_add(&reader->rounds, 1);
    }
    return NULL;
}

/* Until each reader has begun and ended a round: what it read before that it uses no more, as a
 * snapshot outlives no callback. */
static void let_go(struct reader *readers)
{
    for (size_t i = 0; i < READERS; i++) {
        unsigned long seen = atomic_load(&readers[i].rounds);
        while (atomic_load(&readers[i].rounds) < seen + 2 &&
               atomic_load(&readers[i].wrong) == NULL) {
            sched_yield();
        }
    }
}

static void test_readers_do_not_notice(void **state)
{
    const struct place *place = *state;
    struct keyring *keyring = place_load(place);
    struct reader readers[READERS] = {0};
    for (size_t i = 0; i < READERS; i++) {
        readers[i].keyring = keyring;
        assert_int_equal(pthread_create(&readers[i].thread, NULL, run_reader, &readers[i]), 0);
    }
    for (uint32_t id = 2; id < 2 + TURNS; id++) {
        let_go(readers);
        assert_int_equal(begin(keyring), id);
        let_go(readers);
        retire(keyring, id);
    }
    for (size_t i = 0; i < READERS; i++) {
        atomic_store(&readers[i].stop, true);
    }
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        const char *wrong = atomic_load(&readers[i].wrong);
        if (wrong != NULL) {
            fail_msg("%s", wrong);
        }
        assert_true(atomic_load(&readers[i].rounds) > TURNS);
    }
    keyring_free(keyring);
}

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_years_of_turns),
        cmocka_unit_test(test_wiped_keys_leave_no_bytes),
        cmocka_unit_test(test_the_current_key_is_never_retired),
        cmocka_unit_test(test_turns_that_are_never_finished),
        WITH_PLACE(test_a_turn_on_disk),
        WITH_PLACE(test_what_is_destroyed_is_overwritten),
        WITH_PLACE(test_files_that_came_or_went_meanwhile),
        WITH_PLACE(test_a_key_that_cannot_be_written),
        WITH_PLACE(test_what_a_crash_left),
        WITH_PLACE(test_a_key_that_cannot_be_destroyed),
        WITH_PLACE(test_writable),
        WITH_PLACE(test_a_turn_in_a_folder_apart),
        WITH_PLACE(test_keys_in_the_wrong_folder),
        WITH_PLACE(test_the_folder_apart_is_guarded_too),
        WITH_PLACE(test_one_folder_named_twice),
        WITH_PLACE(test_readers_do_not_notice),
    };
    return cmocka_run_group_tests_name("keyring_epoch", tests, support_init, NULL);
}
