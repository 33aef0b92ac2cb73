/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "tools/text.h"

#define CLIENT_HEADER_MAXIMUM 256

struct client {
    CURL *curl;
    struct client_settings settings;
    char curl_error[CURL_ERROR_SIZE];
};

int client_global_init(void)
{
    /* curl's copies of a request are zeroed when it gives them back. */
    CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, secret_malloc, secret_free,
                                         secret_realloc, strdup, calloc);
    return code == CURLE_OK ? 0 : -EIO;
}

static bool add_header(struct curl_slist **list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (longer == NULL) {
        return false;
    }
    *list = longer;
    return true;
}

static bool add_header_of(struct curl_slist **list, const char *name, const char *value)
{
    char header[CLIENT_HEADER_MAXIMUM];
    int length = snprintf(header, sizeof(header), "%s: %s", name, value);
    return length > 0 && (size_t)length < sizeof(header) && add_header(list, header);
}

static bool add_headers(const struct client *client, const struct client_request *request,
                        struct curl_slist **list)
{
    const char *principal = client->settings.on_behalf_of;
    /* A header without a value takes out what curl would send by itself. */
    return add_header_of(list, "Accept", request->accept != NULL ? request->accept : "*/*") &&
           add_header(list, "Expect:") &&
           add_header(list,
                      request->body != NULL ? "Content-Type: application/json" : "Content-Type:") &&
           (principal == NULL || add_header_of(list, "On-Behalf-Of", principal));
}

static void headers_finish(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static bool set_connection(const struct client *client)
{
    CURL *curl = client->curl;
    const struct client_settings *settings = &client->settings;
    bool good = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_USERAGENT, "vix/" VIX_VERSION) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CLIENT_CONNECT_SECONDS) == CURLE_OK;
    if (!good) {
        return false;
    }
    if (settings->control != NULL) {
        return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, settings->control) == CURLE_OK;
    }
    good = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    if (good && settings->ca != NULL) {
        good = curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    }
    if (good && settings->cert != NULL) {
        good = curl_easy_setopt(curl, CURLOPT_SSLCERT, settings->cert) == CURLE_OK;
    }
    if (good && settings->key != NULL) {
        good = curl_easy_setopt(curl, CURLOPT_SSLKEY, settings->key) == CURLE_OK;
    }
    return good;
}

int client_new(const struct client_settings *settings, struct client **ret_client)
{
    CLEANUP(client_freep) struct client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return -ENOMEM;
    }
    client->settings = *settings;
    client->curl = curl_easy_init();
    if (client->curl == NULL || !set_connection(client)) {
        return -ENOMEM;
    }
    *ret_client = TAKE_PTR(client);
    return 0;
}

void client_free(struct client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->curl);
        free(client);
    }
}

void client_freep(struct client **client)
{
    client_free(*client);
    *client = NULL;
}

struct receiver {
    struct text body;
    bool too_large;
};

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
    struct receiver *receiver = context;
    size_t length = size * count;
    if (length > CLIENT_ANSWER_MAXIMUM - receiver->body.length) {
        receiver->too_large = true;
        return 0;
    }
    text_add(&receiver->body, bytes, length);
    return receiver->body.fault == 0 ? length : 0;
}

static void receiver_finish(struct receiver *receiver)
{
    text_finish(&receiver->body);
}

/* Never aborts the exchange: it only tells that it goes on. */
static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct client_request *request = context;
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    request->waiting(request->waiting_context);
    return 0;
}

static int set_request(struct client *client, const struct client_request *request, const char *url,
                       const struct curl_slist *headers, struct receiver *receiver)
{
    CURL *curl = client->curl;
    long seconds = request->seconds != 0 ? request->seconds : CLIENT_SECONDS;
    bool has_body = request->body != NULL;
    bool sends =
        has_body || strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0;
    bool good =
        curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds > 0 ? seconds : 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, receiver) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, request->waiting == NULL ? 1L : 0L) == CURLE_OK;
    if (good && sends) {
        good =
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size) ==
                CURLE_OK &&
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, has_body ? request->body : "") == CURLE_OK;
    }
    good = good && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
    return good ? 0 : -ENOMEM;
}

static void describe_answer(struct client *client, struct client_answer *answer)
{
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_off_t retry_after = 0;
    if (curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK &&
        retry_after > 0 && retry_after < 3600) {
        answer->retry_after = (long)retry_after;
    }
    char *type = NULL;
    if (curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != NULL) {
        snprintf(answer->content_type, sizeof(answer->content_type), "%s", type);
    }
}

static void explain(struct client *client, CURLcode code, char why[static CLIENT_WHY_SIZE])
{
    long error = 0;
    /* Of a Unix socket curl speaks as if it were a port. */
    if (client->settings.control != NULL && code == CURLE_COULDNT_CONNECT &&
        curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &error) == CURLE_OK && error != 0) {
        snprintf(why, CLIENT_WHY_SIZE, "%s: %s", client->settings.control, strerror((int)error));
    } else {
        snprintf(why, CLIENT_WHY_SIZE, "%s",
                 client->curl_error[0] != '\0' ? client->curl_error : curl_easy_strerror(code));
    }
}

int client_call(struct client *client, const struct client_request *request,
                struct client_answer *ret_answer, char why[static CLIENT_WHY_SIZE])
{
    CLEANUP(text_finish) struct text url = {0};
    CLEANUP(receiver_finish) struct receiver receiver = {0};
    CLEANUP(headers_finish) struct curl_slist *headers = NULL;
    const char *base = client->settings.control != NULL ? "http://localhost" : client->settings.url;
    text_add_string(&url, base);
    text_add_string(&url, request->path);
    text_add_string(&receiver.body, ""); /* so that there is a body, if an empty one */
    if (url.fault != 0 || receiver.body.fault != 0 || !add_headers(client, request, &headers)) {
        return -ENOMEM;
    }
    int result = set_request(client, request, url.bytes, headers, &receiver);
    if (result != 0) {
        return result;
    }
    client->curl_error[0] = '\0';
    CURLcode code = curl_easy_perform(client->curl);
    /* They point into our caller's memory, and into our frame. */
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(client->curl, CURLOPT_XFERINFODATA, NULL);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, NULL);
    if (receiver.too_large) {
        snprintf(why, CLIENT_WHY_SIZE, "the answer is larger than %zu bytes",
                 CLIENT_ANSWER_MAXIMUM);
        return CLIENT_TOO_LARGE;
    }
    if (code == CURLE_OUT_OF_MEMORY || receiver.body.fault != 0) {
        return -ENOMEM;
    }
    if (code != CURLE_OK) {
        explain(client, code, why);
        return CLIENT_NOT_CONNECTED;
    }
    struct client_answer answer = {.body = receiver.body.bytes, .size = receiver.body.length};
    receiver.body = (struct text){0};
    describe_answer(client, &answer);
    *ret_answer = answer;
    return CLIENT_OK;
}

void client_answer_finish(struct client_answer *answer)
{
    secret_free(answer->body);
    *answer = (struct client_answer){0};
}
