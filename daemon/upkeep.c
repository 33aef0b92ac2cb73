/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/upkeep.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/base/clock.h"

#define BEHIND CLOCK_MINUTE /* what is less late than this is not worth a line */

static bool say_due(struct upkeep *seen, const struct store_status *status,
                    struct upkeep_line *line)
{
    bool was_behind = seen->behind;
    seen->behind = status->due_lag > BEHIND;
    *line = (struct upkeep_line){.level = LOG_LEVEL_NOTICE, .event = "due"};
    snprintf(line->text, sizeof(line->text), "state=%s rows=%" PRIu64 " lag_seconds=%" PRId64,
             seen->behind ? "behind" : "caught-up", status->due_rows,
             status->due_lag / CLOCK_SECOND);
    return seen->behind || was_behind;
}

/* One that is done within one look is told of when it has ended. */
static bool say_turn(struct upkeep *seen, const struct store_status *status,
                     struct upkeep_line *line)
{
    bool goes_on = seen->turning && status->epoch_turning;
    bool ended = status->epoch_turned_at > seen->turned_at;
    seen->turning = status->epoch_turning;
    seen->turned_at = status->epoch_turned_at;
    *line = (struct upkeep_line){.level = LOG_LEVEL_NOTICE, .event = "epoch-key"};
    snprintf(line->text, sizeof(line->text), "turn=%s epoch=%" PRIu32, ended ? "done" : "under-way",
             status->epoch);
    return goes_on || ended;
}

static bool say_overdue(struct upkeep *seen, const struct store_status *status,
                        struct upkeep_line *line)
{
    bool is_new = status->epoch_overdue && !seen->overdue;
    seen->overdue = status->epoch_overdue;
    *line = (struct upkeep_line){
        .level = LOG_LEVEL_WARNING,
        .event = "epoch-key",
        .text = "turn=put-off erased data stays readable in old copies; tried again daily",
    };
    return is_new;
}

size_t upkeep_look(struct upkeep *seen, const struct store_status *status,
                   struct upkeep_line ret_lines[static UPKEEP_LINES_MAXIMUM])
{
    static bool (*const says[])(struct upkeep * seen, const struct store_status *status,
                                struct upkeep_line *line) = {say_due, say_turn, say_overdue};
    _Static_assert(ARRAY_LENGTH(says) == UPKEEP_LINES_MAXIMUM, "there is room for all");
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(says); i++) {
        count += says[i](seen, status, &ret_lines[count]) ? 1 : 0;
    }
    return count;
}
