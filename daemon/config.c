/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/options.h"

/* One file while it is being read. */
struct reading {
    const char *path;
    const char *directory;
    const char *next; /* what inih has not had yet */
    const char *end;
    unsigned line; /* that inih has now */
    struct config *config;
    struct config_faults *faults;
    unsigned *seen; /* for each option the line where it stood, 0: not yet */
};

void config_faults_add(struct config_faults *faults, const char *format, ...)
{
    if (faults->count++ >= CONFIG_FAULTS_MAXIMUM) {
        return;
    }
    char text[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    const char *line = arena_copy_text(&faults->arena, text, strlen(text));
    faults->lines[faults->count - 1] = line != NULL ? line : "memory is used up";
}

void config_faults_finish(struct config_faults *faults)
{
    arena_finish(&faults->arena);
    faults->count = 0;
}

/* inih does not report a section without options, nor a line cut in two: seen here. */
static void check_line(struct reading *reading, const char *line, size_t length)
{
    if (length > CONFIG_LINE_MAXIMUM) {
        config_faults_add(reading->faults, "%s:%u: the line is longer than %d characters",
                          reading->path, reading->line, CONFIG_LINE_MAXIMUM);
    }
    while (length > 0 && isspace((unsigned char)*line)) {
        line++;
        length--;
    }
    const char *end = length > 0 ? memchr(line, ']', length) : NULL;
    if (end == NULL || *line != '[') {
        return;
    }
    char section[CONFIG_LINE_MAXIMUM + 1] = "";
    size_t size = (size_t)(end - line) - 1;
    memcpy(section, line + 1, size < sizeof(section) ? size : sizeof(section) - 1);
    if (!option_section_exists(section)) {
        config_faults_add(reading->faults, "%s:%u: unknown section [%s]", reading->path,
                          reading->line, section);
    }
}

/* As fgets(). A line that is too long is given in one truncated piece, as it is refused anyway. */
static char *read_line(char *out, int room, void *stream)
{
    struct reading *reading = stream;
    if (reading->next == reading->end || room < 2) {
        return NULL;
    }
    size_t left = (size_t)(reading->end - reading->next);
    const char *newline = memchr(reading->next, '\n', left);
    size_t length = newline == NULL ? left : (size_t)(newline - reading->next);
    reading->line++;
    check_line(reading, reading->next, length);
    size_t kept = length < (size_t)room - 1 ? length : (size_t)room - 1;
    memcpy(out, reading->next, kept);
    out[kept] = '\0';
    reading->next += length + (newline != NULL);
    return out;
}

static void set_option(struct reading *reading, const struct option *option, const char *value)
{
    unsigned *seen = &reading->seen[option - option_at(0)];
    if (*seen != 0 && !option->repeatable) {
        config_faults_add(reading->faults, "%s:%u: [%s] %s was given before, on line %u",
                          reading->path, reading->line, option->section, option->name, *seen);
        return;
    }
    *seen = reading->line;
    const char *wrong = option_set(option, value, reading->directory, reading->config);
    if (wrong != NULL) {
        config_faults_add(reading->faults, "%s:%u: [%s] %s %s", reading->path, reading->line,
                          option->section, option->name, wrong);
    }
}

static int on_option(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    const struct option *option = option_find(section, name);
    if (option != NULL && value[0] == '\0') {
        return 1; /* "client_crl =" says that there is none; a required one is missed below */
    }
    if (option != NULL) {
        set_option(reading, option, value);
    } else if (section[0] == '\0') {
        config_faults_add(reading->faults, "%s:%u: %s stands before the first section",
                          reading->path, reading->line, name);
    } else if (option_section_exists(section)) {
        config_faults_add(reading->faults, "%s:%u: unknown option %s in section [%s]",
                          reading->path, reading->line, name, section);
    }
    return 1;
}

static void set_defaults(struct reading *reading)
{
    for (size_t i = 0; i < option_count(); i++) {
        const struct option *option = option_at(i);
        if (reading->seen[i] != 0) {
            continue;
        }
        if (option->required) {
            config_faults_add(reading->faults, "%s: [%s] %s is missing", reading->path,
                              option->section, option->name);
        } else if (option->fallback != NULL) {
            const char *wrong = option_set(option, option->fallback, "", reading->config);
            if (wrong != NULL) {
                config_faults_add(reading->faults, "%s: [%s] %s %s", reading->path, option->section,
                                  option->name, wrong);
            }
        }
    }
}

static int parse(struct reading *reading, const char *text, size_t size)
{
    if (memchr(text, '\0', size) != NULL) {
        config_faults_add(reading->faults, "%s: not a text: it holds a NUL byte", reading->path);
        return CONFIG_FAULTY;
    }
    int line = ini_parse_stream(read_line, reading, on_option, reading);
    if (line > 0) {
        config_faults_add(reading->faults, "%s:%d: neither [section] nor name = value",
                          reading->path, line);
    } else if (line < 0) {
        return -ENOMEM;
    }
    set_defaults(reading);
    return reading->faults->count == 0 ? 0 : CONFIG_FAULTY;
}

int config_parse(const char *text, size_t size, const char *path, struct config *config,
                 struct config_faults *faults)
{
    memset(config, 0, sizeof(*config));
    arena_init(&config->arena);
    const char *slash = strrchr(path, '/');
    const char *directory =
        slash == NULL ? "." : arena_copy_text(&config->arena, path, (size_t)(slash - path));
    unsigned *seen = arena_new(&config->arena, option_count() * sizeof(*seen));
    if (directory == NULL || seen == NULL) {
        return -ENOMEM;
    }
    struct reading reading = {
        .path = path,
        .directory = directory,
        .next = text,
        .end = text + size,
        .config = config,
        .faults = faults,
        .seen = seen,
    };
    return parse(&reading, text, size);
}

int config_read(const char *path, struct config *config, struct config_faults *faults)
{
    memset(config, 0, sizeof(*config));
    arena_init(&config->arena);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        config_faults_add(faults, "%s: cannot be read: %s", path, strerror(errno));
        return CONFIG_FAULTY;
    }
    char *text = malloc(CONFIG_FILE_MAXIMUM + 1);
    size_t size = text == NULL ? 0 : fread(text, 1, CONFIG_FILE_MAXIMUM + 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    int result = text == NULL ? -ENOMEM : CONFIG_FAULTY;
    if (failed || size > CONFIG_FILE_MAXIMUM) {
        config_faults_add(faults, "%s: cannot be read, or is larger than %zu bytes", path,
                          CONFIG_FILE_MAXIMUM);
    } else if (text != NULL) {
        result = config_parse(text, size, path, config, faults);
    }
    free(text);
    return result;
}

void config_finish(struct config *config)
{
    arena_finish(&config->arena);
}
