/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/kv/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOCK_NAME "lock"
#define FILE_MODE 0600
#define DIRECTORY_MODE 0700
#define BLOCK_BYTES 512 /* the unit of st_blocks, whatever the file system's is */

void disk_closep(int *file)
{
    if (*file >= 0)
        close(*file);
}

int disk_lock(int directory, bool shared, int *ret_lock)
{
    int access = shared ? O_RDONLY : O_RDWR;
    int lock CLEANUP(disk_closep) =
        openat(directory, LOCK_NAME, access | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (lock < 0 && !(shared && (errno == EROFS || errno == EACCES)))
        return -errno;
    if (lock >= 0 && flock(lock, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    *ret_lock = lock;
    lock = -1;
    return 0;
}

int disk_measure_room(int file, uint64_t used_bytes, uint64_t *ret_free_bytes)
{
    struct stat status = {0};
    struct statvfs system = {0};
    if (fstat(file, &status) != 0 || fstatvfs(file, &system) != 0)
        return -errno;
    uint64_t own = (uint64_t)status.st_blocks * BLOCK_BYTES;
    uint64_t reserved = own > used_bytes ? own - used_bytes : 0;
    *ret_free_bytes = reserved + (uint64_t)system.f_bavail * system.f_frsize;
    return 0;
}

int disk_create(const char *path, const char *name, int *ret_directory, int *ret_file)
{
    if (mkdir(path, DIRECTORY_MODE) != 0 && errno != EEXIST)
        return -errno;
    int directory CLEANUP(disk_closep) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -errno;
    int file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (file < 0)
        return -errno;
    *ret_directory = directory;
    *ret_file = file;
    directory = -1;
    return 0;
}

int disk_sync(int directory, int file)
{
    return fsync(file) == 0 && fsync(directory) == 0 ? 0 : -errno;
}

int disk_remove(const char *path, const char *const names[], size_t count)
{
    int directory CLEANUP(disk_closep) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -errno;
    for (size_t i = 0; i < count; i++) {
        if (unlinkat(directory, names[i], 0) != 0 && errno != ENOENT)
            return -errno;
    }
    return fsync(directory) == 0 ? 0 : -errno;
}
