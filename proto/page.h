/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The auditor's page: the files of proto/page/, as they were when the daemon was built. They stand
 * in its read-only memory and live for ever; any thread may read them.
 */
#ifndef PROTO_PAGE_H
#define PROTO_PAGE_H

#include "proto/exchange.h"

#define PAGE_INDEX "index.html"
#define PAGE_NAME_MAXIMUM 32
#define PAGE_HTML "text/html; charset=utf-8"

struct page_file {
    const char *name;
    const char *type; /* media type */
    const char *bytes;
    const char *end;
};

/* NULL: there is no such file. */
const struct page_file *page_find(const char *name, size_t length);
size_t page_count(void);
const struct page_file *page_at(size_t i);

/*
 * page_refusal.c: for a person who looks at the page's place with a browser, a refusal is a page
 * too, of the same status and meaning, in Dutch and English. False: it is not such a request, and
 * nothing was set.
 */
bool page_refuse(struct exchange *exchange, const struct problem *problem, const char *detail);

/* The style of those pages, and the Content-Security-Policy that lets it through by its hash. */
extern const char page_refusal_style[];
extern const char page_refusal_policy[];

#endif
