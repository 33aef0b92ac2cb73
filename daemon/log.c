/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    char line[LOG_LINE_MAXIMUM];
    int start = snprintf(line, sizeof(line), "<%d>%s ", (int)level, event);
    if (start < 0 || (size_t)start >= sizeof(line)) {
        return;
    }
    va_list values;
    va_start(values, format);
    int more = vsnprintf(line + start, sizeof(line) - (size_t)start, format, values);
    va_end(values);
    size_t length = (size_t)start + (more > 0 ? (size_t)more : 0);
    if (length > sizeof(line) - 1) {
        length = sizeof(line) - 1;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[length++] = '\n';
    /* A log that cannot be written must not stop the daemon. */
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written;
}
