/* SPDX-License-Identifier: EUPL-1.2 */
/* What a party may know of itself, and what everybody may know of the index. */
#include "proto/handlers.h"

void party_self(struct exchange *x)
{
    const struct api_options *options = &x->options.api->options;
    const struct mandate *mandates;
    size_t count;
    int r = store_list_mandates(x->snapshot, x->party.number, &mandates, &count);
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    struct view_limits limits = {
        .requests_per_minute = options->limits.requests_per_minute,
        .evaluations_per_minute = options->limits.evaluations_per_minute,
    };
    view_party_self(exchange_begin_json(x), &x->party, mandates, count, x->today, &limits);
    exchange_finish_json(x, 200);
}

void openapi_get(struct exchange *x)
{
    const struct api *api = x->options.api;
    exchange_set_text(x, 200, "application/json", api->openapi, api->openapi_size);
    exchange_finish(x);
}
