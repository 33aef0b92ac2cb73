/* SPDX-License-Identifier: EUPL-1.2 */
/* The table of routes, and the OpenAPI document that is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "crypto/secret.h"
#include "proto/body.h"
#include "proto/exchange.h"
#include "proto/openapi.h"
#include "proto/views.h"

static struct arena arena;
static json_t *document;

static int set_up(void **state)
{
    (void)state;
    const char *text;
    size_t size;
    body_start();
    arena_init(&arena);
    assert_int_equal(openapi_make(&arena, &text, &size), 0);
    document = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(document);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(document);
    arena_finish(&arena);
    return 0;
}

/* Follows "a/b/c"; a "~1" in a part is a slash. */
static const json_t *at(const json_t *json, const char *path)
{
    char copy[256];
    char *rest = copy;
    snprintf(copy, sizeof(copy), "%s", path);
    for (char *part; json != NULL && (part = strsep(&rest, "|")) != NULL;) {
        json = json_object_get(json, part);
    }
    return json;
}

/* What stands behind a reference. */
static const json_t *resolve(const json_t *json)
{
    const char *reference = json_string_value(json_object_get(json, "$ref"));
    if (reference == NULL) {
        return json;
    }
    char path[128];
    snprintf(path, sizeof(path), "%s", reference + strlen("#/"));
    for (char *slash = path; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '|';
    }
    const json_t *target = at(document, path);
    if (target == NULL) {
        print_error("%s is not there\n", reference);
    }
    assert_non_null(target);
    return target;
}

static const char *const methods[] = {
    [HTTP_GET] = "get", [HTTP_POST] = "post", [HTTP_PUT] = "put", [HTTP_DELETE] = "delete"};

static bool is_public(const struct route *route)
{
    return route->face == API_PUBLIC && strncmp(route->template, "/v1/", 4) == 0;
}

static const json_t *operation_of(const struct route *route)
{
    const json_t *path =
        json_object_get(json_object_get(document, "paths"), route->template + strlen("/v1"));
    return json_object_get(path, methods[route->method]);
}

static void test_match(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *target;
        const char *operation; /* NULL: none */
    } cases[] = {
        {HTTP_GET, "/v1/signals", "listSignals"},
        {HTTP_HEAD, "/v1/signals?x", "listSignals"},
        {HTTP_POST, "/v1/signals", "postSignal"},
        {HTTP_GET, "/v1/signals/abc", "getSignal"},
        {HTTP_POST, "/v1/log-entries/_search", "searchLogEntries"},
        {HTTP_GET, "/v1/log-entries/7/proof", "proveLogEntry"},
        {HTTP_POST, "/v1/signals/_count-notices", "countNotices"},
        {HTTP_GET, "/v1/signals/_count-notices", NULL},
        {HTTP_POST, "/v1/signals/abc/_renew", "renewSignal"},
        {HTTP_GET, "/v1/signals/", NULL},
        {HTTP_GET, "/v1/signals/a/b", NULL},
        {HTTP_GET, "/v1/signal", NULL},
        {HTTP_GET, "/v1/signalss", NULL},
        {HTTP_GET, "/v1/openapi.json", "getOpenapi"},
        {HTTP_GET, "/v1/openapi_json", NULL},
        {HTTP_GET, "/tlog/tile/0/000", "getTile"},
        {HTTP_HEAD, "/tlog/tile/1/x001/x234/067.p/5?x", "getTile"},
        {HTTP_GET, "/tlog/tile/entries/000.p/1", "getEntryBundle"},
        {HTTP_GET, "/tlog/tile/entries/", "getTile"}, /* which is no tile */
        {HTTP_GET, "/tlog/tile/", NULL},
        {HTTP_GET, "/tlog/tile", NULL},
        {HTTP_POST, "/tlog/tile/0/000", NULL},
        {HTTP_GET, "/audit/", "getAuditPage"},
        {HTTP_GET, "/audit/main.js", "getAuditFile"},
        {HTTP_GET, "/audit", NULL},
        {HTTP_GET, "/audit/a/b", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct target target;
        struct route_match match;
        assert_int_equal(query_split_target(cases[i].target, &target), 0);
        routes_match(API_PUBLIC, cases[i].method, &target, &match);
        if (cases[i].operation == NULL) {
            assert_null(match.route);
        } else {
            assert_non_null(match.route);
            assert_string_equal(match.route->operation, cases[i].operation);
        }
    }
    struct target target;
    struct route_match match;
    assert_int_equal(query_split_target("/control/parties/A/mandates/B", &target), 0);
    routes_match(API_CONTROL, HTTP_PUT, &target, &match);
    assert_memory_equal(match.variables[0], "A", match.lengths[0]);
    assert_memory_equal(match.variables[1], "B", match.lengths[1]);
    routes_match(API_PUBLIC, HTTP_PUT, &target, &match);
    assert_null(match.template);

    /* The rest of a path is all of it, as it came. */
    static const char rest[] = "0/x001/%30/067.p/";
    assert_int_equal(query_split_target("/tlog/tile/0/x001/%30/067.p/?a=/b", &target), 0);
    routes_match(API_PUBLIC, HTTP_GET, &target, &match);
    assert_int_equal(match.lengths[0], strlen(rest));
    assert_memory_equal(match.variables[0], rest, strlen(rest));
}

/* Each route is whole, and its template and its variables agree. */
static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        assert_non_null(route->run);
        assert_int_equal(route->body != NULL, route->body_maximum > 0);
        assert_int_equal(route->standing == ROUTE_OPERATOR, route->face == API_CONTROL);
        assert_true(route->answers[0].status != 0);
        const char *variable = route->template;
        for (size_t j = 0; route->path != NULL && j < route->path->count; j++) {
            const char *name = route->path->fields[j].name;
            variable = strchr(variable + 1, '{');
            assert_non_null(variable);
            assert_memory_equal(variable + 1, name, strlen(name));
            assert_int_equal(variable[1 + strlen(name)], '}');
        }
        /* A rest has no shape, ends the template, and comes alone. */
        variable = strchr(variable + 1, '{');
        if (variable != NULL) {
            assert_null(route->path);
            assert_int_equal(variable[1], '+');
            assert_string_equal(strchr(variable, '}'), "}");
        }
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(routes_at(j)->operation, route->operation);
        }
    }
}

/* What is not built must not be there. */
static void test_contract(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/signals",
        "/signals/_count-notices",
        "/signals/{id}",
        "/signals/{id}/_renew",
        "/professionals",
        "/professionals/{id}",
        "/professionals/{id}/_transfer",
        "/matches",
        "/matches/{id}",
        "/matches/{id}/_confirm-contact",
        "/notices",
        "/notices/_acknowledge",
        "/pseudonyms/key",
        "/pseudonyms/_evaluate",
        "/person-events",
        "/access-requests",
        "/erasures",
        "/statistics",
        "/log-entries",
        "/log-entries/_search",
        "/log-entries/{index}/proof",
        "/processing-activities",
        "/receipts/{logIndex}",
        "/parties/self",
        "/openapi.json",
    };
    const json_t *all = json_object_get(document, "paths");
    assert_int_equal(json_object_size(all), ARRAY_LENGTH(paths));
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        assert_non_null(json_object_get(all, paths[i]));
    }
}

/* Every public route is in the document, and nothing else is. */
static void test_both_ways(void **state)
{
    (void)state;
    size_t documented = 0;
    const char *path;
    json_t *item;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        documented += json_object_size(item);
    }
    size_t there = 0;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        if (!is_public(route)) {
            continue;
        }
        there++;
        const json_t *operation = operation_of(route);
        assert_non_null(operation);
        assert_string_equal(json_string_value(json_object_get(operation, "operationId")),
                            route->operation);
        for (size_t j = 0; j < ROUTE_ANSWERS_MAXIMUM && route->answers[j].status != 0; j++) {
            char status[24];
            snprintf(status, sizeof(status), "responses|%d", route->answers[j].status);
            const json_t *response = at(operation, status);
            assert_non_null(response);
            assert_int_equal(json_object_size(json_object_get(response, "content")),
                             (route->produces != NULL) + (route->produces_too != NULL));
        }
    }
    assert_int_equal(there, documented);
}

static void check_field(const struct field *field, const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    if (field->type == FIELD_TEXT) {
        assert_string_equal(json_string_value(type), "string");
        assert_int_equal(json_integer_value(json_object_get(schema, "minLength")), field->minimum);
        assert_int_equal(json_integer_value(json_object_get(schema, "maxLength")), field->maximum);
        const char *const *values = field->format != NULL ? field->format->values : NULL;
        const json_t *listed = json_object_get(schema, "enum");
        assert_int_equal(values != NULL, listed != NULL);
        for (size_t i = 0; i < json_array_size(listed); i++) {
            assert_string_equal(json_string_value(json_array_get(listed, i)), values[i]);
        }
    } else if (field->type == FIELD_INTEGER) {
        assert_string_equal(json_string_value(type), "integer");
        if (field->maximum > 0) {
            assert_int_equal(json_integer_value(json_object_get(schema, "minimum")),
                             field->minimum);
            assert_int_equal(json_integer_value(json_object_get(schema, "maximum")),
                             field->maximum);
        }
    } else if (field->type == FIELD_TEXTS || field->type == FIELD_OBJECTS) {
        assert_string_equal(json_string_value(type), "array");
    }
}

static bool lists(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_shape(const struct shape *shape)
{
    const json_t *schema = at(document, "components|schemas");
    schema = json_object_get(schema, shape->name);
    assert_non_null(schema);
    const json_t *properties = json_object_get(schema, "properties");
    assert_int_equal(json_object_size(properties), shape->count);
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        const json_t *property = json_object_get(properties, field->name);
        assert_non_null(property);
        check_field(field, property);
        assert_int_equal(lists(json_object_get(schema, "required"), field->name), field->required);
        if (field->shape != NULL) {
            check_shape(field->shape);
        }
    }
    if (shape->size > 0) {
        assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
    }
}

static void test_schemas_are_the_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        if (!is_public(route)) {
            continue;
        }
        if (route->body != NULL) {
            check_shape(route->body);
        }
        for (size_t j = 0; j < ROUTE_ANSWERS_MAXIMUM; j++) {
            if (route->answers[j].shape != NULL) {
                check_shape(route->answers[j].shape);
            }
        }
    }
    check_shape(&shape_problem);
}

static void check_parameters(const struct shape *shape, const char *in, const json_t *parameters)
{
    size_t found = 0;
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *parameter = resolve(json_array_get(parameters, i));
        if (strcmp(json_string_value(json_object_get(parameter, "in")), in) != 0) {
            continue;
        }
        found++;
        const char *name = json_string_value(json_object_get(parameter, "name"));
        const struct field *field = shape != NULL ? shape_find(shape, name, strlen(name)) : NULL;
        assert_non_null(field);
        check_field(field, json_object_get(parameter, "schema"));
        assert_int_equal(json_is_true(json_object_get(parameter, "required")), field->required);
    }
    assert_int_equal(found, shape != NULL ? shape->count : 0);
}

static void test_parameters_are_the_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        if (is_public(route)) {
            const json_t *parameters = json_object_get(operation_of(route), "parameters");
            check_parameters(route->path, "path", parameters);
            check_parameters(route->query, "query", parameters);
        }
    }
}

/* The NLGov API Design Rules, as far as a linter looks at them. */
static void test_design_rules(void **state)
{
    (void)state;
    assert_string_equal(json_string_value(at(document, "info|version")), API_VERSION);
    static const char *const contact[] = {"info|contact|name", "info|contact|url",
                                          "info|contact|email"};
    for (size_t i = 0; i < ARRAY_LENGTH(contact); i++) {
        assert_non_null(json_string_value(at(document, contact[i])));
    }
    const char *url = json_string_value(
        json_object_get(json_array_get(json_object_get(document, "servers"), 0), "url"));
    assert_string_equal(url + strlen(url) - 3, "/v1");
    for (size_t i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        if (!is_public(route)) {
            continue;
        }
        const json_t *operation = operation_of(route);
        const json_t *responses = json_object_get(operation, "responses");
        bool asks = json_array_size(json_object_get(operation, "parameters")) > 0 ||
                    route->method == HTTP_POST || route->method == HTTP_PUT;
        if (asks) {
            assert_non_null(json_object_get(responses, "400"));
        }
        const char *status;
        json_t *response;
        json_object_foreach((json_t *)responses, status, response)
        {
            const json_t *whole = resolve(response);
            assert_non_null(at(whole, "headers|API-Version"));
            const char *name;
            json_t *header;
            json_object_foreach(json_object_get(whole, "headers"), name, header)
            {
                assert_non_null(resolve(header));
            }
            if (status[0] == '4' || status[0] == '5') {
                assert_non_null(at(whole, "content|application/problem+json"));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_schemas_are_the_tables),
        cmocka_unit_test(test_parameters_are_the_tables),
        cmocka_unit_test(test_design_rules),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
