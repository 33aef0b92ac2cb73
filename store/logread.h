/* SPDX-License-Identifier: EUPL-1.2 */
/* Searching the log from within the rules. Private to store/. */
#ifndef STORE_LOGREAD_H
#define STORE_LOGREAD_H

#include "store/view.h"

/* As store_read_log(), in any view: a transaction's sees its own entries. Opens no more than
 * `*budget` entries, and takes those that it opened off it; when that ended the search, the page
 * says that there is more. */
int log_read_page(struct store_view *view, const struct log_query *query, size_t *budget,
                  struct log_page *ret_page) MUST_CHECK;

#endif
