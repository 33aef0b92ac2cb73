/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/witness/call.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/add-checkpoint"
#define URL_MAXIMUM 512
#define HEAD_MAXIMUM ((size_t)16 << 10) /* bytes of header fields, which libcurl keeps */

struct witness_caller {
    CURL *curl;
    struct curl_slist *headers;
    const atomic_bool *stopping;
    struct witness_reply *reply; /* of the call under way */
    size_t head_size;            /* of the answer, so far */
    bool too_large;
    char error[CURL_ERROR_SIZE];
};

int witness_call_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -EIO;
}

void witness_call_stop(void)
{
    curl_global_cleanup();
}

const char *witness_call_system_ca(void)
{
    static char path[1024];
    char *found = NULL;
    CURL *curl = curl_easy_init();
    path[0] = '\0';
    if (curl != NULL && curl_easy_getinfo(curl, CURLINFO_CAINFO, &found) == CURLE_OK &&
        found != NULL) {
        snprintf(path, sizeof(path), "%s", found);
    }
    curl_easy_cleanup(curl);
    return path[0] != '\0' ? path : NULL;
}

static size_t receive(char *bytes, size_t size, size_t count, void *user)
{
    struct witness_caller *caller = user;
    struct witness_reply *reply = caller->reply;
    size_t length = size * count;
    if (length > WITNESS_TALK_ANSWER_MAXIMUM - reply->size) {
        caller->too_large = true;
        return 0;
    }
    memcpy(reply->body + reply->size, bytes, length);
    reply->size += length;
    return length;
}

static size_t receive_head(char *bytes, size_t size, size_t count, void *user)
{
    struct witness_caller *caller = user;
    size_t length = size * count;
    (void)bytes;
    if (length > HEAD_MAXIMUM - caller->head_size) {
        caller->too_large = true;
        return 0;
    }
    caller->head_size += length;
    return length;
}

/* Asked about once a second at least. */
static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct witness_caller *caller = user;
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(caller->stopping) ? 1 : 0;
}

static bool add_headers(struct witness_caller *caller)
{
    /* One without a value takes out what curl would send by itself. */
    static const char *const headers[] = {"Content-Type: text/plain; charset=utf-8",
                                          "Expect:", "Accept: text/plain, text/x.tlog.size"};
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        struct curl_slist *longer = curl_slist_append(caller->headers, headers[i]);
        if (longer == NULL) {
            return false;
        }
        caller->headers = longer;
    }
    return true;
}

static bool set_security(CURL *curl, const char *ca)
{
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           (ca == NULL || (curl_easy_setopt(curl, CURLOPT_CAINFO, ca) == CURLE_OK &&
                           curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

static bool set_call(struct witness_caller *caller, const char *url)
{
    CURL *curl = caller->curl;
    char whole[URL_MAXIMUM];
    int length = snprintf(whole, sizeof(whole), "%s" PATH, url);
    return length > 0 && (size_t)length < sizeof(whole) &&
           curl_easy_setopt(curl, CURLOPT_URL, whole) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, caller->headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "vixd/" VIX_VERSION) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, caller->error) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)WITNESS_CALL_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)WITNESS_CALL_CONNECT_SECONDS) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, caller) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_head) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, caller) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, caller) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

int witness_caller_new(const char *url, const char *ca, const atomic_bool *stopping,
                       struct witness_caller **ret_caller)
{
    struct witness_caller *caller = calloc(1, sizeof(*caller));
    if (caller == NULL) {
        return -ENOMEM;
    }
    caller->stopping = stopping;
    caller->curl = curl_easy_init();
    if (caller->curl == NULL || !add_headers(caller) || !set_security(caller->curl, ca) ||
        !set_call(caller, url)) {
        witness_caller_free(caller);
        return -ENOMEM;
    }
    *ret_caller = caller;
    return 0;
}

void witness_caller_free(struct witness_caller *caller)
{
    if (caller != NULL) {
        curl_easy_cleanup(caller->curl);
        curl_slist_free_all(caller->headers);
        free(caller);
    }
}

static const char *failure_of(CURLcode code)
{
    static const struct {
        CURLcode code;
        const char *failure;
    } known[] = {
        {CURLE_OPERATION_TIMEDOUT, "timeout"},
        {CURLE_COULDNT_RESOLVE_HOST, "name-not-found"},
        {CURLE_COULDNT_CONNECT, "unreachable"},
        {CURLE_PEER_FAILED_VERIFICATION, "tls"},
        {CURLE_SSL_CONNECT_ERROR, "tls"},
        {CURLE_SSL_CACERT_BADFILE, "tls"},
        {CURLE_SSL_CERTPROBLEM, "tls"},
        {CURLE_UNSUPPORTED_PROTOCOL, "malformed-answer"}, /* not HTTP */
        {CURLE_WEIRD_SERVER_REPLY, "malformed-answer"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        if (known[i].code == code) {
            return known[i].failure;
        }
    }
    return "connection-lost";
}

/* "text/plain; charset=utf-8" to "text/plain". */
static void copy_type(CURL *curl, char out[static WITNESS_TALK_TYPE_SIZE])
{
    const char *type = NULL;
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == NULL) {
        type = "";
    }
    size_t length = strcspn(type, "; \t");
    snprintf(out, WITNESS_TALK_TYPE_SIZE, "%.*s", length < WITNESS_TALK_TYPE_SIZE ? (int)length : 0,
             type);
}

const char *witness_caller_post(struct witness_caller *caller, const char *body, size_t size,
                                struct witness_reply *ret_reply,
                                char why[static WITNESS_CALL_WHY_SIZE])
{
    *ret_reply = (struct witness_reply){.status = 0};
    caller->reply = ret_reply;
    caller->head_size = 0;
    caller->too_large = false;
    caller->error[0] = '\0';
    CURLcode code = curl_easy_setopt(caller->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    if (code == CURLE_OK) {
        code = curl_easy_setopt(caller->curl, CURLOPT_POSTFIELDS, body);
    }
    if (code == CURLE_OK) {
        code = curl_easy_perform(caller->curl);
    }
    curl_easy_setopt(caller->curl, CURLOPT_POSTFIELDS, NULL);
    ret_reply->body[ret_reply->size] = '\0';
    if (caller->too_large) {
        snprintf(why, WITNESS_CALL_WHY_SIZE,
                 "the answer is larger than %d bytes, or its head than %zu",
                 WITNESS_TALK_ANSWER_MAXIMUM, HEAD_MAXIMUM);
        return "answer-too-large";
    }
    if (code != CURLE_OK) {
        snprintf(why, WITNESS_CALL_WHY_SIZE, "%s",
                 caller->error[0] != '\0' ? caller->error : curl_easy_strerror(code));
        return failure_of(code);
    }
    curl_easy_getinfo(caller->curl, CURLINFO_RESPONSE_CODE, &ret_reply->status);
    copy_type(caller->curl, ret_reply->content_type);
    return NULL;
}
