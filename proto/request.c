/* SPDX-License-Identifier: EUPL-1.2 */
/* Decodes what is asked, by the route's tables: media types, path, query string, body. */
#include "proto/request.h"

#include <errno.h>
#include <string.h>

#include "proto/body.h"

static const struct shape shape_nothing = {0};

/* A malformed name of something is as good as one that does not exist, but where it would be
 * created by it. */
static int decode_path(struct exchange *x, const struct route *route)
{
    const struct shape *shape = route->path;
    for (size_t i = 0; shape != NULL && i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        const char *text = NULL;
        size_t length = 0;
        int r = query_unescape(&x->scratch, x->match.variables[i], x->match.lengths[i], false,
                               &text, &length);
        if (r < 0) {
            return r;
        }
        const char *fault = r != 0 ? "This is not percent-encoded as it should be."
                                   : field_check_text(field, text, length);
        struct text_input *out = (void *)((char *)x->path + field->offset);
        if (fault == NULL) {
            *out = (struct text_input){.text = text, .length = length, .given = true};
        } else if (route->method == HTTP_PUT) {
            faults_add(&x->faults, shape_pointer(&x->scratch, field->name, strlen(field->name)),
                       fault);
        } else {
            x->malformed_path = true;
        }
    }
    return 0;
}

static int decode_body(struct exchange *x, const struct route *route, struct json_t **ret_root)
{
    const struct shape *shape = route->body != NULL ? route->body : &shape_nothing;
    if (x->request.body_size == 0) {
        if (route->body != NULL) {
            faults_add(&x->faults, "#", "A body is required.");
        }
        return 0;
    }
    const char *detail = NULL;
    int r = body_parse(x->request.body, x->request.body_size, ret_root, &detail);
    if (r != 0) {
        faults_add(&x->faults, "#", detail);
        return r < 0 ? r : 0;
    }
    r = body_decode(*ret_root, shape, &x->scratch, x->body, &x->faults);
    x->decoded = r == 0;
    return r < 0 ? r : 0;
}

static const char *refuse_media(struct exchange *x, const struct route *route, size_t maximum)
{
    x->produced = route->produces;
    if (route->produces_too != NULL &&
        negotiate_prefers(&x->request, route->produces_too, route->produces)) {
        x->produced = route->produces_too;
    }
    const char *slug = x->produced != NULL ? negotiate_accept(&x->request, x->produced) : NULL;
    if (slug == NULL && maximum > 0 && x->request.body_size > maximum) {
        slug = "payload-too-large";
    }
    if (slug == NULL && maximum > 0 && x->request.body_size > 0) {
        slug = negotiate_content(&x->request);
    }
    return slug;
}

static int new_inputs(struct exchange *x, const struct route *route)
{
    x->path = arena_new(&x->scratch, route->path != NULL ? route->path->size : 1);
    x->query = arena_new(&x->scratch, route->query != NULL ? route->query->size : 1);
    x->body = arena_new(&x->scratch, route->body != NULL ? route->body->size : 1);
    return x->path != NULL && x->query != NULL && x->body != NULL ? 0 : -ENOMEM;
}

bool request_decode(struct exchange *x, struct json_t **ret_root)
{
    const struct route *route = x->match.route;
    size_t maximum = request_body_maximum(route);
    const char *slug = refuse_media(x, route, maximum);
    if (slug != NULL) {
        exchange_refuse(x, slug, NULL);
        return false;
    }
    if (maximum == 0 && x->request.body_size > 0) {
        faults_add(&x->faults, "#", "This takes no body.");
    }
    int r = new_inputs(x, route);
    r = r != 0 ? r : decode_path(x, route);
    r = r != 0 ? r : query_decode(x->target.query, route->query, &x->scratch, x->query, &x->faults);
    if (r == 0 && maximum > 0) {
        r = decode_body(x, route, ret_root);
    }
    if (r != 0) {
        exchange_fail(x);
        return false;
    }
    return true;
}

void request_forget(struct json_t **root)
{
    body_freep(root);
}

size_t request_body_maximum(const struct route *route)
{
    if (route->body != NULL) {
        return route->body_maximum;
    }
    return route->method == HTTP_POST || route->method == HTTP_PUT ? ROUTE_NO_BODY_MAXIMUM : 0;
}
