/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/openapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/handlers.h"

#define BASE "/v1"
#define NAMES_MAXIMUM 128

/* Which shapes the document needs, each written once. */
struct names {
    const struct shape *shapes[NAMES_MAXIMUM];
    size_t count;
};

static void collect(struct names *names, const struct shape *shape)
{
    if (shape == NULL || shape->name == NULL || names->count == NAMES_MAXIMUM) {
        return;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (names->shapes[i] == shape) {
            return;
        }
    }
    names->shapes[names->count++] = shape;
    for (size_t i = 0; i < shape->count; i++) {
        collect(names, shape->fields[i].shape);
    }
}

static bool is_documented(const struct route *route)
{
    return route->face == API_PUBLIC && strncmp(route->template, BASE "/", sizeof(BASE)) == 0;
}

/* A problem with the list of what is wrong. */
static void write_invalid_schema(struct writer *w)
{
    writer_name(w, "InvalidRequest");
    writer_begin_object(w);
    writer_name(w, "allOf");
    writer_begin_list(w);
    openapi_write_reference(w, "schemas", shape_problem.name);
    writer_begin_object(w);
    writer_member_text(w, "type", "object");
    writer_name(w, "properties");
    writer_begin_object(w);
    writer_name(w, "errors");
    writer_begin_object(w);
    writer_member_text(w, "type", "array");
    writer_member_integer(w, "maxItems", FAULTS_MAXIMUM);
    writer_name(w, "items");
    openapi_write_reference(w, "schemas", shape_fault.name);
    writer_end_object(w);
    writer_end_object(w);
    writer_end_object(w);
    writer_end_list(w);
    writer_end_object(w);
}

/* ---- headers ---- */

static const struct header {
    const char *name;
    const char *type;
    const char *description;
} headers[] = {
    {"API-Version", "string", "The version of this interface, as in info.version."},
    {"Log-Index", "integer", "Of the entry that this made in the access log, if it made one."},
    {"Location", "string", "Where what was made can be found."},
    {"Retry-After", "integer", "Seconds."},
    {"RateLimit-Policy", "string", "Quota and window, per kind of limit."},
    {"RateLimit", "string", "What remains, and the seconds until it is renewed."},
    /* In lower case, as the linter of the API design rules looks for it. */
    {"access-control-allow-origin", "string", "Any page may read it."},
};

static void write_header_references(struct writer *w, const char *const *names)
{
    writer_name(w, "headers");
    writer_begin_object(w);
    for (size_t i = 0; names[i] != NULL; i++) {
        writer_name(w, names[i]);
        openapi_write_reference(w, "headers", names[i]);
    }
    writer_end_object(w);
}

static void write_headers(struct writer *w)
{
    writer_name(w, "headers");
    writer_begin_object(w);
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        writer_name(w, headers[i].name);
        writer_begin_object(w);
        writer_member_text(w, "description", headers[i].description);
        writer_name(w, "schema");
        writer_begin_object(w);
        writer_member_text(w, "type", headers[i].type);
        writer_end_object(w);
        writer_end_object(w);
    }
    writer_end_object(w);
}

/* ---- refusals ---- */

static const struct refusal {
    int status;
    const char *name; /* in components */
    const char *description;
    const char *headers[4];
} refusals[] = {
    {400, "InvalidRequest", "Invalid input; all of what is wrong.", {"API-Version", "Log-Index"}},
    {401, "CertificateRequired", "No client certificate.", {"API-Version"}},
    {403,
     "Forbidden",
     "unknown-party, party-suspended, agreement-ended, mandate-missing, role-missing or "
     "not-permitted.",
     {"API-Version", "Log-Index"}},
    {404,
     "NotFound",
     "There is no such thing, or it is another party's.",
     {"API-Version", "Log-Index"}},
    {406,
     "NotAcceptable",
     "The accepted media types cannot be given.",
     {"API-Version", "Log-Index"}},
    {409, "Conflict", "Not in the present state.", {"API-Version", "Log-Index"}},
    {413, "PayloadTooLarge", "The body is too large.", {"API-Version", "Log-Index"}},
    {415,
     "UnsupportedMediaType",
     "The body is not application/json.",
     {"API-Version", "Log-Index"}},
    {429,
     "RateLimited",
     "The limit of this minute, or of this day, is used up.",
     {"API-Version", "Retry-After", "RateLimit"}},
    {503, "Overloaded", "Try again later.", {"API-Version", "Retry-After"}},
    {507, "StorageFull", "There is no room.", {"API-Version"}},
};

static bool can_refuse(const struct route *route, int status)
{
    switch (status) {
    case 404:
        return route->path != NULL;
    case 406:
        return route->produces != NULL;
    case 409:
        return route->conflicts;
    case 413:
    case 415:
        return route->body != NULL;
    case 401:
    case 403:
    case 429:
        return route->standing != ROUTE_OPEN;
    default:
        return true; /* a parameter that is unknown; and a refusal that cannot be logged */
    }
}

static void write_problem_content(struct writer *w, const char *schema)
{
    writer_name(w, "content");
    writer_begin_object(w);
    writer_name(w, "application/problem+json");
    writer_begin_object(w);
    writer_name(w, "schema");
    openapi_write_reference(w, "schemas", schema);
    writer_end_object(w);
    writer_end_object(w);
}

static void write_refusals(struct writer *w)
{
    writer_name(w, "responses");
    writer_begin_object(w);
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        const struct refusal *refusal = &refusals[i];
        writer_name(w, refusal->name);
        writer_begin_object(w);
        writer_member_text(w, "description", refusal->description);
        write_header_references(w, refusal->headers);
        write_problem_content(w, refusal->status == 400 ? "InvalidRequest" : shape_problem.name);
        writer_end_object(w);
    }
    writer_end_object(w);
}

/* ---- operations ---- */

static void write_parameters(struct writer *w, const struct shape *shape, const char *in)
{
    for (size_t i = 0; shape != NULL && i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        struct field plain = *field;
        plain.description = NULL;
        writer_begin_object(w);
        writer_member_text(w, "name", field->name);
        writer_member_text(w, "in", in);
        writer_member_boolean(w, "required", field->required);
        if (field->description != NULL) {
            writer_member_text(w, "description", field->description);
        }
        writer_name(w, "schema");
        openapi_write_field(w, &plain);
        writer_end_object(w);
    }
}

static void write_all_parameters(struct writer *w, const struct route *route)
{
    writer_name(w, "parameters");
    writer_begin_list(w);
    write_parameters(w, route->path, "path");
    write_parameters(w, route->query, "query");
    if (route->standing != ROUTE_OPEN) {
        openapi_write_reference(w, "parameters", "OnBehalfOf");
        openapi_write_reference(w, "parameters", "Traceparent");
    }
    writer_end_list(w);
}

static void write_body(struct writer *w, const struct shape *shape)
{
    writer_name(w, "requestBody");
    writer_begin_object(w);
    writer_member_boolean(w, "required", true);
    writer_name(w, "content");
    writer_begin_object(w);
    writer_name(w, "application/json");
    writer_begin_object(w);
    writer_name(w, "schema");
    openapi_write_reference(w, "schemas", shape->name);
    writer_end_object(w);
    writer_end_object(w);
    writer_end_object(w);
}

static void write_type(struct writer *w, const char *type)
{
    writer_begin_object(w);
    writer_member_text(w, "type", type);
    writer_end_object(w);
}

static void write_answer(struct writer *w, const struct route *route,
                         const struct route_answer *answer)
{
    static const char *const created[] = {"API-Version", "Log-Index",        "Location",
                                          "RateLimit",   "RateLimit-Policy", NULL};
    static const char *const open[] = {"API-Version", "access-control-allow-origin", NULL};
    static const char *const done[] = {"API-Version", "Log-Index", "RateLimit", "RateLimit-Policy",
                                       NULL};
    char status[8];
    snprintf(status, sizeof(status), "%d", answer->status);
    writer_name(w, status);
    writer_begin_object(w);
    writer_member_text(w, "description", answer->description);
    write_header_references(w, route->standing == ROUTE_OPEN ? open
                               : answer->status == 201       ? created
                                                             : done);
    if (route->produces != NULL) {
        writer_name(w, "content");
        writer_begin_object(w);
        writer_name(w, route->produces);
        writer_begin_object(w);
        writer_name(w, "schema");
        if (answer->shape != NULL) {
            openapi_write_reference(w, "schemas", answer->shape->name);
        } else {
            write_type(w, strncmp(route->produces, "text/", 5) == 0 ? "string" : "object");
        }
        writer_end_object(w);
        if (route->produces_too != NULL) {
            writer_name(w, route->produces_too);
            writer_begin_object(w);
            writer_name(w, "schema");
            write_type(w, "string");
            writer_end_object(w);
        }
        writer_end_object(w);
    }
    writer_end_object(w);
}

static void write_responses(struct writer *w, const struct route *route)
{
    writer_name(w, "responses");
    writer_begin_object(w);
    for (size_t i = 0; i < ROUTE_ANSWERS_MAXIMUM && route->answers[i].status != 0; i++) {
        write_answer(w, route, &route->answers[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        if (can_refuse(route, refusals[i].status)) {
            char status[8];
            snprintf(status, sizeof(status), "%d", refusals[i].status);
            writer_name(w, status);
            openapi_write_reference(w, "responses", refusals[i].name);
        }
    }
    writer_end_object(w);
}

/* Who may ask, in words. */
static void write_description(struct writer *w, const struct route *route)
{
    char text[256] = "";
    size_t length = 0;
    if (route->standing == ROUTE_OPEN) {
        length = (size_t)snprintf(text, sizeof(text), "For everybody, without a certificate.");
    } else if (route->roles == 0) {
        length = (size_t)snprintf(text, sizeof(text), "For every party.");
    } else {
        length = (size_t)snprintf(text, sizeof(text), "For a party with the role");
        const char *joint = " ";
        for (unsigned i = 0; view_roles[i] != NULL; i++) {
            if ((route->roles >> i & 1) != 0) {
                length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", joint,
                                           view_roles[i]);
                joint = " or ";
            }
        }
        for (unsigned i = 0; view_permissions[i] != NULL; i++) {
            if ((route->permission >> i & 1) != 0) {
                length += (size_t)snprintf(text + length, sizeof(text) - length,
                                           " and the permission %s", view_permissions[i]);
            }
        }
        (void)snprintf(text + length, sizeof(text) - length, ".");
    }
    writer_member_text(w, "description", text);
}

static void write_operation(struct writer *w, const struct route *route)
{
    static const char *const methods[] = {
        [HTTP_GET] = "get", [HTTP_POST] = "post", [HTTP_PUT] = "put", [HTTP_DELETE] = "delete"};
    writer_name(w, methods[route->method]);
    writer_begin_object(w);
    writer_member_text(w, "operationId", route->operation);
    writer_member_text(w, "summary", route->summary);
    write_description(w, route);
    writer_name(w, "tags");
    writer_begin_list(w);
    writer_text(w, route->tag);
    writer_end_list(w);
    if (route->standing == ROUTE_OPEN) {
        writer_name(w, "security");
        writer_begin_list(w);
        writer_end_list(w);
    }
    write_all_parameters(w, route);
    if (route->body != NULL) {
        write_body(w, route->body);
    }
    write_responses(w, route);
    writer_end_object(w);
}

static bool is_first_of_path(size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(routes_at(j)->template, routes_at(i)->template) == 0) {
            return false;
        }
    }
    return true;
}

static void write_paths(struct writer *w)
{
    writer_name(w, "paths");
    writer_begin_object(w);
    for (size_t i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        if (!is_documented(route) || !is_first_of_path(i)) {
            continue;
        }
        writer_name(w, route->template + sizeof(BASE) - 1);
        writer_begin_object(w);
        for (size_t j = i; j < routes_count(); j++) {
            if (strcmp(routes_at(j)->template, route->template) == 0) {
                write_operation(w, routes_at(j));
            }
        }
        writer_end_object(w);
    }
    writer_end_object(w);
}

/* ---- the rest ---- */

static void write_info(struct writer *w)
{
    writer_member_text(w, "openapi", "3.0.3");
    writer_name(w, "info");
    writer_begin_object(w);
    writer_member_text(w, "title", "Verwijsindex");
    writer_member_text(w, "version", API_VERSION);
    writer_member_text(w, "description",
                       "Referral index for youth professionals: who is involved with a child "
                       "signals it, and those who are involved with the same child are told of "
                       "each other. There is no search.");
    writer_name(w, "contact");
    writer_begin_object(w);
    writer_member_text(w, "name", "Verwijsindex");
    writer_member_text(w, "url", "https://verwijsindex.example/");
    writer_member_text(w, "email", "beheer@verwijsindex.example");
    writer_end_object(w);
    writer_name(w, "license");
    writer_begin_object(w);
    writer_member_text(w, "name", "EUPL-1.2");
    writer_member_text(
        w, "url", "https://interoperable-europe.ec.europa.eu/collection/eupl/eupl-text-eupl-12");
    writer_end_object(w);
    writer_end_object(w);
    writer_name(w, "servers");
    writer_begin_list(w);
    writer_begin_object(w);
    writer_member_text(w, "url", "https://verwijsindex.example" BASE);
    writer_end_object(w);
    writer_end_list(w);
}

static void write_tags(struct writer *w)
{
    static const struct {
        const char *name;
        const char *description;
    } tags[] = {
        {"log", "The access log."},
        {"matches", "More than one professional has a live signal on a child."},
        {"notices", "What each party is told about a match."},
        {"parties", "Oneself, and this interface."},
        {"person-events", "What the population register tells."},
        {"professionals", "Those whom a party has designated to signal."},
        {"pseudonyms", "Blinded mode: the number does not leave the client."},
        {"rights", "Access and erasure, which a municipality carries out for a youth."},
        {"signals", "A professional reports involvement with a child."},
        {"statistics", "Counts from which nobody can be told."},
    };
    writer_name(w, "tags");
    writer_begin_list(w);
    for (size_t i = 0; i < ARRAY_LENGTH(tags); i++) {
        writer_begin_object(w);
        writer_member_text(w, "name", tags[i].name);
        writer_member_text(w, "description", tags[i].description);
        writer_end_object(w);
    }
    writer_end_list(w);
}

static void write_header_parameter(struct writer *w, const char *key, const char *name,
                                   const char *pattern, const char *description)
{
    writer_name(w, key);
    writer_begin_object(w);
    writer_member_text(w, "name", name);
    writer_member_text(w, "in", "header");
    writer_member_boolean(w, "required", false);
    writer_member_text(w, "description", description);
    writer_name(w, "schema");
    writer_begin_object(w);
    writer_member_text(w, "type", "string");
    if (pattern != NULL) {
        writer_member_text(w, "pattern", pattern);
    }
    writer_end_object(w);
    writer_end_object(w);
}

/* OpenAPI 3.0 has no name for mutual TLS; RFC 9440's header is how a certificate is written down
 * where TLS ends elsewhere. The description says what is meant. */
static void write_security(struct writer *w)
{
    writer_name(w, "securitySchemes");
    writer_begin_object(w);
    writer_name(w, "clientCertificate");
    writer_begin_object(w);
    writer_member_text(w, "type", "apiKey");
    writer_member_text(w, "in", "header");
    writer_member_text(w, "name", "Client-Cert");
    writer_member_text(w, "description",
                       "Mutual TLS: the connection is made with a PKIoverheid client certificate "
                       "that holds the party's OIN in the subject's serialNumber. Nothing is sent "
                       "in a header; OpenAPI 3.0 has no other way to say this.");
    writer_end_object(w);
    writer_end_object(w);
}

static void write_components(struct writer *w)
{
    struct names names = {0};
    for (size_t i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        for (size_t j = 0; is_documented(route) && j < ROUTE_ANSWERS_MAXIMUM; j++) {
            collect(&names, route->body);
            collect(&names, route->answers[j].shape);
        }
    }
    collect(&names, &shape_problem);
    collect(&names, &shape_fault);
    writer_name(w, "components");
    writer_begin_object(w);
    writer_name(w, "schemas");
    writer_begin_object(w);
    for (size_t i = 0; i < names.count; i++) {
        openapi_write_shape(w, names.shapes[i]);
    }
    write_invalid_schema(w);
    writer_end_object(w);
    write_refusals(w);
    write_headers(w);
    writer_name(w, "parameters");
    writer_begin_object(w);
    write_header_parameter(w, "OnBehalfOf", "On-Behalf-Of", format_oin.pattern,
                           "OIN of the party on whose behalf a supplier asks; needs a mandate.");
    write_header_parameter(w, "Traceparent", "traceparent", NULL,
                           "W3C Trace Context; stands in the log entry.");
    writer_end_object(w);
    write_security(w);
    writer_end_object(w);
}

int openapi_make(struct arena *arena, const char **ret_text, size_t *ret_size)
{
    struct writer writer;
    writer_init(&writer, arena);
    struct writer *w = &writer;
    writer_begin_object(w);
    write_info(w);
    writer_name(w, "security");
    writer_begin_list(w);
    writer_begin_object(w);
    writer_name(w, "clientCertificate");
    writer_begin_list(w);
    writer_end_list(w);
    writer_end_object(w);
    writer_end_list(w);
    write_tags(w);
    write_paths(w);
    write_components(w);
    writer_end_object(w);
    const char *text = writer_finish(w, ret_size);
    if (text == NULL) {
        return -ENOMEM;
    }
    *ret_text = text;
    return 0;
}
