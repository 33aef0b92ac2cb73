/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"

#define PART_BYTES 512

/* Straight from the descriptor: stdio would keep a copy in its buffer. At most `maximum` + 1. */
static int read_all(int descriptor, size_t maximum, struct text *text)
{
    char part[PART_BYTES];
    int result = 0;
    while (result == 0 && text->length <= maximum && text->fault == 0) {
        ssize_t got = read(descriptor, part, sizeof(part));
        if (got > 0) {
            text_add(text, part, (size_t)got);
        } else if (got == 0) {
            break;
        } else if (errno != EINTR) {
            result = -errno;
        }
    }
    secret_wipe(part, sizeof(part));
    return result != 0 ? result : text->fault;
}

/* Where what is not white space begins, and how much there is of it. */
static const char *trim(const struct text *text, size_t *ret_length)
{
    static const char space[] = " \t\r\n";
    const char *begin = text->bytes + strspn(text->bytes, space);
    size_t length = strlen(begin);
    while (length > 0 && strchr(space, begin[length - 1]) != NULL) {
        length--;
    }
    *ret_length = length;
    return begin;
}

int private_file_read(const struct command *command, const char *option, const char *path,
                      size_t maximum, struct text *text)
{
    CLEANUP(text_finish) struct text whole = {0};
    bool is_stdin = strcmp(path, "-") == 0;
    int descriptor = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return options_complain(command, "--%s %s: %s", option, path, strerror(errno));
    }
    text_add_string(&whole, "");
    int fault = read_all(descriptor, maximum, &whole);
    if (!is_stdin) {
        close(descriptor);
    }
    if (fault != 0) {
        return options_complain(command, "--%s %s: %s", option, path, strerror(-fault));
    }
    if (whole.length > maximum) {
        return options_complain(command, "--%s %s: there is more in it than %zu bytes", option,
                                path, maximum);
    }
    if (strlen(whole.bytes) != whole.length) {
        return options_complain(command, "--%s %s: there is a zero byte in it", option, path);
    }
    size_t length = 0;
    const char *begin = trim(&whole, &length);
    if (length == 0) {
        return options_complain(command, "--%s %s: there is nothing in it", option, path);
    }
    text_add(text, begin, length);
    return text->fault == 0 ? 0
                            : options_complain(command, "--%s: %s", option, strerror(-text->fault));
}

int private_file_check_inputs(const struct invocation *invocation, const char *const *options)
{
    const char *first = NULL;
    for (; *options != NULL; options++) {
        const char *value = options_value(invocation, *options);
        if (value == NULL || strcmp(value, "-") != 0) {
            continue;
        }
        if (first != NULL) {
            return options_complain(invocation->command,
                                    "--%s and --%s cannot both be read from standard input", first,
                                    *options);
        }
        first = *options;
    }
    return 0;
}
