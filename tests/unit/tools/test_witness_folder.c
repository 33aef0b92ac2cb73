/* SPDX-License-Identifier: EUPL-1.2 */
/* What a witness keeps on disk of what it refused: how much, which, and whether it can be read. */
#include "tools/witness/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/audit/file.h"
#include "tools/witness/refused.h"
#include "witness_log.h"

#define COSIGNED 7 /* entries of the head that was kept */
#define SHOWN_MAXIMUM 32

static struct witness_log_world *world;

struct place {
    char path[32];
    struct witness_folder folder;
    struct checkpoint_signer signer;
    char why[FOLDER_WHY_SIZE];
};

static int set_up_group(void **state)
{
    witness_log_set_up(state);
    world = *state;
    return 0;
}

/* A folder with one head that was cosigned. */
static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    const char *note = witness_log_head(world, COSIGNED);
    assert_non_null(place);
    world->forked_at = LEAVES;
    strcpy(place->path, "/tmp/vix-test-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    assert_int_equal(witness_folder_create(place->path, "w.example/w", &place->signer, place->why),
                     0);
    assert_int_equal(
        witness_folder_open(place->path, true, &place->folder, &place->signer, place->why), 0);
    assert_int_equal(witness_folder_keep(&place->folder, ORIGIN, note, strlen(note)), 0);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    DIR *directory = opendir(place->path);
    struct dirent *entry;
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    witness_folder_close(&place->folder);
    assert_int_equal(rmdir(place->path), 0);
    free(place);
    return 0;
}

/* ---- what is there ---- */

struct shown {
    size_t count;
    char names[SHOWN_MAXIMUM][WITNESS_FILE_SIZE];
    bool is_proof[SHOWN_MAXIMUM];
    uint64_t sizes[SHOWN_MAXIMUM]; /* of the refused heads */
};

static int show(void *context, const char *name, bool is_proof, const char *bytes, size_t size)
{
    struct shown *shown = context;
    struct witness_refused refused;
    assert_in_range(shown->count, 0, SHOWN_MAXIMUM - 1);
    if (witness_refused_parse(bytes, size, &refused) != 0) {
        return FOLDER_REFUSED;
    }
    assert_int_equal(refused.cosigned.size, COSIGNED);
    assert_int_equal(refused.request.old_size, COSIGNED);
    strcpy(shown->names[shown->count], name);
    shown->is_proof[shown->count] = is_proof;
    shown->sizes[shown->count++] = refused.request.checkpoint.size;
    return 0;
}

static struct shown show_all(struct place *place)
{
    struct shown shown = {.count = 0};
    assert_int_equal(witness_folder_each_refused(&place->folder, show, &shown, place->why), 0);
    return shown;
}

/* Of the history that begins to differ at `forked_at`. */
static void refuse(struct place *place, uint64_t forked_at, uint64_t size, bool is_proof,
                   char name[static WITNESS_FILE_SIZE])
{
    world->forked_at = forked_at;
    const char *body = witness_log_request(world, COSIGNED, size);
    assert_int_equal(
        witness_folder_keep_refused(&place->folder, ORIGIN, is_proof, body, strlen(body), name), 0);
    world->forked_at = LEAVES;
}

/* ---- tests ---- */

static void test_what_was_refused_is_kept_with_what_it_contradicts(void **state)
{
    struct place *place = *state;
    char name[WITNESS_FILE_SIZE];
    char again[WITNESS_FILE_SIZE];
    struct text text = {0};
    struct witness_refused refused;
    struct checkpoint head;
    uint64_t time;
    struct stat state_of_file;
    refuse(place, 3, 12, true, name);
    assert_int_equal(audit_file_read(place->folder.descriptor, name, &text), 0);
    assert_int_equal(fstatat(place->folder.descriptor, name, &state_of_file, 0), 0);
    assert_int_equal(state_of_file.st_mode & 0777, 0600);
    assert_int_equal(witness_refused_parse(text.bytes, text.length, &refused), 0);
    assert_int_equal(
        checkpoint_open(refused.note, refused.note_size, &world->log.vkey, &head, &time), 0);
    assert_int_equal(checkpoint_open(refused.request.note, refused.request.note_size,
                                     &world->log.vkey, &head, &time),
                     0);
    assert_int_equal(witness_refused_judge(&refused.cosigned, &refused.request),
                     WITNESS_FORK_PROVED);
    /* Cut short anywhere it is not taken for one. */
    for (size_t size = 0; size < text.length; size++) {
        struct witness_refused other;
        assert_int_equal(witness_refused_parse(text.bytes, size, &other),
                         WITNESS_REQUEST_MALFORMED);
    }
    text_finish(&text);

    /* The same once more makes no other file; of the other kind it does. */
    refuse(place, 3, 12, true, again);
    assert_string_equal(again, name);
    refuse(place, 3, 12, false, again);
    assert_string_not_equal(again, name);
    struct shown shown = show_all(place);
    assert_int_equal(shown.count, 2);
    assert_string_equal(shown.names[0], name);
    assert_string_equal(shown.names[1], again);
    assert_true(shown.is_proof[0] && !shown.is_proof[1]);
}

/* The first is how it began, and nobody can push it out; nor what is of the other kind. */
static void test_the_first_and_the_newest_stay(void **state)
{
    struct place *place = *state;
    char first[WITNESS_FILE_SIZE];
    char proof[WITNESS_FILE_SIZE];
    char name[WITNESS_FILE_SIZE];
    uint64_t newest[FOLDER_NEWEST] = {0};
    refuse(place, 2, LEAVES, true, proof);
    refuse(place, 0, COSIGNED + 1, false, first);
    for (uint64_t forked_at = 0; forked_at < 3; forked_at++) {
        for (uint64_t size = COSIGNED + 2; size <= LEAVES; size++) {
            refuse(place, forked_at, size, false, name);
            memmove(newest, newest + 1, sizeof(newest) - sizeof(newest[0]));
            newest[FOLDER_NEWEST - 1] = size;
            struct shown shown = show_all(place);
            assert_in_range(shown.count, 3, 1 + 1 + FOLDER_NEWEST);
        }
    }
    struct shown shown = show_all(place);
    assert_int_equal(shown.count, 1 + 1 + FOLDER_NEWEST);
    assert_string_equal(shown.names[0], proof);
    assert_string_equal(shown.names[1], first);
    assert_int_equal(shown.sizes[1], COSIGNED + 1);
    for (size_t i = 0; i < FOLDER_NEWEST; i++) {
        assert_int_equal(shown.sizes[2 + i], newest[i]);
    }
    assert_string_equal(shown.names[1 + FOLDER_NEWEST], name);
    /* What is there already pushes nothing out. */
    refuse(place, 2, LEAVES, false, name);
    assert_string_equal(name, shown.names[1 + FOLDER_NEWEST]);
    assert_int_equal(show_all(place).count, shown.count);
}

static void test_heads_and_refusals_are_told_apart(void **state)
{
    struct place *place = *state;
    char name[WITNESS_FILE_SIZE];
    struct text text = {0};
    refuse(place, 3, 12, true, name);
    assert_int_equal(witness_folder_read_head(&place->folder, ORIGIN, &text), 0);
    assert_string_equal(text.bytes, witness_log_head(world, COSIGNED));
    text_finish(&text);
    assert_int_equal(witness_folder_read_head(&place->folder, "other.example/log", &text), -ENOENT);
    text_finish(&text);
    /* Of a log of which no head was kept there is nothing to contradict. */
    const char *body = witness_log_request(world, COSIGNED, 12);
    assert_int_equal(witness_folder_keep_refused(&place->folder, "other.example/log", true, body,
                                                 strlen(body), name),
                     -ENOENT);
    assert_int_equal(show_all(place).count, 1);
}

static void test_a_file_that_was_spoilt_is_told(void **state)
{
    struct place *place = *state;
    char name[WITNESS_FILE_SIZE];
    char second[WITNESS_FILE_SIZE];
    struct shown shown = {.count = 0};
    refuse(place, 3, 12, true, name);
    int file = openat(place->folder.descriptor, name, O_WRONLY | O_TRUNC);
    assert_true(file >= 0);
    close(file);
    assert_int_equal(witness_folder_each_refused(&place->folder, show, &shown, place->why),
                     FOLDER_REFUSED);
    assert_non_null(strstr(place->why, name));
    /* And the same is then kept once more. */
    refuse(place, 3, 12, true, second);
    assert_string_not_equal(second, name);
}

/* A name that cannot be one leaves nothing behind. */
static void test_a_bad_name_makes_no_folder(void **state)
{
    struct place *place = *state;
    struct checkpoint_signer signer;
    char path[64];
    snprintf(path, sizeof(path), "%s/new", place->path);
    static const char *const names[] = {"", "bad name", "a+b", "a\nb"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        assert_int_equal(witness_folder_create(path, names[i], &signer, place->why),
                         FOLDER_BAD_NAME);
        assert_int_equal(access(path, F_OK), -1);
    }
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_what_was_refused_is_kept_with_what_it_contradicts),
        WITH_PLACE(test_the_first_and_the_newest_stay),
        WITH_PLACE(test_heads_and_refusals_are_told_apart),
        WITH_PLACE(test_a_file_that_was_spoilt_is_told),
        WITH_PLACE(test_a_bad_name_makes_no_folder),
    };
    return cmocka_run_group_tests(tests, set_up_group, NULL);
}
