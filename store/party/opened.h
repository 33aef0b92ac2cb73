/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Profiles of parties that were opened lately: each request looks up who asks, and opening the
 * sealed row of the same party again and again would be most of that. A row is looked for with the
 * sealed bytes that a snapshot holds, all of them: what is given is what opening these would give,
 * however old it is. What is kept is wiped when another takes its place.
 *
 * For all threads at once. Private to store/.
 */
#ifndef STORE_PARTY_OPENED_H
#define STORE_PARTY_OPENED_H

#include "store/kv/kv.h"
#include "store/view.h"

struct opened;

int opened_new(struct opened **ret_opened) MUST_CHECK; /* 0 or -ENOMEM */
void opened_free(struct opened *opened);               /* NULL is allowed */

/* Whether the row of this party was opened with just this value; its plain bytes go to the arena.
 * False, too, when there is no memory for them. */
bool opened_find(struct opened *opened, uint32_t party, struct kv_bytes value, struct arena *arena,
                 struct codec_reader *ret_plain) MUST_CHECK;
/* Its row is gone. */
void opened_forget(struct opened *opened, uint32_t party);
/* Keeps what it holds, unless it is unusually large. */
void opened_keep(struct opened *opened, uint32_t party, struct kv_bytes value,
                 const struct codec_reader *plain);

#endif
