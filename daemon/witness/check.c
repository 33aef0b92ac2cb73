/* SPDX-License-Identifier: EUPL-1.2 */
/* What witnesses take of the machine, looked at before they are spoken to. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/witness/call.h"
#include "daemon/witness/witness.h"

void witnesses_warn(const struct config *config)
{
    for (size_t i = 0; i < config->witness_count; i++) {
        const struct config_witness *witness = &config->witnesses[i];
        if (!witness->secure && !witness->is_near) {
            log_event(LOG_LEVEL_WARNING, "witness",
                      "name=%s url=%s without TLS: who is in between can keep heads from it",
                      witness->vkey.name, witness->url);
        }
    }
}

void witnesses_check(const struct config *config, struct config_faults *faults)
{
    witnesses_warn(config);
    if (config->witness_ca == NULL) {
        return;
    }
    FILE *file = fopen(config->witness_ca, "re");
    X509 *certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (certificate == NULL) {
        config_faults_add(faults, "[log] witness_ca: %s: %s", config->witness_ca,
                          file == NULL ? "cannot be read" : "holds no certificate (PEM)");
    }
    X509_free(certificate);
    ERR_clear_error();
    if (file != NULL) {
        fclose(file);
    }
}

static void add_port(struct privileges_paths *paths, uint16_t port)
{
    for (size_t i = 0; i < paths->connect_count; i++) {
        if (paths->connect[i] == port) {
            return;
        }
    }
    paths->connect[paths->connect_count++] = port;
}

void witnesses_prepare(const struct config *config, struct privileges_paths *paths)
{
    _Static_assert(CONFIG_WITNESSES_MAXIMUM + 1 <= PRIVILEGES_PORTS_MAXIMUM, "all ports fit");
    bool secure = false;
    for (size_t i = 0; i < config->witness_count; i++) {
        const struct config_witness *witness = &config->witnesses[i];
        secure = secure || witness->secure;
        add_port(paths, witness->port);
        if (witness->has_name) {
            paths->resolves = true;
            add_port(paths, CONFIG_RESOLVER_PORT); /* answers that do not fit a datagram */
        }
    }
    if (secure) {
        paths->read[paths->read_count++] =
            config->witness_ca != NULL ? config->witness_ca : witness_call_system_ca();
    }
}
