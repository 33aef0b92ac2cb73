/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/page.h"

#include <string.h>

#include "proto/page_stamp.h"

#define CSS "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define ICON "image/svg+xml"

/* One file each: X(symbol, name, media type). */
#define PAGE_FILES(X)                                                                              \
    X(index_html, PAGE_INDEX, PAGE_HTML)                                                           \
    X(style_css, "style.css", CSS)                                                                 \
    X(icon_svg, "icon.svg", ICON)                                                                  \
    X(api_js, "api.js", SCRIPT)                                                                    \
    X(canonical_js, "canonical.js", SCRIPT)                                                        \
    X(chart_js, "chart.js", SCRIPT)                                                                \
    X(checkpoint_js, "checkpoint.js", SCRIPT)                                                      \
    X(child_js, "child.js", SCRIPT)                                                                \
    X(dom_js, "dom.js", SCRIPT)                                                                    \
    X(en_js, "en.js", SCRIPT)                                                                      \
    X(entries_js, "entries.js", SCRIPT)                                                            \
    X(entry_js, "entry.js", SCRIPT)                                                                \
    X(flags_js, "flags.js", SCRIPT)                                                                \
    X(forms_js, "forms.js", SCRIPT)                                                                \
    X(head_js, "head.js", SCRIPT)                                                                  \
    X(i18n_js, "i18n.js", SCRIPT)                                                                  \
    X(main_js, "main.js", SCRIPT)                                                                  \
    X(memory_js, "memory.js", SCRIPT)                                                              \
    X(merkle_js, "merkle.js", SCRIPT)                                                              \
    X(nl_js, "nl.js", SCRIPT)                                                                      \
    X(party_js, "party.js", SCRIPT)                                                                \
    X(tiles_js, "tiles.js", SCRIPT)                                                                \
    X(verify_js, "verify.js", SCRIPT)

/* The assembler copies the file in; PAGE_DIRECTORY comes from meson.build, which also knows that
 * this is compiled again when one of them changes. */
#define EMBED(symbol, name, type)                                                                  \
    __asm__(".pushsection .rodata, \"a\"\n"                                                        \
            "page_" #symbol ":\n"                                                                  \
            ".incbin \"" PAGE_DIRECTORY "/" name "\"\n"                                            \
            "page_" #symbol "_end:\n"                                                              \
            ".popsection\n");                                                                      \
    extern const char page_##symbol[];                                                             \
    extern const char page_##symbol##_end[];
PAGE_FILES(EMBED)

#define ROW(symbol, name, type) {name, type, page_##symbol, page_##symbol##_end},
static const struct page_file files[] = {PAGE_FILES(ROW)};

size_t page_count(void)
{
    return ARRAY_LENGTH(files);
}

const struct page_file *page_at(size_t i)
{
    return &files[i];
}

const struct page_file *page_find(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        if (strlen(files[i].name) == length && memcmp(files[i].name, name, length) == 0) {
            return &files[i];
        }
    }
    return NULL;
}
