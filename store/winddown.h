/* SPDX-License-Identifier: EUPL-1.2 */
/* The mark of an index that was wound down: the one row that is left of it. Private to store/. */
#ifndef STORE_WINDDOWN_H
#define STORE_WINDDOWN_H

#define WINDDOWN_FORMAT_NAME "format"
#define WINDDOWN_FORMAT_TEXT "verwijsindex wound down"

#endif
