/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The answer to an access request (Jeugdwet 7.1.2.2(3), 7.1.5), as JSON and as plain text for the
 * youth: everything that is held under one municipality, or that nothing is, with the receipt of
 * the request's own log entry.
 */
#ifndef PROTO_PACK_H
#define PROTO_PACK_H

#include "proto/shape.h"
#include "proto/told.h"
#include "proto/writer.h"

struct pack {
    uint64_t log_index; /* of the request */
    int64_t requested_at;
    const char *receipt;
    const struct party *municipality;
    bool held; /* as the log entry says; false: `access` and `told` are empty */
    struct access_pack access;
    struct told told;
};

extern const struct shape shape_pack;

/* view_pack.c */
void pack_write_json(struct writer *writer, const struct pack *pack);

/* pack_text.c: Dutch, short, one fact a line; in the arena. 0 or -ENOMEM. */
#define PACK_TEXT_MEDIA "text/plain; charset=utf-8"
int pack_write_text(struct arena *arena, const struct pack *pack, const char **ret_text,
                    size_t *ret_size) MUST_CHECK;

#endif
