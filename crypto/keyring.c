/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/keyring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"

#define KEY_FORMAT "verwijsindex-key-1"
#define KEY_BASE64_LENGTH (SECRET_BASE64URL_SIZE(KEYRING_KEY_BYTES) - 1)
#define KEY_TEXT_MAXIMUM 128 /* the longest line has 85 bytes */
#define KEY_NAME_MAXIMUM 64  /* of a file, with its NUL */

struct keyring {
    size_t count;
    struct keyring_key {
        enum keyring_purpose purpose;
        uint32_t id;
        uint8_t bytes[KEYRING_KEY_BYTES];
    } keys[KEYRING_KEYS_MAXIMUM];
};

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

static void key_wipe(struct keyring_key *key)
{
    secret_wipe(key, sizeof(*key));
}

static int refuse(char why[static KEYRING_WHY_SIZE], const char *format, ...) PRINTF_LIKE(2, 3);
static int refuse(char why[static KEYRING_WHY_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, KEYRING_WHY_SIZE, format, arguments);
    va_end(arguments);
    return KEYRING_REFUSED;
}

/* An errno that says something about the path is the operator's to mend; others are faults. */
static int refuse_errno(char why[static KEYRING_WHY_SIZE], const char *doing, const char *directory,
                        const char *name)
{
    int error = errno;
    refuse(why, "cannot %s %s%s%s: %s", doing, directory, name[0] != '\0' ? "/" : "", name,
           strerror(error));
    switch (error) {
    case ENOENT:
    case ENOTDIR:
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

const char *keyring_purpose_name(enum keyring_purpose purpose)
{
    return (unsigned)purpose < KEYRING_PURPOSES ? purpose_names[purpose] : "unknown";
}

int keyring_new(struct keyring **ret_keyring)
{
    struct keyring *keyring = secret_lock_new(sizeof(*keyring));
    if (keyring == NULL) {
        return -errno;
    }
    *ret_keyring = keyring;
    return 0;
}

void keyring_free(struct keyring *keyring)
{
    secret_lock_free(keyring);
}

void keyring_freep(struct keyring **keyring)
{
    keyring_free(*keyring);
}

static int check_usable(enum keyring_purpose purpose, const uint8_t key[static KEYRING_KEY_BYTES])
{
    struct oprf_scalar scalar;
    if (sodium_is_zero(key, KEYRING_KEY_BYTES)) {
        return KEYRING_REFUSED;
    }
    if (purpose != KEYRING_EVALUATION) {
        return KEYRING_OK;
    }
    memcpy(scalar.bytes, key, sizeof(scalar.bytes));
    int condition = oprf_check_scalar(&scalar);
    secret_wipe(&scalar, sizeof(scalar));
    return condition == OPRF_OK ? KEYRING_OK : KEYRING_REFUSED;
}

int keyring_add(struct keyring *keyring, enum keyring_purpose purpose, uint32_t id,
                const uint8_t key[static KEYRING_KEY_BYTES])
{
    if ((unsigned)purpose >= KEYRING_PURPOSES || id == 0 ||
        keyring->count == KEYRING_KEYS_MAXIMUM || keyring_find(keyring, purpose, id) != NULL ||
        check_usable(purpose, key) != KEYRING_OK) {
        return KEYRING_REFUSED;
    }
    struct keyring_key *added = &keyring->keys[keyring->count++];
    added->purpose = purpose;
    added->id = id;
    memcpy(added->bytes, key, sizeof(added->bytes));
    return KEYRING_OK;
}

const uint8_t *keyring_find(const struct keyring *keyring, enum keyring_purpose purpose,
                            uint32_t id)
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].purpose == purpose && keyring->keys[i].id == id) {
            return keyring->keys[i].bytes;
        }
    }
    return NULL;
}

uint32_t keyring_current(const struct keyring *keyring, enum keyring_purpose purpose)
{
    uint32_t highest = 0;
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].purpose == purpose && keyring->keys[i].id > highest) {
            highest = keyring->keys[i].id;
        }
    }
    return highest;
}

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

static int parse_name(const char *name, enum keyring_purpose *ret_purpose, uint32_t *ret_id)
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

/* The same demands on the directory and on each file. */
static int check_guarded(const struct stat *status, const char *directory, const char *name,
                         char why[static KEYRING_WHY_SIZE])
{
    const char *slash = name[0] != '\0' ? "/" : "";
    if (status->st_uid != geteuid() && status->st_uid != 0) {
        return refuse(why, "%s%s%s belongs to another user", directory, slash, name);
    }
    if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return refuse(why, "%s%s%s must be closed to group and others (its mode is %04o)",
                      directory, slash, name, (unsigned)status->st_mode & 07777);
    }
    return KEYRING_OK;
}

/* Opens and checks a directory of keys. */
static int open_directory(const char *directory, int *ret_fd, char why[static KEYRING_WHY_SIZE])
{
    CLEANUP(close_fd) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        return refuse_errno(why, "open", directory, "");
    }
    int r = check_guarded(&status, directory, "", why);
    if (r == 0) {
        *ret_fd = fd;
        fd = -1;
    }
    return r;
}

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

static int read_file(int directory_fd, const char *directory, const char *name,
                     struct key_text *text, char why[static KEYRING_WHY_SIZE])
{
    /* Neither a link out of the guarded directory is followed, nor is a pipe waited for. */
    CLEANUP(close_fd)
    int fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        return refuse_errno(why, "open", directory, name);
    }
    if (!S_ISREG(status.st_mode)) {
        return refuse(why, "%s/%s is not a regular file", directory, name);
    }
    int r = check_guarded(&status, directory, name, why);
    if (r != 0) {
        return r;
    }
    if (read_all(fd, text) != 0) {
        return refuse_errno(why, "read", directory, name);
    }
    if (text->length > KEY_TEXT_MAXIMUM) {
        return refuse(why, "%s/%s is too large for a key", directory, name);
    }
    return KEYRING_OK;
}

/* Is this key there already, under whatever purpose and id? Then one is a copy by mistake. */
static bool is_copy(const struct keyring *keyring, const struct keyring_key *key)
{
    bool copy = false;
    for (size_t i = 0; i < keyring->count; i++) {
        copy |= secret_equal(keyring->keys[i].bytes, key->bytes, sizeof(key->bytes));
    }
    return copy;
}

static int load_file(struct keyring *keyring, int directory_fd, const char *directory,
                     const char *name, char why[static KEYRING_WHY_SIZE])
{
    enum keyring_purpose purpose;
    uint32_t id;
    CLEANUP(key_text_wipe) struct key_text text = {.length = 0};
    CLEANUP(key_wipe) struct keyring_key key = {.id = 0};

    if (parse_name(name, &purpose, &id) != KEYRING_OK) {
        return refuse(why, "%s/%.64s is not named <purpose>-<id>.key", directory, name);
    }
    int r = read_file(directory_fd, directory, name, &text, why);
    if (r != 0) {
        return r;
    }
    if (keyring_parse_key(text.bytes, text.length, &key.purpose, &key.id, key.bytes) !=
        KEYRING_OK) {
        return refuse(why, "%s/%s is not one line '%s <purpose> <id> <base64url>'", directory, name,
                      KEY_FORMAT);
    }
    if (key.purpose != purpose || key.id != id) {
        return refuse(why, "%s/%s holds the key of another purpose or id than its name says",
                      directory, name);
    }
    if (is_copy(keyring, &key)) {
        return refuse(why, "%s/%s holds the same key as another file", directory, name);
    }
    if (keyring->count == KEYRING_KEYS_MAXIMUM) {
        return refuse(why, "%s holds more than %d keys", directory, KEYRING_KEYS_MAXIMUM);
    }
    if (keyring_add(keyring, purpose, id, key.bytes) != KEYRING_OK) {
        return refuse(why, "%s/%s holds a value that cannot be a key of this purpose", directory,
                      name);
    }
    return KEYRING_OK;
}

static int load_files(struct keyring *keyring, DIR *listing, const char *directory,
                      char why[static KEYRING_WHY_SIZE])
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(listing);
        if (entry == NULL) {
            return errno == 0 ? KEYRING_OK : refuse_errno(why, "read", directory, "");
        }
        if (entry->d_name[0] == '.') {
            continue;
        }
        int r = load_file(keyring, dirfd(listing), directory, entry->d_name, why);
        if (r != 0) {
            return r;
        }
    }
}

int keyring_load(const char *directory, struct keyring **ret_keyring,
                 char why[static KEYRING_WHY_SIZE])
{
    CLEANUP(close_fd) int fd = -1;
    int r = open_directory(directory, &fd, why);
    if (r != 0) {
        return r;
    }
    CLEANUP(close_directory) DIR *listing = fdopendir(fd);
    if (listing == NULL) {
        return refuse_errno(why, "read", directory, "");
    }
    fd = -1; /* the listing's now */

    CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    r = keyring_new(&keyring);
    if (r != 0) {
        refuse(why, "cannot lock memory for keys (see the limit on locked memory): %s",
               strerror(-r));
        return r;
    }
    r = load_files(keyring, listing, directory, why);
    if (r != 0) {
        return r;
    }
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        if (keyring_current(keyring, (enum keyring_purpose)i) == 0) {
            return refuse(why, "%s has no key %s-<id>.key", directory, purpose_names[i]);
        }
    }
    *ret_keyring = TAKE_PTR(keyring);
    return KEYRING_OK;
}

static void make_key(enum keyring_purpose purpose, struct keyring_key *key)
{
    key->purpose = purpose;
    key->id = 1;
    if (purpose == KEYRING_EVALUATION) {
        struct oprf_scalar scalar;
        oprf_random_scalar(&scalar);
        memcpy(key->bytes, scalar.bytes, sizeof(key->bytes));
        secret_wipe(&scalar, sizeof(scalar));
    } else {
        secret_random(key->bytes, sizeof(key->bytes));
    }
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

static void format_name(enum keyring_purpose purpose, uint32_t id,
                        char name[static KEY_NAME_MAXIMUM])
{
    snprintf(name, KEY_NAME_MAXIMUM, "%s-%u.key", purpose_names[purpose], id);
}

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

static int write_file(int directory_fd, const char *directory, enum keyring_purpose purpose,
                      char why[static KEYRING_WHY_SIZE])
{
    char name[KEY_NAME_MAXIMUM];
    CLEANUP(key_text_wipe) struct key_text text = {.length = 0};
    CLEANUP(key_wipe) struct keyring_key key = {.id = 0};

    make_key(purpose, &key);
    format_name(purpose, key.id, name);
    format_key(&key, &text);
    CLEANUP(close_fd)
    int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || write_all(fd, text.bytes, text.length) != 0) {
        return refuse_errno(why, "write", directory, name);
    }
    return KEYRING_OK;
}

/* Makes the directory's own entry durable too. */
static int sync_directory(int directory_fd)
{
    CLEANUP(close_fd) int parent = openat(directory_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return parent < 0 || fsync(directory_fd) != 0 || fsync(parent) != 0 ? -1 : 0;
}

static int fill_directory(const char *directory, char why[static KEYRING_WHY_SIZE])
{
    CLEANUP(close_fd) int fd = -1;
    int r = open_directory(directory, &fd, why);
    if (r != 0) {
        return r;
    }
    for (unsigned i = 0; r == 0 && i < KEYRING_PURPOSES; i++) {
        r = write_file(fd, directory, (enum keyring_purpose)i, why);
    }
    if (r == 0 && sync_directory(fd) != 0) {
        r = refuse_errno(why, "sync", directory, "");
    }
    if (r != 0) { /* the directory is of this call, and so is all that is in it */
        for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
            char name[KEY_NAME_MAXIMUM];
            format_name((enum keyring_purpose)i, 1, name);
            unlinkat(fd, name, 0);
        }
    }
    return r;
}

int keyring_create(const char *directory, char why[static KEYRING_WHY_SIZE])
{
    if (mkdir(directory, 0700) != 0) {
        return refuse_errno(why, "create", directory, "");
    }
    int r = fill_directory(directory, why);
    if (r != 0) {
        rmdir(directory);
    }
    return r;
}
