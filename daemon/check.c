/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/check.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/witness/witness.h"

#define CERTIFICATE_WARNING ((time_t)30 * 24 * 3600)

/* The part of a CRL's life, from its end, in which a next one should have come. */
#define CRL_WARNING_PART 3

const char *check_keys_directory(const struct config *config)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY"); /* systemd's LoadCredential */
    if (config->keys_directory != NULL) {
        return config->keys_directory;
    }
    return credentials != NULL ? credentials : CONFIG_KEYS_DIRECTORY;
}

const char *check_epoch_directory(const struct config *config)
{
    return config->epoch_directory != NULL ? config->epoch_directory : check_keys_directory(config);
}

bool check_epoch_turn(const struct keyring *keys)
{
    char why[KEYRING_WHY_SIZE];
    bool writable = keyring_epoch_writable(keys, why);
    if (!writable) {
        log_event(LOG_LEVEL_WARNING, "epoch-key",
                  "turn=impossible erased data stays readable in old copies: %s", why);
    }
    return writable;
}

struct tls_options check_tls_options(const struct config *config)
{
    return (struct tls_options){
        .certificate = config->certificate,
        .private_key = config->private_key,
        .client_ca = config->client_ca,
        .client_crl = config->client_crl,
    };
}

/* ---- places ---- */

/* The folder in which something is to be made. */
static void check_parent(const char *path, const char *option, struct config_faults *faults)
{
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof(copy)) {
        config_faults_add(faults, "%s: the path is too long", option);
        return;
    }
    strcpy(copy, path);
    const char *folder = dirname(copy);
    if (access(folder, W_OK | X_OK) != 0) {
        config_faults_add(faults, "%s: cannot write in %s: %s", option, folder, strerror(errno));
    }
}

static void check_store(const char *path, struct config_faults *faults)
{
    static const char option[] = "[store] path";
    struct stat status;
    if (stat(path, &status) != 0) {
        if (errno == ENOENT) {
            check_parent(path, option, faults);
        } else {
            config_faults_add(faults, "%s: %s: %s", option, path, strerror(errno));
        }
        return;
    }
    if (!S_ISDIR(status.st_mode)) {
        config_faults_add(faults, "%s: %s is not a directory", option, path);
    } else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        config_faults_add(faults, "%s: others than its owner can write in %s", option, path);
    } else if (access(path, R_OK | W_OK | X_OK) != 0) {
        config_faults_add(faults, "%s: cannot write in %s: %s", option, path, strerror(errno));
    }
}

static void check_socket(const char *path, struct config_faults *faults)
{
    static const char option[] = "[control] socket";
    struct sockaddr_un address;
    struct stat status;
    if (strlen(path) >= sizeof(address.sun_path)) {
        config_faults_add(faults, "%s: the path is longer than %zu characters", option,
                          sizeof(address.sun_path) - 1);
        return;
    }
    if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
        config_faults_add(faults, "%s: %s is there and is not a socket", option, path);
    }
    check_parent(path, option, faults);
}

int check_configuration(const char *path, struct config *config, struct config_faults *faults)
{
    int result = config_read(path, config, faults);
    if (result < 0) {
        return result;
    }
    if (config->store_path != NULL) {
        check_store(config->store_path, faults);
    }
    if (config->control_socket != NULL) {
        check_socket(config->control_socket, faults);
    }
    return faults->count == 0 ? 0 : CONFIG_FAULTY;
}

/* ---- keys, certificates, CRL ---- */

static void check_certificate(const struct tls_state *state, struct config_faults *faults)
{
    time_t now = time(NULL);
    if (!state->certificate_begun || now >= state->certificate_ends) {
        const char *what = state->certificate_begun ? "expired" : "not valid yet";
        log_event(LOG_LEVEL_ERROR, "certificate", "state=\"%s\" clients will refuse it", what);
        if (faults != NULL) {
            config_faults_add(faults, "[server] certificate: %s", what);
        }
    } else if (state->certificate_ends - now < CERTIFICATE_WARNING) {
        log_event(LOG_LEVEL_WARNING, "certificate", "state=ending days=%lld",
                  (long long)(state->certificate_ends - now) / (24 * 3600));
    }
}

static void check_crl(const struct tls_state *state, struct config_faults *faults)
{
    time_t now = time(NULL);
    if (!state->crl_configured) {
        log_event(LOG_LEVEL_WARNING, "crl", "state=none revoked certificates are accepted");
        return;
    }
    bool ended = state->crl_loaded && now >= state->crl_ends;
    if (!state->crl_loaded || ended) {
        const char *what = ended ? "expired" : "missing";
        log_event(LOG_LEVEL_ERROR, "crl", "state=%s every client certificate is refused", what);
        if (faults != NULL) {
            config_faults_add(faults, "[server] client_crl: %s: every client is refused", what);
        }
    } else if (state->crl_ends - now < (state->crl_ends - state->crl_begins) / CRL_WARNING_PART) {
        log_event(LOG_LEVEL_WARNING, "crl", "state=ending hours=%lld then every client is refused",
                  (long long)(state->crl_ends - now) / 3600);
    }
}

void check_expiry(const struct tls_state *state, struct config_faults *faults)
{
    check_certificate(state, faults);
    check_crl(state, faults);
}

static void check_private_key(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        log_event(LOG_LEVEL_WARNING, "private-key", "file=%s mode=%04o others may read it", path,
                  (unsigned)status.st_mode & 07777);
    }
}

int check_files(const struct config *config, struct config_faults *faults)
{
    char why[KEYRING_WHY_SIZE > TLS_WHY_SIZE ? KEYRING_WHY_SIZE : TLS_WHY_SIZE];
    const struct tls_options options = check_tls_options(config);
    struct tls *tls = NULL;
    int result = tls_new(&options, &tls, why);
    if (result < 0) {
        return result;
    }
    if (result == 0) {
        struct tls_state state;
        tls_get_state(tls, &state);
        tls_free(tls);
        check_expiry(&state, faults);
    } else {
        config_faults_add(faults, "%s", why);
    }
    check_private_key(config->private_key);
    witnesses_check(config, faults);

    CLEANUP(keyring_freep) struct keyring *keys = NULL;
    result = keyring_load(check_keys_directory(config), check_epoch_directory(config), &keys, why);
    if (result < 0) {
        return result;
    }
    if (result > 0) {
        config_faults_add(faults, "[keys] %s", why);
    } else {
        (void)check_epoch_turn(keys); /* said; the index can be used without */
    }
    return faults->count == 0 ? 0 : CONFIG_FAULTY;
}

void check_log_faults(const struct config_faults *faults)
{
    size_t kept = faults->count < CONFIG_FAULTS_MAXIMUM ? faults->count : CONFIG_FAULTS_MAXIMUM;
    for (size_t i = 0; i < kept; i++) {
        log_event(LOG_LEVEL_ERROR, "configuration", "%s", faults->lines[i]);
    }
    if (faults->count > kept) {
        log_event(LOG_LEVEL_ERROR, "configuration", "and %zu more", faults->count - kept);
    }
}
