/* SPDX-License-Identifier: EUPL-1.2 */
/* The table of configuration options: names, kinds, bounds, defaults. Private to config.c. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>

#include "daemon/config.h"

struct option_kind;

struct option {
    const char *section;
    const char *name;
    const struct option_kind *kind;
    size_t offset;  /* of its field in struct config */
    uint64_t least; /* bounds of numbers */
    uint64_t most;
    const char *fallback; /* as it would be written; NULL: none */
    bool required;
    bool repeatable;
};

size_t option_count(void);
const struct option *option_at(size_t i);
const struct option *option_find(const char *section, const char *name);
bool option_section_exists(const char *section);

/* Converts a value into the configuration. NULL, or what the value should have been. `directory`
 * is what relative paths are relative to. -ENOMEM is told as a sentence too. */
const char *option_set(const struct option *option, const char *value, const char *directory,
                       struct config *config) MUST_CHECK;

#endif
