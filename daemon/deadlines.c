/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/deadlines.h"

#include <stdlib.h>
#include <string.h>

#ifdef VIX_TEST_CLOCK

static void replace_from_environment(struct deadlines *deadlines)
{
    static const struct {
        const char *name;
        size_t offset;
    } fields[] = {
        {"handshake=", offsetof(struct deadlines, handshake)},
        {"head=", offsetof(struct deadlines, head)},
        {"body=", offsetof(struct deadlines, body)},
        {"idle=", offsetof(struct deadlines, idle)},
        {"write=", offsetof(struct deadlines, write)},
        {"linger=", offsetof(struct deadlines, linger)},
        {"drain=", offsetof(struct deadlines, drain)},
    };
    const char *text = getenv("VIX_DEADLINES");
    for (; text != NULL && *text != '\0'; text += strcspn(text, ","), text += *text == ',') {
        for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
            size_t length = strlen(fields[i].name);
            if (strncmp(text, fields[i].name, length) == 0) {
                unsigned value = (unsigned)strtoul(text + length, NULL, 10);
                memcpy((char *)deadlines + fields[i].offset, &value, sizeof(value));
            }
        }
    }
}

#endif

void deadlines_init(struct deadlines *ret_deadlines)
{
    *ret_deadlines = (struct deadlines){
        .handshake = 5000,
        .head = 10000,
        .body = 30000,
        .idle = 60000,
        .write = 30000,
        .linger = 2000,
        .drain = 10000,
    };
#ifdef VIX_TEST_CLOCK
    replace_from_environment(ret_deadlines);
#endif
}
