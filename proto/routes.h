/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The one table of everything that can be asked: what it is called, who may ask it, what goes in
 * and what comes out. Requests are dispatched by it, and the OpenAPI document is made of it.
 */
#ifndef PROTO_ROUTES_H
#define PROTO_ROUTES_H

#include "proto/api.h"
#include "proto/query.h"
#include "proto/shape.h"

#define ROUTE_VARIABLES_MAXIMUM 2
#define ROUTE_ANSWERS_MAXIMUM 2
#define ROUTE_NO_BODY_MAXIMUM 64 /* of an operation without a body: nothing, or "{}" */

/* What a party must be to ask, apart from its roles. */
enum route_standing {
    ROUTE_OPEN,      /* anybody, also without a certificate */
    ROUTE_CONNECTED, /* every party that is not suspended */
    ROUTE_AGREED,    /* a party with a live agreement, where its roles need one */
    ROUTE_OPERATOR,
};

struct route_answer {
    int status; /* 0: none */
    const char *description;
    const struct shape *shape;
};

struct route {
    enum api_face face;
    enum http_method method; /* a GET answers HEAD too */
    const char *template;  /* "{id}" is one segment; "{+rest}", the last, all there is, undecoded */
    const char *operation; /* OpenAPI's operationId */
    const char *tag;
    const char *summary;
    enum route_standing standing;
    unsigned roles;           /* one of these; 0: any */
    unsigned permission;      /* 0: none */
    const struct shape *path; /* the template's variables */
    const struct shape *query;
    const struct shape *body;
    size_t body_maximum;      /* 0: none is taken */
    const char *produces;     /* media type; NULL: no body, or the handler knows which type */
    const char *produces_too; /* a second one, for whoever prefers it; or NULL */
    struct route_answer answers[ROUTE_ANSWERS_MAXIMUM];
    bool conflicts; /* can answer 409 */
    bool is_page;   /* a person looks at it: other sites may lead there */
    /* Adds what only this route knows to be wrong to the faults; or NULL. */
    void (*check)(struct exchange *exchange);
    void (*run)(struct exchange *exchange);
};

size_t routes_count(void);
const struct route *routes_at(size_t i);

struct route_match {
    const struct route *route; /* NULL: there is no such route, or not for this method */
    const char *template;      /* NULL: there is nothing at this path */
    char allow[64];            /* the methods that there are */
    const char *variables[ROUTE_VARIABLES_MAXIMUM]; /* as received */
    size_t lengths[ROUTE_VARIABLES_MAXIMUM];
};
void routes_match(enum api_face face, enum http_method method, const struct target *target,
                  struct route_match *ret_match);

#endif
