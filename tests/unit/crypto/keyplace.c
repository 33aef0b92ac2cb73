/* SPDX-License-Identifier: EUPL-1.2 */
#include "keyplace.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void remove_tree(const char *path)
{
    DIR *listing = opendir(path);
    if (listing != NULL) {
        for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
            char inner[PATH_SIZE];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
                continue;
            }
            place_join(path, entry->d_name, inner);
            if (unlink(inner) != 0) {
                remove_tree(inner);
            }
        }
        closedir(listing);
    }
    rmdir(path);
}

int place_setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    char why[KEYRING_WHY_SIZE];
    const char *temporary = getenv("TMPDIR");
    assert_non_null(place);
    snprintf(place->folder, sizeof(place->folder), "%s/keyring-XXXXXX",
             temporary != NULL ? temporary : "/tmp");
    assert_non_null(mkdtemp(place->folder));
    place_join(place->folder, "keys", place->keys);
    assert_int_equal(keyring_create(place->keys, why), KEYRING_OK);
    *state = place;
    return 0;
}

int place_teardown(void **state)
{
    struct place *place = *state;
    remove_tree(place->folder);
    free(place);
    return 0;
}

void place_join(const char *folder, const char *name, char path[PATH_SIZE])
{
    assert_in_range(snprintf(path, PATH_SIZE, "%s/%s", folder, name), 1, PATH_SIZE - 1);
}

bool place_exists(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    struct stat status;
    place_join(folder, name, path);
    return lstat(path, &status) == 0;
}

void place_path(const struct place *place, const char *name, char path[PATH_SIZE])
{
    place_join(place->keys, name, path);
}

void place_write(const struct place *place, const char *name, const char *text)
{
    char path[PATH_SIZE];
    place_path(place, name, path);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

size_t place_read(const struct place *place, const char *name, char *text, size_t size)
{
    char path[PATH_SIZE];
    place_path(place, name, path);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, text, size);
    assert_true(got >= 0);
    close(fd);
    return (size_t)got;
}

static int load(const struct place *place, struct keyring **ret_keyring,
                char why[static KEYRING_WHY_SIZE])
{
    return keyring_load(place->keys, place->epochs[0] != '\0' ? place->epochs : NULL, ret_keyring,
                        why);
}

struct keyring *place_load(const struct place *place)
{
    char why[KEYRING_WHY_SIZE] = "";
    struct keyring *keyring = NULL;
    if (load(place, &keyring, why) != KEYRING_OK) {
        fail_msg("%s", why);
    }
    return keyring;
}

void place_assert_refused(const struct place *place, const char *because)
{
    char why[KEYRING_WHY_SIZE] = "";
    struct keyring *keyring = NULL;
    assert_int_equal(load(place, &keyring, why), KEYRING_REFUSED);
    assert_null(keyring);
    if (strstr(why, because) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why, because);
    }
    assert_non_null(strstr(why, place->folder));
    assert_null(strstr(why, SOME_KEY));
}
