/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One connection to the index: HTTPS with a client certificate, or HTTP on the operator's Unix
 * socket. The only file of `vix` that sees libcurl. Redirects are never followed, proxies never
 * used, and TLS below 1.2 refused. Belongs to one thread.
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include "crypto/basics.h"

#define CLIENT_ANSWER_MAXIMUM ((size_t)8 << 20) /* bytes of a body */
#define CLIENT_WHY_SIZE 512
#define CLIENT_CONNECT_SECONDS 15
#define CLIENT_SECONDS 60 /* a whole exchange, unless the request says otherwise */
#define CLIENT_NO_DEADLINE (-1)

/* All strings must outlive the client. */
struct client_settings {
    const char *url;     /* "https://name:port", without a path */
    const char *control; /* path of a Unix socket; then nothing below is used */
    const char *cert;
    const char *key;
    const char *ca;
    const char *on_behalf_of;
};

struct client_request {
    const char *method;
    const char *path; /* with query */
    const char *body; /* JSON, or NULL */
    size_t body_size;
    long seconds;       /* 0: CLIENT_SECONDS */
    const char *accept; /* a media type; NULL: any */
    /* Called about once a second while the answer is waited for, unless NULL. */
    void (*waiting)(void *context);
    void *waiting_context;
};

struct client_answer {
    long status;
    long retry_after; /* seconds; 0 when the server named none */
    char content_type[128];
    char *body; /* NUL-terminated, in wiping memory; never NULL */
    size_t size;
};

struct client;

/* Once, before all else and before there are threads. 0 or -EIO. */
int client_global_init(void) MUST_CHECK;

/* -ENOMEM. */
int client_new(const struct client_settings *settings, struct client **ret_client) MUST_CHECK;
void client_free(struct client *client);
void client_freep(struct client **client); /* for CLEANUP */

enum client_condition {
    CLIENT_OK = 0,
    CLIENT_NOT_CONNECTED = 1, /* or lost before the whole answer was there */
    CLIENT_TOO_LARGE,         /* the answer was beyond CLIENT_ANSWER_MAXIMUM */
};
/* One request. On a condition, `why` says what is wrong. Free the answer with
 * client_answer_finish(). */
int client_call(struct client *client, const struct client_request *request,
                struct client_answer *ret_answer, char why[static CLIENT_WHY_SIZE]) MUST_CHECK;
void client_answer_finish(struct client_answer *answer);

#endif
