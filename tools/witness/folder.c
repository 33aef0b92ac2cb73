/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/witness/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "tools/audit/file.h"

#define KEY_FILE "witness.key"
#define KEY_HEAD "verwijsindex witness key 1\n"
#define KEY_FORMAT KEY_HEAD "name %s\nseed %s\n"
#define KEY_FILE_MAXIMUM 512
#define LOCK_FILE "lock"
#define HEAD_PREFIX "head-"
#define HEAD_HASH_BYTES 16
#define HEAD_NAME_LENGTH (sizeof(HEAD_PREFIX) - 1 + HEAD_HASH_BYTES * 2)

static int refuse(char why[static FOLDER_WHY_SIZE], const char *path, const char *what)
{
    snprintf(why, FOLDER_WHY_SIZE, "%s: %s", path, what);
    return FOLDER_REFUSED;
}

static int refuse_fault(char why[static FOLDER_WHY_SIZE], const char *path, int fault)
{
    return refuse(why, path,
                  fault == -EPERM ? "it must belong to you and be closed to others (mode 0700)"
                                  : audit_file_explain(fault));
}

/* ---- the key ---- */

int witness_folder_create(const char *path, const char *name, struct checkpoint_signer *ret_signer,
                          char why[static FOLDER_WHY_SIZE])
{
    CLEANUP(audit_descriptor_close) int folder = -1;
    uint8_t seed[CHECKPOINT_SEED_BYTES];
    char hex[SECRET_HEX_SIZE(sizeof(seed))];
    char text[KEY_FILE_MAXIMUM];
    secret_random(seed, sizeof(seed));
    if (cosignature_signer_init(ret_signer, name, seed) != 0) {
        refuse(why, name, "not a name: 1 to 128 visible characters without '+'");
        return FOLDER_BAD_NAME; /* and nobody has seen the seed */
    }
    int result = audit_directory_open(path, &folder);
    if (result != 0) {
        result = refuse_fault(why, path, result);
    } else if (faccessat(folder, KEY_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        result = refuse(why, path, "there is a witness in it already");
    } else {
        secret_to_hex(seed, sizeof(seed), hex);
        int size = snprintf(text, sizeof(text), KEY_FORMAT, name, hex);
        result = audit_file_write(folder, KEY_FILE, text, (size_t)size);
        result = result != 0 ? refuse_fault(why, path, result) : 0;
    }
    secret_wipe(seed, sizeof(seed));
    secret_wipe(hex, sizeof(hex));
    secret_wipe(text, sizeof(text));
    return result;
}

static bool parse_key(char *text, struct checkpoint_signer *ret_signer)
{
    static const char middle[] = "\nseed ";
    const size_t head = sizeof(KEY_HEAD) - 1;
    uint8_t seed[CHECKPOINT_SEED_BYTES];
    if (strncmp(text, KEY_HEAD "name ", head + 5) != 0) {
        return false;
    }
    char *name = text + head + 5;
    char *end = strstr(name, middle);
    if (end == NULL) {
        return false;
    }
    const char *hex = end + sizeof(middle) - 1;
    *end = '\0';
    bool good = strlen(hex) == 2 * sizeof(seed) + 1 && hex[2 * sizeof(seed)] == '\n' &&
                secret_from_hex(hex, 2 * sizeof(seed), seed, sizeof(seed)) == 0 &&
                cosignature_signer_init(ret_signer, name, seed) == 0;
    secret_wipe(seed, sizeof(seed));
    return good;
}

static int read_key(int folder, const char *path, struct checkpoint_signer *ret_signer,
                    char why[static FOLDER_WHY_SIZE])
{
    struct stat state;
    CLEANUP(text_finish) struct text text = {0};
    if (fstatat(folder, KEY_FILE, &state, AT_SYMLINK_NOFOLLOW) != 0) {
        return refuse(why, path, "there is no witness in it: vix witness init makes one");
    }
    if (!S_ISREG(state.st_mode) || (state.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return refuse(why, path, KEY_FILE " must be a file that is closed to others (mode 0600)");
    }
    int result = audit_file_read(folder, KEY_FILE, &text);
    if (result != 0) {
        return refuse_fault(why, path, result);
    }
    return parse_key(text.bytes, ret_signer) ? 0 : refuse(why, path, KEY_FILE " is not a key");
}

/* ---- the folder ---- */

static int take_lock(struct witness_folder *folder, const char *path,
                     char why[static FOLDER_WHY_SIZE])
{
    folder->lock = openat(folder->descriptor, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                          S_IRUSR | S_IWUSR);
    if (folder->lock < 0) {
        return refuse_fault(why, path, -errno);
    }
    if (flock(folder->lock, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? refuse(why, path, "another witness runs on it")
                                    : refuse_fault(why, path, -errno);
    }
    return 0;
}

int witness_folder_open(const char *path, bool to_run, struct witness_folder *ret_folder,
                        struct checkpoint_signer *ret_signer, char why[static FOLDER_WHY_SIZE])
{
    CLEANUP(witness_folder_close) struct witness_folder folder = WITNESS_NO_FOLDER;
    if (access(path, F_OK) != 0) {
        return refuse_fault(why, path, -errno); /* to open would be to make it */
    }
    int result = audit_directory_open(path, &folder.descriptor);
    if (result != 0) {
        return refuse_fault(why, path, result);
    }
    result = read_key(folder.descriptor, path, ret_signer, why);
    if (result == 0 && to_run) {
        result = take_lock(&folder, path, why);
    }
    if (result == 0) {
        *ret_folder = folder;
        folder = (struct witness_folder)WITNESS_NO_FOLDER;
    }
    return result;
}

void witness_folder_close(struct witness_folder *folder)
{
    audit_descriptor_close(&folder->lock);
    audit_descriptor_close(&folder->descriptor);
}

/* ---- heads ---- */

static void closedirp(DIR **directory)
{
    if (*directory != NULL) {
        closedir(*directory);
    }
}

static int visit(const struct witness_folder *folder, const char *name, witness_head *each,
                 void *context, char why[static FOLDER_WHY_SIZE])
{
    CLEANUP(text_finish) struct text note = {0};
    int result = audit_file_read(folder->descriptor, name, &note);
    if (result != 0) {
        return refuse_fault(why, name, result);
    }
    result = each(context, note.bytes, note.length);
    return result != 0 ? refuse(why, name, "not a head that this witness has cosigned") : 0;
}

int witness_folder_each(const struct witness_folder *folder, witness_head *each, void *context,
                        char why[static FOLDER_WHY_SIZE])
{
    int copy = openat(folder->descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(closedirp) DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
    if (directory == NULL) {
        int fault = -errno;
        audit_descriptor_close(&copy);
        return refuse_fault(why, "the folder", fault);
    }
    struct dirent *entry;
    int result = 0;
    while (result == 0 && (entry = readdir(directory)) != NULL) {
        if (strlen(entry->d_name) == HEAD_NAME_LENGTH &&
            strncmp(entry->d_name, HEAD_PREFIX, sizeof(HEAD_PREFIX) - 1) == 0) {
            result = visit(folder, entry->d_name, each, context, why);
        }
    }
    return result;
}

static void name_head(const char *origin, char out[static HEAD_NAME_LENGTH + 1])
{
    struct merkle_hash hash;
    merkle_leaf(origin, strlen(origin), &hash);
    memcpy(out, HEAD_PREFIX, sizeof(HEAD_PREFIX) - 1);
    secret_to_hex(hash.bytes, HEAD_HASH_BYTES, out + sizeof(HEAD_PREFIX) - 1);
}

int witness_folder_keep(void *context, const char *origin, const char *note, size_t size)
{
    const struct witness_folder *folder = context;
    char name[HEAD_NAME_LENGTH + 1];
    name_head(origin, name);
    return audit_file_write(folder->descriptor, name, note, size);
}

int witness_folder_read_head(const struct witness_folder *folder, const char *origin,
                             struct text *note)
{
    char name[HEAD_NAME_LENGTH + 1];
    name_head(origin, name);
    return audit_file_read(folder->descriptor, name, note);
}
