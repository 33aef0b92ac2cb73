/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/keyfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"

#define KEY_FORMAT "verwijsindex-key-1"
#define KEY_BASE64_LENGTH (SECRET_BASE64URL_SIZE(KEYRING_KEY_BYTES) - 1)
#define KEY_TEXT_MAXIMUM 128             /* the longest line has 85 bytes */
#define TEMPORARY_NAME ".unfinished.key" /* the dot: a reader passes it over */

/* What a key file holds: all of it is wiped. */
struct key_text {
    char bytes[KEY_TEXT_MAXIMUM + 1];
    size_t length;
};

static const char *const purpose_names[KEYRING_PURPOSES] = {
    [KEYRING_EVALUATION] = "evaluation", [KEYRING_INDEX] = "index", [KEYRING_RECORD] = "record",
    [KEYRING_EPOCH] = "epoch",           [KEYRING_LOG] = "log",
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

static void close_directory(DIR **directory)
{
    if (*directory != NULL) {
        closedir(*directory);
    }
}

static void key_text_wipe(struct key_text *text)
{
    secret_wipe(text, sizeof(*text));
}

void keyring_key_wipe(struct keyring_key *key)
{
    secret_wipe(key, sizeof(*key));
}

const char *keyring_purpose_name(enum keyring_purpose purpose)
{
    return (unsigned)purpose < KEYRING_PURPOSES ? purpose_names[purpose] : "unknown";
}

/* ---- why not ---- */

int keyfile_refuse(char why[static KEYRING_WHY_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, KEYRING_WHY_SIZE, format, arguments);
    va_end(arguments);
    return KEYRING_REFUSED;
}

int keyfile_refuse_errno(char why[static KEYRING_WHY_SIZE], const char *doing,
                         const char *directory, const char *name)
{
    int error = errno;
    keyfile_refuse(why, "cannot %s %s%s%s: %s", doing, directory, name[0] != '\0' ? "/" : "", name,
                   strerror(error));
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case EEXIST:
    case ENAMETOOLONG:
    case EROFS:
    case ENXIO:
        return KEYRING_REFUSED;
    default:
        return -error;
    }
}

/* ---- text and names ---- */

/* Moves past `word` when the text goes on with it. */
static bool skip_word(const char **text, const char *end, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(end - *text) < length || memcmp(*text, word, length) != 0) {
        return false;
    }
    *text += length;
    return true;
}

static bool skip_purpose(const char **text, const char *end, enum keyring_purpose *ret_purpose)
{
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        if (skip_word(text, end, purpose_names[i])) {
            *ret_purpose = (enum keyring_purpose)i;
            return true;
        }
    }
    return false;
}

/* A decimal from 1 to 2^32 - 1 without leading zeroes. */
static bool skip_id(const char **text, const char *end, uint32_t *ret_id)
{
    uint64_t id = 0;
    if (*text < end && **text == '0') {
        return false;
    }
    for (; *text < end && **text >= '0' && **text <= '9'; (*text)++) {
        id = id * 10 + (unsigned)(**text - '0');
        if (id > UINT32_MAX) {
            return false;
        }
    }
    *ret_id = (uint32_t)id;
    return id != 0;
}

int keyring_parse_key(const char *text, size_t length, enum keyring_purpose *ret_purpose,
                      uint32_t *ret_id, uint8_t ret_key[static KEYRING_KEY_BYTES])
{
    const char *end = text + length;
    enum keyring_purpose purpose;
    uint32_t id;

    if (length > 0 && end[-1] == '\n') {
        end--;
    }
    if (!skip_word(&text, end, KEY_FORMAT " ") || !skip_purpose(&text, end, &purpose) ||
        !skip_word(&text, end, " ") || !skip_id(&text, end, &id) || !skip_word(&text, end, " ") ||
        secret_from_base64url(text, (size_t)(end - text), ret_key, KEYRING_KEY_BYTES) != 0) {
        return KEYRING_REFUSED;
    }
    *ret_purpose = purpose;
    *ret_id = id;
    return KEYRING_OK;
}

static void format_key(const struct keyring_key *key, struct key_text *text)
{
    int prefix = snprintf(text->bytes, sizeof(text->bytes), "%s %s %u ", KEY_FORMAT,
                          purpose_names[key->purpose], key->id);
    text->length = (size_t)prefix;
    secret_to_base64url(key->bytes, sizeof(key->bytes), text->bytes + text->length);
    text->length += KEY_BASE64_LENGTH;
    text->bytes[text->length++] = '\n';
}

int keyfile_parse_name(const char *name, enum keyring_purpose *ret_purpose, uint32_t *ret_id)
{
    const char *end = name + strlen(name);
    enum keyring_purpose purpose;
    uint32_t id;

    if (!skip_purpose(&name, end, &purpose) || !skip_word(&name, end, "-") ||
        !skip_id(&name, end, &id) || !skip_word(&name, end, ".key") || name != end) {
        return KEYRING_REFUSED;
    }
    *ret_purpose = purpose;
    *ret_id = id;
    return KEYRING_OK;
}

void keyfile_format_name(enum keyring_purpose purpose, uint32_t id,
                         char name[static KEYFILE_NAME_MAXIMUM])
{
    snprintf(name, KEYFILE_NAME_MAXIMUM, "%s-%u.key", purpose_names[purpose], id);
}

/* ---- folders ---- */

/* The same demands on the directory and on each file. */
static int check_guarded(const struct stat *status, const char *directory, const char *name,
                         char why[static KEYRING_WHY_SIZE])
{
    const char *slash = name[0] != '\0' ? "/" : "";
    if (status->st_uid != geteuid() && status->st_uid != 0) {
        return keyfile_refuse(why, "%s%s%s belongs to another user", directory, slash, name);
    }
    if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return keyfile_refuse(why, "%s%s%s must be closed to group and others (its mode is %04o)",
                              directory, slash, name, (unsigned)status->st_mode & 07777);
    }
    return KEYRING_OK;
}

int keyfile_open_folder(const char *path, struct keyfile_folder *ret_folder,
                        char why[static KEYRING_WHY_SIZE])
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        return keyfile_refuse_errno(why, "open", path, "");
    }
    int r = check_guarded(&status, path, "", why);
    if (r == 0) {
        *ret_folder = (struct keyfile_folder){.fd = fd, .path = path};
        fd = -1;
    }
    return r;
}

void keyfile_close_folder(struct keyfile_folder *folder)
{
    close_fd(&folder->fd);
    folder->fd = -1;
}

int keyfile_each(const struct keyfile_folder *folder, keyfile_visit *visit, void *context,
                 char why[static KEYRING_WHY_SIZE])
{
    /* One of its own: a listing closes its descriptor, and a duplicate would share its place. */
    CLEANUP(close_fd) int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(close_directory) DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (listing == NULL) {
        return keyfile_refuse_errno(why, "read", folder->path, "");
    }
    fd = -1; /* the listing's now */
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(listing);
        if (entry == NULL) {
            return errno == 0 ? KEYRING_OK : keyfile_refuse_errno(why, "read", folder->path, "");
        }
        if (entry->d_name[0] == '.') {
            continue;
        }
        int r = visit(context, folder, entry->d_name, why);
        if (r != 0) {
            return r;
        }
    }
}

int keyfile_sync_folder(const struct keyfile_folder *folder, char why[static KEYRING_WHY_SIZE])
{
    return fsync(folder->fd) == 0 ? KEYRING_OK
                                  : keyfile_refuse_errno(why, "sync", folder->path, "");
}

/* ---- reading ---- */

/* Reads up to the end or the maximum. -1 with errno on a fault. */
static int read_all(int fd, struct key_text *text)
{
    text->length = 0;
    while (text->length < sizeof(text->bytes)) {
        ssize_t got = read(fd, text->bytes + text->length, sizeof(text->bytes) - text->length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return (int)got;
        }
        text->length += (size_t)got;
    }
    return 0;
}

static int read_text(const struct keyfile_folder *folder, const char *name, struct key_text *text,
                     char why[static KEYRING_WHY_SIZE])
{
    /* Neither a link out of the guarded directory is followed, nor is a pipe waited for. */
    CLEANUP(close_fd)
    int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        return keyfile_refuse_errno(why, "open", folder->path, name);
    }
    if (!S_ISREG(status.st_mode)) {
        return keyfile_refuse(why, "%s/%s is not a regular file", folder->path, name);
    }
    int r = check_guarded(&status, folder->path, name, why);
    if (r != 0) {
        return r;
    }
    if (read_all(fd, text) != 0) {
        return keyfile_refuse_errno(why, "read", folder->path, name);
    }
    if (text->length > KEY_TEXT_MAXIMUM) {
        return keyfile_refuse(why, "%s/%s is too large for a key", folder->path, name);
    }
    return KEYRING_OK;
}

int keyfile_read(const struct keyfile_folder *folder, const char *name, struct keyring_key *ret_key,
                 char why[static KEYRING_WHY_SIZE])
{
    enum keyring_purpose purpose;
    uint32_t id;
    CLEANUP(key_text_wipe) struct key_text text = {.length = 0};
    CLEANUP(keyring_key_wipe) struct keyring_key key = {.id = 0};

    if (keyfile_parse_name(name, &purpose, &id) != KEYRING_OK) {
        return keyfile_refuse(why, "%s/%.64s is not named <purpose>-<id>.key", folder->path, name);
    }
    int r = read_text(folder, name, &text, why);
    if (r != 0) {
        return r;
    }
    if (keyring_parse_key(text.bytes, text.length, &key.purpose, &key.id, key.bytes) !=
        KEYRING_OK) {
        return keyfile_refuse(why, "%s/%s is not one line '%s <purpose> <id> <base64url>'",
                              folder->path, name, KEY_FORMAT);
    }
    if (key.purpose != purpose || key.id != id) {
        return keyfile_refuse(why,
                              "%s/%s holds the key of another purpose or id than its name says",
                              folder->path, name);
    }
    *ret_key = key;
    return KEYRING_OK;
}

/* ---- writing and destroying ---- */

/* -1 with errno on a fault. */
static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return -1;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return fsync(fd);
}

static int write_temporary(const struct keyfile_folder *folder, const struct keyring_key *key)
{
    CLEANUP(key_text_wipe) struct key_text text = {.length = 0};
    format_key(key, &text);
    CLEANUP(close_fd)
    int fd = openat(folder->fd, TEMPORARY_NAME,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : write_all(fd, text.bytes, text.length);
}

int keyfile_write(const struct keyfile_folder *folder, const struct keyring_key *key,
                  char why[static KEYRING_WHY_SIZE])
{
    char name[KEYFILE_NAME_MAXIMUM];
    int r = KEYRING_OK;
    keyfile_format_name(key->purpose, key->id, name);
    /* What a crash left is a key that was never used, or a second name of one that is: a name is
     * taken away, nothing is overwritten. */
    unlinkat(folder->fd, TEMPORARY_NAME, 0);
    /* A link, unlike a renaming, never replaces what is there, on every kind of file system. */
    if (write_temporary(folder, key) != 0 ||
        linkat(folder->fd, TEMPORARY_NAME, folder->fd, name, 0) != 0) {
        r = keyfile_refuse_errno(why, "write", folder->path, name);
    }
    unlinkat(folder->fd, TEMPORARY_NAME, 0);
    return r;
}

/*
 * Noise in the form of a key of the same name, so that every byte of the key's is replaced and what
 * a crash leaves before the name is gone is still a file that loads: as a key that nothing is
 * sealed under, of a turn that is still to be finished.
 */
static int overwrite(int fd, enum keyring_purpose purpose, uint32_t id)
{
    CLEANUP(key_text_wipe) struct key_text text = {.length = 0};
    CLEANUP(keyring_key_wipe) struct keyring_key noise = {.purpose = purpose, .id = id};
    secret_random(noise.bytes, sizeof(noise.bytes));
    format_key(&noise, &text);
    return write_all(fd, text.bytes, text.length);
}

int keyfile_destroy(const struct keyfile_folder *folder, enum keyring_purpose purpose, uint32_t id,
                    char why[static KEYRING_WHY_SIZE])
{
    static const int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    char name[KEYFILE_NAME_MAXIMUM];
    keyfile_format_name(purpose, id, name);
    CLEANUP(close_fd) int fd = openat(folder->fd, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(folder->fd, name, 0600, 0) == 0) {
        fd = openat(folder->fd, name, flags); /* it was kept as one that is only read */
    }
    struct stat status;
    if (fd < 0 && errno == ENOENT) {
        return KEYRING_OK;
    }
    if (fd < 0 || fstat(fd, &status) != 0) {
        return keyfile_refuse_errno(why, "destroy", folder->path, name);
    }
    if (!S_ISREG(status.st_mode)) {
        return keyfile_refuse(why, "%s/%s is not a regular file", folder->path, name);
    }
    if (overwrite(fd, purpose, id) != 0 || unlinkat(folder->fd, name, 0) != 0) {
        return keyfile_refuse_errno(why, "destroy", folder->path, name);
    }
    return KEYRING_OK;
}
