/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/bsn_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"

void bsn_text_wipe(struct bsn_text *text)
{
    secret_wipe(text, sizeof(*text));
}

/* Straight from the descriptor: stdio would keep a copy in its buffer. At most `size` bytes. */
static ssize_t read_all(int descriptor, char *out, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(descriptor, out + length, size - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
    }
    return (ssize_t)length;
}

static void trim(struct bsn_text *text)
{
    static const char space[] = " \t\r\n";
    size_t start = strspn(text->digits, space);
    size_t length = strlen(text->digits + start);
    while (length > 0 && strchr(space, text->digits[start + length - 1]) != NULL) {
        length--;
    }
    memmove(text->digits, text->digits + start, length);
    secret_wipe(text->digits + length, sizeof(text->digits) - length);
}

int bsn_file_read(const struct command *command, const char *path, struct bsn_text *ret_text)
{
    CLEANUP(bsn_text_wipe) struct bsn_text text = {0};
    bool is_stdin = strcmp(path, "-") == 0;
    int descriptor = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return options_complain(command, "--bsn-file %s: %s", path, strerror(errno));
    }
    ssize_t length = read_all(descriptor, text.digits, sizeof(text.digits));
    int saved = errno;
    if (!is_stdin) {
        close(descriptor);
    }
    if (length < 0) {
        return options_complain(command, "--bsn-file %s: %s", path, strerror(saved));
    }
    if ((size_t)length == sizeof(text.digits) ||
        strlen(text.digits) != (size_t)length) { /* too long, or with a NUL in it */
        return options_complain(command, "--bsn-file %s: this is not one BSN", path);
    }
    trim(&text);
    if (text.digits[0] == '\0') {
        return options_complain(command, "--bsn-file %s: there is nothing in it", path);
    }
    *ret_text = text;
    return 0;
}
