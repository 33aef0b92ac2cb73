/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/audit/file.h"

struct conversion {
    const struct audit_format *format;
    const char *origin;
    FILE *in;
    FILE *out;
    struct text batch;
    size_t batch_count;
    uint64_t count;
    char line[AUDIT_LINE_MAXIMUM];
};

static void conversion_freep(struct conversion **conversion)
{
    if (*conversion != NULL) {
        if ((*conversion)->in != NULL) {
            fclose((*conversion)->in);
        }
        if ((*conversion)->out != NULL) {
            fclose((*conversion)->out);
        }
        text_finish(&(*conversion)->batch);
        free(*conversion);
    }
}

static int write_batch(struct conversion *conversion)
{
    struct text *batch = &conversion->batch;
    if (conversion->batch_count == 0) {
        return 0;
    }
    text_add_string(batch, conversion->format->end);
    if (batch->fault != 0) {
        return batch->fault;
    }
    if (fwrite(batch->bytes, 1, batch->length, conversion->out) != batch->length) {
        return errno != 0 ? -errno : -EIO;
    }
    text_clear(batch);
    conversion->batch_count = 0;
    return 0;
}

static int add_entry(struct conversion *conversion, const struct answer *entry)
{
    const struct audit_format *format = conversion->format;
    if (conversion->batch_count > 0) {
        text_add_string(&conversion->batch, format->between);
    } else if (format->begin != NULL) {
        format->begin(conversion->origin, &conversion->batch);
    }
    format->entry(entry, &conversion->batch);
    conversion->count++;
    return ++conversion->batch_count == AUDIT_FORMAT_BATCH ? write_batch(conversion) : 0;
}

static int convert_line(struct conversion *conversion)
{
    CLEANUP(answer_freep) struct answer *entry = NULL;
    size_t length = strlen(conversion->line);
    if (length == 0 || conversion->line[length - 1] != '\n') {
        return AUDIT_CONVERT_MALFORMED;
    }
    int result = answer_parse(conversion->line, length - 1, &entry);
    if (result != 0 || !answer_is_object(entry)) {
        return result < 0 ? result : AUDIT_CONVERT_MALFORMED;
    }
    return add_entry(conversion, entry);
}

static int convert_lines(struct conversion *conversion, struct progress_count *progress)
{
    if (fputs(conversion->format->head, conversion->out) == EOF) {
        return -errno;
    }
    while (fgets(conversion->line, sizeof(conversion->line), conversion->in) != NULL) {
        int result = convert_line(conversion);
        if (result != 0) {
            return result;
        }
        progress_count_update(progress, conversion->count);
    }
    if (ferror(conversion->in)) {
        return -EIO;
    }
    int result = write_batch(conversion);
    if (result == 0 && (fflush(conversion->out) != 0 || fsync(fileno(conversion->out)) != 0)) {
        return -errno;
    }
    return result;
}

int audit_convert(int directory, const struct audit_format *format, const char *origin,
                  struct progress_count *progress)
{
    char temporary[64];
    snprintf(temporary, sizeof(temporary), "%s.new", format->file);
    CLEANUP(conversion_freep) struct conversion *conversion = calloc(1, sizeof(*conversion));
    if (conversion == NULL) {
        return -ENOMEM;
    }
    conversion->format = format;
    conversion->origin = origin;
    int result =
        audit_file_stream(directory, AUDIT_ENTRIES, O_RDONLY | O_NOFOLLOW, "r", &conversion->in);
    result = result != 0 ? result
                         : audit_file_stream(directory, temporary,
                                             O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, "w",
                                             &conversion->out);
    result = result != 0 ? result : convert_lines(conversion, progress);
    if (result == 0 &&
        (renameat(directory, temporary, directory, format->file) != 0 || fsync(directory) != 0)) {
        result = -errno;
    }
    return result;
}
