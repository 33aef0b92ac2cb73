/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Notices as CloudEvents 1.0, by the NL GOV profile 1.1: nothing sensitive stands in the
 * attributes; what there is to know stands in `data`.
 */
#ifndef PROTO_EVENT_H
#define PROTO_EVENT_H

#include "proto/shape.h"
#include "store/model.h"

extern const struct shape shape_event;
extern const char *const event_types[]; /* [notice type - 1], NULL-terminated */

/* `source` is urn:nld:oin:<operator>:systeem:verwijsindex. */
void event_write(struct writer *writer, const char *source, const struct notice *notice);

#endif
