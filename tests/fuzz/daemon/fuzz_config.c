/* SPDX-License-Identifier: EUPL-1.2 */
/* A configuration file: accepted whole, or refused with at least one fault that names the file. */
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void check(const struct config *config)
{
    REQUIRE(config->certificate != NULL && config->private_key != NULL);
    REQUIRE(config->client_ca != NULL && config->control_socket != NULL);
    REQUIRE(config->store_path != NULL && config->log_origin != NULL);
    REQUIRE(strlen(config->operator_oin.text) == OIN_LENGTH);
    REQUIRE(config->listen.size > 0 && config->management.size > 0);
    REQUIRE(config->connections > 0 && config->requests_per_minute > 0);
    REQUIRE(config->map_bytes >= 1u << 20);
    REQUIRE(config->policy.active_years >= 1 && config->policy.active_years <= 23);
    REQUIRE(config->policy.age_limit >= 1 && config->policy.log_years >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    struct config_faults faults = {0};
    int result = config_parse((const char *)data, size, "/f", &config, &faults);
    if (result == 0) {
        REQUIRE(faults.count == 0);
        check(&config);
    } else {
        REQUIRE(result == CONFIG_FAULTY && faults.count > 0);
        for (size_t i = 0; i < faults.count && i < CONFIG_FAULTS_MAXIMUM; i++) {
            REQUIRE(strncmp(faults.lines[i], "/f:", 3) == 0);
        }
    }
    config_faults_finish(&faults);
    config_finish(&config);
    return 0;
}
