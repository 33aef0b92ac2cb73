/* SPDX-License-Identifier: EUPL-1.2 */
/* The files of the auditor's page. They disclose nothing, so that reading them is not logged; what
 * the page then asks is. */
#include "proto/page.h"
#include "proto/handlers.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

/* Nothing but these files runs in the page, and it talks to nobody but this index. */
static const struct http_header page_headers[] = {
    {"Cache-Control", "no-cache"},
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
};

struct page_path {
    struct text_input file;
};
static const struct format format_file = {.pattern = "^[a-z0-9.]+$"};
static const struct field path_fields[] = {
    {.name = "file",
     .type = FIELD_TEXT,
     .required = true,
     .minimum = 1,
     .maximum = PAGE_NAME_MAXIMUM,
     .format = &format_file,
     .offset = offsetof(struct page_path, file)},
};
const struct shape shape_page_path = {FIELDS(path_fields), .size = sizeof(struct page_path)};

static void send(struct exchange *x, const struct page_file *file)
{
    if (file == NULL) {
        exchange_refuse(x, "not-found", NULL);
        return;
    }
    const char *slug = negotiate_accept(&x->request, file->type);
    if (slug != NULL) {
        exchange_refuse(x, slug, NULL);
        return;
    }
    exchange_set_text(x, 200, file->type, file->bytes, (size_t)(file->end - file->bytes));
    for (size_t i = 0; i < ARRAY_LENGTH(page_headers); i++) {
        http_response_header(&x->response, page_headers[i].name, page_headers[i].value);
    }
    exchange_finish(x);
}

void page_get(struct exchange *x)
{
    send(x, page_find(PAGE_INDEX, sizeof(PAGE_INDEX) - 1));
}

void page_get_file(struct exchange *x)
{
    const struct page_path *path = x->path;
    send(x, page_find(path->file.text, path->file.length));
}
