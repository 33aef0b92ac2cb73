/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/print.h"

int new_file_open(const struct invocation *invocation, const char *option,
                  struct new_file *ret_file)
{
    struct new_file file = {.path = options_value(invocation, option), .descriptor = -1};
    if (file.path != NULL) {
        file.descriptor =
            open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (file.descriptor < 0) {
            return options_complain(invocation->command, "--%s %s: %s", option, file.path,
                                    strerror(errno));
        }
    }
    *ret_file = file;
    return 0;
}

int new_file_write(struct new_file *file, const char *bytes, size_t size)
{
    if (file->path == NULL) {
        return 0;
    }
    errno = ENOSPC; /* of a write that ended early */
    if (write(file->descriptor, bytes, size) != (ssize_t)size || fsync(file->descriptor) != 0) {
        int fault = errno;
        fprintf(stderr, "vix: ");
        print_safe(stderr, file->path);
        fprintf(stderr, ": %s\n", strerror(fault));
        return VIX_REFUSED;
    }
    file->is_written = true;
    return 0;
}

void new_file_finish(struct new_file *file)
{
    if (file->descriptor >= 0) {
        close(file->descriptor);
        file->descriptor = -1;
        if (!file->is_written) {
            unlink(file->path);
        }
    }
}
