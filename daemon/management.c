/* SPDX-License-Identifier: EUPL-1.2 */
/* The management listener: /health and /metrics, over plain HTTP, for the operator's network only
 * (the loopback by default). Answers at once, from memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/service.h"
#include "daemon/witness/witness.h"
#include "daemon/worker.h"
#include "proto/problem.h"
#include "store/store.h"

struct page {
    struct conn *conn;
    struct arena arena;
    struct http_request request;
    struct http_response response;
    const char *route;
};

static int open_page(struct conn *conn, void **ret_turn)
{
    struct page *page = calloc(1, sizeof(*page));
    if (page == NULL) {
        return -ENOMEM;
    }
    page->conn = conn;
    page->route = "-";
    arena_init(&page->arena);
    *ret_turn = page;
    return 0;
}

static struct http_request *page_request(void *turn)
{
    return &((struct page *)turn)->request;
}

static struct arena *page_arena(void *turn)
{
    return &((struct page *)turn)->arena;
}

static size_t page_body_maximum(void *turn)
{
    (void)turn;
    return 0;
}

static void answer(struct page *page, int status, const char *type, const char *body)
{
    page->response.status = status;
    page->response.content_type = type;
    page->response.body = body;
    page->response.body_size = body != NULL ? strlen(body) : 0;
    http_response_header(&page->response, "Cache-Control", "no-store");
    http_response_header(&page->response, "X-Content-Type-Options", "nosniff");
    conn_answer(page->conn);
}

static void refuse(struct page *page, const struct problem *problem, const char *detail)
{
    const char *body = arena_print(
        &page->arena, "{\"type\":\"%s%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}\n",
        PROBLEM_TYPE_PREFIX, problem->slug, problem->title, problem->status, detail);
    answer(page, problem->status, "application/problem+json", body);
}

static void page_refuse(void *turn, const struct http1_refusal *refusal)
{
    refuse(turn, problem_find(refusal->slug), refusal->detail);
}

static void answer_health(struct page *page)
{
    struct worker_shared *shared = conn_worker(page->conn)->shared;
    struct store_status status;
    store_get_status(shared->store, &status);
    bool ready = atomic_load(&shared->ready) && !status.failed;
    const char *body =
        arena_print(&page->arena,
                    "{\"status\":\"%s\",\"version\":\"%s\",\"store\":\"%s\",\"queueDepth\":%llu,"
                    "\"logSize\":%llu}\n",
                    ready ? "ready" : "unavailable", VIX_VERSION, status.failed ? "failed" : "open",
                    (unsigned long long)status.queue_depth, (unsigned long long)status.log_size);
    answer(page, ready ? 200 : 503, "application/json", body);
}

static void freep(char **text)
{
    free(*text);
}

static void answer_metrics(struct page *page)
{
    struct worker_shared *shared = conn_worker(page->conn)->shared;
    struct store_status status;
    store_get_status(shared->store, &status);
    CLEANUP(freep) char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *body = NULL;
    if (out != NULL) {
        int result = metrics_print(shared->metrics, &status, out);
        witnesses_print_metrics(shared->witnesses, out);
        if (fclose(out) == 0 && result == 0) {
            body = arena_copy_text(&page->arena, text, size);
        }
    }
    if (body == NULL) {
        refuse(page, problem_find("internal-error"), "Memory is used up.");
        return;
    }
    answer(page, 200, "text/plain; version=0.0.4; charset=utf-8", body);
}

static const struct {
    const char *path;
    void (*answer)(struct page *page);
} pages[] = {
    {"/health", answer_health},
    {"/metrics", answer_metrics},
};

static void page_begin(void *turn)
{
    struct page *page = turn;
    size_t length = strcspn(page->request.target, "?");
    for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
        if (strlen(pages[i].path) != length ||
            strncmp(pages[i].path, page->request.target, length) != 0) {
            continue;
        }
        page->route = pages[i].path;
        if (page->request.method == HTTP_GET || page->request.method == HTTP_HEAD) {
            pages[i].answer(page);
        } else {
            http_response_header(&page->response, "Allow", "GET, HEAD");
            refuse(page, problem_find("method-not-allowed"), "See the header Allow.");
        }
        return;
    }
    refuse(page, problem_find("not-found"), "There are /health and /metrics.");
}

static int64_t page_wait_deadline(const void *turn)
{
    (void)turn;
    return 0;
}

static void page_wake(void *turn)
{
    (void)turn;
}

static const struct http_response *page_response(const void *turn)
{
    return &((const struct page *)turn)->response;
}

static const char *page_route(const void *turn)
{
    return ((const struct page *)turn)->route;
}

static void page_close(void *turn)
{
    struct page *page = turn;
    arena_finish(&page->arena);
    free(page);
}

const struct service service_management = {
    .name = "management",
    .secured = false,
    .open = open_page,
    .request = page_request,
    .arena = page_arena,
    .body_maximum = page_body_maximum,
    .begin = page_begin,
    .refuse = page_refuse,
    .wait_deadline = page_wait_deadline,
    .wake = page_wake,
    .response = page_response,
    .route = page_route,
    .abandon = page_close,
    .close = page_close,
};
