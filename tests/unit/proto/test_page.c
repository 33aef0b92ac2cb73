/* SPDX-License-Identifier: EUPL-1.2 */
/* What the auditor's page is made of: all of it is there, and nothing of it comes from elsewhere.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/page.h"

#define NAMESPACE "http://www.w3.org/2000/svg"

static char *text_of(const struct page_file *file)
{
    char *text = strndup(file->bytes, (size_t)(file->end - file->bytes));
    assert_non_null(text);
    return text;
}

static char *text_named(const char *name)
{
    const struct page_file *file = page_find(name, strlen(name));
    assert_non_null(file);
    return text_of(file);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void test_table(void **state)
{
    (void)state;
    static const struct {
        const char *end;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    for (size_t i = 0; i < page_count(); i++) {
        const struct page_file *file = page_at(i);
        assert_ptr_equal(page_find(file->name, strlen(file->name)), file);
        assert_true(strlen(file->name) <= PAGE_NAME_MAXIMUM);
        size_t found = 0;
        for (size_t j = 0; j < ARRAY_LENGTH(types); j++) {
            if (ends_with(file->name, types[j].end)) {
                assert_string_equal(file->type, types[j].type);
                found++;
            }
        }
        assert_int_equal(found, 1);
        char *text = text_of(file);
        assert_int_equal(strlen(text), file->end - file->bytes); /* no NUL in it */
        assert_non_null(strstr(text, "SPDX-License-Identifier: EUPL-1.2"));
        assert_int_equal(text[strlen(text) - 1], '\n');
        free(text);
    }
    assert_null(page_find("index.htm", 9));
    assert_null(page_find("", 0));
    assert_null(page_find("../page.c", 9));
}

/* Each place where `before` stands is followed by a name of the table, up to `quote`. */
static size_t check_references(const char *text, const char *before, char quote)
{
    size_t count = 0;
    const char *at = text;
    for (; (at = strstr(at, before)) != NULL; count++) {
        at += strlen(before);
        const char *end = strchr(at, quote);
        assert_non_null(end);
        if (page_find(at, (size_t)(end - at)) == NULL) {
            fail_msg("there is no %.*s", (int)(end - at), at);
        }
    }
    return count;
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what)) {
        found++;
    }
    return found;
}

static void test_references(void **state)
{
    (void)state;
    char *text = text_named(PAGE_INDEX);
    /* All attributes that lead somewhere lead into the table, or to a place in the page. */
    size_t into = check_references(text, "href=\"/audit/", '"') +
                  check_references(text, "src=\"/audit/", '"');
    assert_int_equal(into + count(text, "href=\"#"), count(text, "href=") + count(text, "src="));
    assert_true(into >= 4);
    free(text);
    bool imported[64] = {false};
    for (size_t i = 0; i < page_count(); i++) {
        const struct page_file *file = page_at(i);
        text = text_of(file);
        if (ends_with(file->name, ".js")) {
            size_t modules = check_references(text, "from \"./", '"');
            assert_int_equal(modules, count(text, " from \""));
            assert_int_equal(count(text, "import("), 0);
        }
        for (size_t j = 0; j < page_count(); j++) {
            char quoted[PAGE_NAME_MAXIMUM + 4];
            snprintf(quoted, sizeof(quoted), "/%s\"", page_at(j)->name);
            imported[j] = imported[j] || strstr(text, quoted) != NULL;
        }
        free(text);
    }
    for (size_t i = 0; i < page_count(); i++) { /* and nothing lies there unused */
        assert_true(imported[i] || strcmp(page_at(i)->name, PAGE_INDEX) == 0);
    }
}

/* Nothing from another place, and nothing that the Content-Security-Policy would have to allow. */
static void test_nothing_foreign(void **state)
{
    (void)state;
    static const char *const never[] = {
        "<style",
        " style=",
        "javascript:",
        "@import",
        "url(\"",
        "innerHTML",
        "outerHTML",
        "eval(",
        "new Function",
        "document.write",
        "<iframe",
        "<object",
        "<form",
        "cookie",
        "sessionStorage",
        "WebSocket",
        "sendBeacon",
        "indexedDB",
        "pushState",
        "replaceState",
        "insertAdjacentHTML",
        "createContextualFragment",
    };
    for (size_t i = 0; i < page_count(); i++) {
        const struct page_file *file = page_at(i);
        char *text = text_of(file);
        for (size_t j = 0; j < ARRAY_LENGTH(never); j++) {
            if (strstr(text, never[j]) != NULL) {
                fail_msg("%s: %s", file->name, never[j]);
            }
        }
        assert_int_equal(count(text, "://"), count(text, NAMESPACE));
        if (ends_with(file->name, ".html") || ends_with(file->name, ".svg")) {
            for (const char *at = text; (at = strstr(at, " on")) != NULL; at++) {
                const char *end = at + 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
                assert_int_not_equal(*end, '='); /* onclick= and the like */
            }
        }
        assert_int_equal(count(text, "<script"), count(text, "<script type=\"module\" src=\""));
        assert_int_equal(count(text, "<script"), count(text, "></script>"));
        assert_true(strcmp(file->name, "memory.js") == 0 || strstr(text, "localStorage") == NULL);
        free(text);
    }
}

/* The next `  "key": "` or `  key: "` at the beginning of a line; NULL at the end. */
static const char *next_key(const char **at, size_t *ret_length)
{
    while (*at != NULL) {
        const char *line = *at;
        const char *end = strchr(line, '\n');
        *at = end != NULL ? end + 1 : NULL;
        if (strncmp(line, "  ", 2) != 0) {
            continue;
        }
        line += line[2] == '"' ? 3 : 2;
        size_t length = strcspn(line, "\":");
        if (length > 0 && isalpha((unsigned char)line[0])) {
            *ret_length = length;
            return line;
        }
    }
    return NULL;
}

static bool has_key(const char *texts, const char *key, size_t length)
{
    const char *at = texts;
    const char *found;
    size_t size;
    while ((found = next_key(&at, &size)) != NULL) {
        if (size == length && memcmp(found, key, length) == 0) {
            return true;
        }
    }
    return false;
}

static void assert_key(const char *texts, const char *kind, const char *name)
{
    char key[96];
    snprintf(key, sizeof(key), "%s.%s", kind, name);
    if (!has_key(texts, key, strlen(key))) {
        fail_msg("there are no words for %s", key);
    }
}

/* Whatever is said in one language is said in the other; what the log can hold has words. */
static void test_languages(void **state)
{
    (void)state;
    char *texts[] = {text_named("nl.js"), text_named("en.js")};
    size_t keys = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *at = texts[i];
        const char *key;
        size_t length;
        for (; (key = next_key(&at, &length)) != NULL; keys++) {
            if (!has_key(texts[1 - i], key, length)) {
                fail_msg("%.*s is said in one language only", (int)length, key);
            }
        }
        for (int event = 1; event < LOG_EVENTS; event++) {
            assert_key(texts[i], "event", accesslog_event_name((enum log_event)event));
        }
        for (size_t j = 0; j < problem_count(); j++) {
            assert_key(texts[i], "outcome", problem_at(j)->slug);
        }
        assert_key(texts[i], "outcome", "done");
    }
    assert_true(keys > 400);
    free(texts[0]);
    free(texts[1]);
}

/* The policy of a refusal lets exactly its own style through. */
static void test_refusal_style(void **state)
{
    (void)state;
    uint8_t hash[crypto_hash_sha256_BYTES];
    char encoded[64];
    char source[96];
    crypto_hash_sha256(hash, (const uint8_t *)page_refusal_style, strlen(page_refusal_style));
    sodium_bin2base64(encoded, sizeof(encoded), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
    snprintf(source, sizeof(source), "style-src 'sha256-%s';", encoded);
    assert_non_null(strstr(page_refusal_policy, source));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),           cmocka_unit_test(test_references),
        cmocka_unit_test(test_nothing_foreign), cmocka_unit_test(test_languages),
        cmocka_unit_test(test_refusal_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
