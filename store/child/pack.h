/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is held on a child under the agreements of one municipality (Jeugdwet 7.1.2.2(3), 7.1.5):
 * what a youth may be shown there, and what may be erased there. Private to store/.
 */
#ifndef STORE_CHILD_PACK_H
#define STORE_CHILD_PACK_H

#include "store/child/file.h"

/* Whether a signal was made under an agreement with this municipality; with all of those that it
 * has become one with, whose codes lead to it. */
int pack_is_under(struct store_view *view, uint32_t municipality, const struct child_member *member,
                  bool *ret_is) MUST_CHECK;
/*
 * Whether anything is held that the population register has told, and it is this municipality's to
 * show: the youth lives there, as far as the register has told, or was signalled under it. Where
 * one lives, and whose child one is, is no other municipality's business; of a youth without
 * residence and without signals it is nobody's.
 */
int pack_has_registry_data(struct store_view *view, uint32_t municipality,
                           const struct child_file *file, bool *ret_has) MUST_CHECK;

#endif
