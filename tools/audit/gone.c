/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/gone.h"

#include <stdlib.h>
#include <string.h>

#define EVENT "records-destroyed"
#define OBJECT "entry:"
#define INDEX_DIGITS 18

void audit_gone_add(struct audit_gone *gone, uint64_t index)
{
    struct audit_range *last = gone->count > 0 ? &gone->ranges[gone->count - 1] : NULL;
    if (last != NULL && last->end == index) {
        last->end++;
    } else if (gone->count < AUDIT_GONE_MAXIMUM) {
        gone->ranges[gone->count++] = (struct audit_range){index, index + 1};
    } else {
        gone->more++;
    }
}

static void remove_range(struct audit_gone *gone, size_t i)
{
    gone->count--;
    memmove(&gone->ranges[i], &gone->ranges[i + 1], (gone->count - i) * sizeof(gone->ranges[0]));
}

/* Cuts one range in two; without room for the second it is counted. */
static void split_range(struct audit_gone *gone, size_t i, const struct audit_range *said)
{
    struct audit_range behind = {said->end, gone->ranges[i].end};
    gone->ranges[i].end = said->first;
    if (gone->count == AUDIT_GONE_MAXIMUM) {
        gone->more += behind.end - behind.first;
        return;
    }
    memmove(&gone->ranges[i + 2], &gone->ranges[i + 1],
            (gone->count - i - 1) * sizeof(gone->ranges[0]));
    gone->ranges[i + 1] = behind;
    gone->count++;
}

void audit_gone_explain(struct audit_gone *gone, const struct audit_range *said)
{
    for (size_t i = 0; i < gone->count;) {
        struct audit_range *range = &gone->ranges[i];
        if (said->end <= range->first || said->first >= range->end) {
            i++;
        } else if (said->first <= range->first && said->end >= range->end) {
            remove_range(gone, i);
        } else if (said->first <= range->first) {
            range->first = said->end;
            i++;
        } else if (said->end >= range->end) {
            range->end = said->first;
            i++;
        } else {
            split_range(gone, i, said);
            i += 2;
        }
    }
}

uint64_t audit_gone_unexplained(const struct audit_gone *gone)
{
    uint64_t count = gone->more;
    for (size_t i = 0; i < gone->count; i++) {
        count += gone->ranges[i].end - gone->ranges[i].first;
    }
    return count;
}

bool audit_gone_read(const struct answer *record, struct audit_range *ret_said)
{
    const char *name = answer_string(answer_at(record, "name"));
    const char *object = answer_string(answer_at(record, "attributes/verwijsindex.object"));
    int64_t count = 0;
    if (name == NULL || strcmp(name, EVENT) != 0 || object == NULL ||
        strncmp(object, OBJECT, strlen(OBJECT)) != 0 ||
        !answer_integer(answer_at(record, "attributes/verwijsindex.count"), &count) || count <= 0) {
        return false;
    }
    const char *digits = object + strlen(OBJECT);
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > INDEX_DIGITS || digits[length] != '\0') {
        return false;
    }
    uint64_t first = strtoull(digits, NULL, 10);
    *ret_said = (struct audit_range){first, first + (uint64_t)count};
    return true;
}
