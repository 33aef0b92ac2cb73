/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Whole requests on a whole index: its store is real, and lives as long as the fuzzer. The first
 * byte chooses who asks; then come "METHOD target", header lines "name: value", an empty line and
 * the body, all ending in a single line feed, as what the transport delivers has been taken apart
 * already.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "tests/unit/proto/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world world;

static void finish(void)
{
    world_finish(&world);
}

static void start(void)
{
    static bool started;
    if (!started) {
        started = true;
        world_init_peopled(&world, NULL);
        world_allow(&world, SCHOOL, PARTY_BLINDED | PARTY_QUIET);
        world_add_party(&world, REGISTRY, "Bevolking", PARTY_REGISTRY, 0);
        atexit(finish);
    }
}

static char *next_line(char **rest)
{
    char *line = *rest;
    char *end = line != NULL ? strchr(line, '\n') : NULL;
    if (end != NULL) {
        *end = '\0';
    }
    *rest = end != NULL ? end + 1 : NULL;
    return line;
}

static enum http_method read_method(const char *name)
{
    for (int method = HTTP_GET; method < HTTP_OTHER; method++) {
        if (strcmp(name, http_method_name((enum http_method)method)) == 0) {
            return (enum http_method)method;
        }
    }
    return HTTP_OTHER;
}

/* What would leave the index: a copy in a directory, another time, or none of it at all. */
static bool is_out_of_bounds(const char *target)
{
    return strstr(target, "_backup") != NULL || strstr(target, "clock") != NULL ||
           strstr(target, "_wind-down") != NULL;
}

static void look_at(const struct reply *reply, const struct ask *ask)
{
    if (reply->status < 200 || reply->status > 507 ||
        strcmp(http_status_text(reply->status), "Unknown") == 0 || reply->status == 500) {
        abort();
    }
    if (reply->status >= 400 &&
        (reply->json == NULL ||
         json_integer_value(json_object_get(reply->json, "status")) != reply->status)) {
        abort();
    }
    if (reply->status >= 400 && !ask->is_operator && json_holds(reply->json, BSN_ONE)) {
        abort();
    }
}

static void ask_for(struct ask *ask)
{
    struct reply reply;
    world_begin(&world, ask, &reply);
    if (!reply.finished && exchange_wait_deadline(reply.exchange) != 0) {
        exchange_wake(reply.exchange);
    }
    world_wait(&world, &reply);
    look_at(&reply, ask);
    reply_free(&reply);
}

static void run(char *text, uint8_t choice, const char *end)
{
    static const char *const callers[] = {SCHOOL,   CARE, MUNICIPALITY, AUDITOR, SUPPLIER,
                                          STRANGER, "",   NULL,         REGISTRY};
    struct ask ask = {.oin = callers[choice % ARRAY_LENGTH(callers)],
                      .is_operator = (choice & 0x80) != 0};
    char *rest = text;
    char *line = next_line(&rest);
    char *target = line != NULL ? strchr(line, ' ') : NULL;
    if (target == NULL) {
        return;
    }
    *target++ = '\0';
    ask.method = read_method(line);
    ask.target = target;
    if (is_out_of_bounds(target)) {
        return;
    }
    size_t headers = 0;
    while ((line = next_line(&rest)) != NULL && line[0] != '\0') {
        char *value = strstr(line, ": ");
        if (value != NULL && headers < ARRAY_LENGTH(ask.headers)) {
            *value = '\0';
            ask.headers[headers++] = (struct http_header){line, value + 2};
        }
    }
    if (rest != NULL && rest < end) {
        ask.body = rest;
        ask.body_size = (size_t)(end - rest);
    }
    ask_for(&ask);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536) {
        return 0;
    }
    start();
    char *text = malloc(size);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    run(text, data[0], text + size - 1);
    free(text);
    return 0;
}
