/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ending.h"

#include "daemon/check.h"
#include "daemon/log.h"
#include "store/store_end.h"

static void log_left(bool keys, bool store, const char *why)
{
    log_event(LOG_LEVEL_ERROR, "wound-down", "left=%s%sother-keys %s", keys ? "epoch-keys," : "",
              store ? "store," : "", why);
}

/* The mark cannot be read, though it was made: the keys at least. */
static void destroy_keys(const struct config *config)
{
    char why[KEYRING_WHY_SIZE] = "the store cannot be read";
    int result = keyring_epoch_destroy(check_epoch_directory(config), why);
    log_left(result != KEYRING_OK, true, why);
}

bool ending_finish(const struct config *config)
{
    const struct store_finish_options options = {
        .path = config->store_path,
        .map_bytes = config->map_bytes,
        .epoch_directory = check_epoch_directory(config),
    };
    struct store_end end;
    char why[STORE_WHY_SIZE] = "";
    int result = store_finish_wind_down(&options, &end, why);
    if (result == STORE_STOPPED) {
        log_left(!end.keys_destroyed, !end.store_removed, why);
    } else if (result != 0) {
        destroy_keys(config);
    } else if (end.statement == STORE_STATEMENT_LOST) {
        log_event(LOG_LEVEL_WARNING, "wound-down", "statement=lost %s", why);
    }
    if (result == 0) {
        log_event(LOG_LEVEL_NOTICE, "wound-down", "destroyed=epoch-keys,store left=other-keys");
    }
    return result == 0;
}
