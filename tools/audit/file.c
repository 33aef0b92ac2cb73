/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void audit_descriptor_close(int *descriptor)
{
    if (*descriptor >= 0) {
        close(*descriptor);
        *descriptor = -1;
    }
}

int audit_file_open(int directory, const char *name, int flags, int *ret_descriptor)
{
    struct stat state;
    CLEANUP(audit_descriptor_close)
    int file = openat(directory, name, flags | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR);
    if (file < 0 || fstat(file, &state) != 0) {
        return -errno;
    }
    if (!S_ISREG(state.st_mode)) {
        return AUDIT_NOT_REGULAR;
    }
    *ret_descriptor = file;
    file = -1;
    return 0;
}

int audit_file_stream(int directory, const char *name, int flags, const char *mode, FILE **ret_file)
{
    int descriptor = -1;
    int result = audit_file_open(directory, name, flags, &descriptor);
    if (result != 0) {
        return result;
    }
    FILE *file = fdopen(descriptor, mode);
    if (file == NULL) {
        result = -errno;
        close(descriptor);
        return result;
    }
    *ret_file = file;
    return 0;
}

const char *audit_file_explain(int fault)
{
    return fault == AUDIT_NOT_REGULAR ? "it is not a regular file" : strerror(-fault);
}

/* What the user names may be a pipe: whoever types `<(...)` wants it waited for. */
static int open_named(const char *path, int *ret_descriptor)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return -errno;
    }
    *ret_descriptor = file;
    return 0;
}

int audit_file_read(int directory, const char *name, struct text *text)
{
    CLEANUP(audit_descriptor_close) int file = -1;
    int result = directory == AT_FDCWD ? open_named(name, &file)
                                       : audit_file_open(directory, name, O_RDONLY, &file);
    if (result != 0) {
        return result;
    }
    size_t total = 0;
    text_add_string(text, "");
    for (;;) {
        char part[4096];
        ssize_t got = read(file, part, sizeof(part));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -errno;
        }
        if (got == 0) {
            return text->fault;
        }
        total += (size_t)got;
        if (total > AUDIT_SMALL_FILE_MAXIMUM) {
            return -EFBIG;
        }
        text_add(text, part, (size_t)got);
    }
}

static int write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return -errno;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return fsync(file) == 0 ? 0 : -errno;
}

int audit_file_write(int directory, const char *name, const char *bytes, size_t size)
{
    char temporary[64];
    snprintf(temporary, sizeof(temporary), "%s.new", name);
    CLEANUP(audit_descriptor_close)
    int file = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                      S_IRUSR | S_IWUSR);
    if (file < 0) {
        return -errno;
    }
    int result = write_all(file, bytes, size);
    if (result == 0 && renameat(directory, temporary, directory, name) != 0) {
        result = -errno;
    }
    if (result == 0 && fsync(directory) != 0) {
        result = -errno;
    }
    return result;
}

int audit_directory_open(const char *path, int *ret_descriptor)
{
    if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST) {
        return -errno;
    }
    CLEANUP(audit_descriptor_close)
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat state;
    if (directory < 0 || fstat(directory, &state) != 0) {
        return -errno;
    }
    if (state.st_uid != geteuid() || (state.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return -EPERM;
    }
    *ret_descriptor = directory;
    directory = -1;
    return 0;
}
