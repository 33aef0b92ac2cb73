/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * JSON that comes in (RFC 8259): parsed whole, strictly, within bounds, and decoded by a table of
 * fields. Its memory is wiped when it is freed, as it may hold a person number.
 */
#ifndef PROTO_BODY_H
#define PROTO_BODY_H

#include "proto/shape.h"

#define BODY_DEPTH_MAXIMUM 8

struct json_t;

/* To be called before anything else here; as often as one likes, from any thread. */
void body_start(void);

#define BODY_MALFORMED 1
/*
 * BODY_MALFORMED: not one JSON text, not UTF-8, a member twice, nested deeper than
 * BODY_DEPTH_MAXIMUM, a NUL; then `ret_detail` says which, without any of the content.
 */
int body_parse(const uint8_t *data, size_t size, struct json_t **ret_root,
               const char **ret_detail) MUST_CHECK;
void body_freep(struct json_t **root); /* for CLEANUP */

/*
 * Decodes an object into the structure `out` of shape->size bytes, zeroed before. All that is
 * wrong with it is added to `faults`. Texts go to the arena, but for secret ones, which live as
 * long as `root`. 0; BODY_MALFORMED when it is no object, which is a fault too; -ENOMEM.
 */
int body_decode(const struct json_t *root, const struct shape *shape, struct arena *arena,
                void *out, struct faults *faults) MUST_CHECK;

/* Holds an answer to its table: the first thing that differs, or NULL. For tests. */
const char *body_check_answer(const struct json_t *root, const struct shape *shape);

#endif
