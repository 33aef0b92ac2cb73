/* SPDX-License-Identifier: EUPL-1.2 */
/* What all exchanges share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/body.h"
#include "proto/exchange.h"
#include "proto/openapi.h"
#include "store/base/clock.h"

static int make_log_key(struct api *api)
{
    const struct keyring *keys = api->options.keys;
    const uint8_t *seed = keyring_find(keys, KEYRING_LOG, keyring_current(keys, KEYRING_LOG));
    struct checkpoint_signer signer;
    char text[CHECKPOINT_VKEY_MAXIMUM];
    if (seed == NULL || checkpoint_signer_init(&signer, api->options.log_origin, seed) != 0) {
        return -EINVAL;
    }
    checkpoint_vkey_format(&signer.vkey, text);
    secret_wipe(&signer, sizeof(signer));
    api->log_key = arena_copy_text(&api->arena, text, strlen(text));
    return api->log_key != NULL ? 0 : -ENOMEM;
}

static int make_texts(struct api *api)
{
    int r = make_log_key(api);
    if (r != 0) {
        return r;
    }
    api->event_source = arena_print(&api->arena, "urn:nld:oin:%s:systeem:verwijsindex",
                                    api->options.operator_oin.text);
    if (api->event_source == NULL) {
        return -ENOMEM;
    }
    return openapi_make(&api->arena, &api->openapi, &api->openapi_size);
}

int api_new(const struct api_options *options, struct api **ret_api)
{
    body_start();
    struct api *api = calloc(1, sizeof(*api));
    if (api == NULL) {
        return -ENOMEM;
    }
    api->options = *options;
    api->started_at = clock_now();
    arena_init(&api->arena);
    atomic_init(&api->draining, false);
    pthread_mutex_init(&api->lock, NULL);
    pthread_cond_init(&api->idle, NULL);
    const unsigned quotas[LIMIT_KINDS] = {
        [LIMIT_REQUESTS] = options->limits.requests_per_minute,
        [LIMIT_EVALUATIONS] = options->limits.evaluations_per_minute,
    };
    int r = limits_new(quotas, &api->limits);
    r = r != 0 ? r : counts_new(&api->counts);
    r = r != 0 ? r : make_texts(api);
    if (r != 0) {
        api_free(api);
        return r;
    }
    *ret_api = api;
    return 0;
}

void api_wait_idle(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    while (api->copying) {
        pthread_cond_wait(&api->idle, &api->lock);
    }
    pthread_mutex_unlock(&api->lock);
}

void api_free(struct api *api)
{
    if (api == NULL) {
        return;
    }
    api_wait_idle(api);
    limits_free(api->limits);
    counts_free(api->counts);
    arena_finish(&api->arena);
    pthread_cond_destroy(&api->idle);
    pthread_mutex_destroy(&api->lock);
    free(api);
}

void api_drain(struct api *api)
{
    atomic_store(&api->draining, true);
    store_wake_all(api->options.store);
}

void api_flush_counts(struct api *api, struct mailbox *mailbox)
{
    counts_flush(api->counts, api->options.store, mailbox);
}
