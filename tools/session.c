/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int session_report_fault(int fault)
{
    fprintf(stderr, "vix: %s\n", strerror(-fault));
    return VIX_REFUSED;
}

void session_close(struct session *session)
{
    client_free(session->client);
    session->client = NULL;
}

/* Said here by name: curl's own words for a missing file name neither file nor option. */
static int check_readable(const struct command *command, const char *option, const char *file)
{
    if (file != NULL && access(file, R_OK) != 0) {
        return options_complain(command, "--%s %s: %s", option, file, strerror(errno));
    }
    return 0;
}

static int check_public(const struct command *command, const struct client_settings *settings)
{
    static const char scheme[] = "https://";
    if (settings->url == NULL) {
        return options_complain(command, "--url is missing (or set VIX_URL)");
    }
    const char *host = settings->url + strlen(scheme);
    if (strncmp(settings->url, scheme, strlen(scheme)) != 0 || host[0] == '\0' ||
        host[strcspn(host, "/?#@")] != '\0') {
        return options_complain(command, "--url must be https://NAME[:PORT], without a path");
    }
    const char *oin = settings->on_behalf_of;
    if (oin != NULL &&
        (strlen(oin) != 20 || strspn(oin, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(oin))) {
        return options_complain(command, "--on-behalf-of must be an OIN: 20 digits and capitals");
    }
    if (settings->key != NULL && settings->cert == NULL) {
        return options_complain(command, "--key without --cert");
    }
    int result = check_readable(command, "cert", settings->cert);
    result = result != 0 ? result : check_readable(command, "key", settings->key);
    return result != 0 ? result : check_readable(command, "ca", settings->ca);
}

int session_open(const struct invocation *invocation, struct session *ret_session)
{
    const char *const *common = invocation->common;
    struct client_settings settings = {0};
    if (invocation->command->face == COMMAND_CONTROL) {
        settings.control = common[COMMON_CONTROL];
        if (settings.control == NULL) {
            return options_complain(invocation->command,
                                    "--control is missing (or set VIX_CONTROL)");
        }
    } else {
        settings = (struct client_settings){
            .url = common[COMMON_URL],
            .cert = common[COMMON_CERT],
            .key = common[COMMON_KEY],
            .ca = common[COMMON_CA],
            .on_behalf_of = common[COMMON_ON_BEHALF_OF],
        };
        int result = check_public(invocation->command, &settings);
        if (result != 0) {
            return result;
        }
    }
    struct client *client = NULL;
    int result = client_new(&settings, &client);
    if (result != 0) {
        return session_report_fault(result);
    }
    *ret_session = (struct session){client, common[COMMON_JSON] != NULL};
    return VIX_DONE;
}

static void print_problem(const struct answer *problem, long status)
{
    const char *type = answer_string(answer_at(problem, "type"));
    const char *slug = type != NULL ? strrchr(type, '/') : NULL;
    const char *title = answer_string(answer_at(problem, "title"));
    const char *detail = answer_string(answer_at(problem, "detail"));
    fprintf(stderr, "vix: refused: %ld ", status);
    print_safe(stderr, slug != NULL ? slug + 1 : title != NULL ? title : "");
    if (detail != NULL) {
        fprintf(stderr, ": ");
        print_safe(stderr, detail);
    }
    fputc('\n', stderr);
    const struct answer *errors = answer_at(problem, "errors");
    for (size_t i = 0; i < answer_count(errors); i++) {
        const struct answer *error = answer_item(errors, i);
        const char *pointer = answer_string(answer_at(error, "pointer"));
        const char *what = answer_string(answer_at(error, "detail"));
        fprintf(stderr, "  ");
        print_safe(stderr, pointer != NULL ? pointer : "#");
        fprintf(stderr, ": ");
        print_safe(stderr, what != NULL ? what : "");
        fputc('\n', stderr);
    }
}

int session_print_refusal(const struct session *session, const struct client_answer *answer)
{
    CLEANUP(answer_freep) struct answer *problem = NULL;
    bool is_problem = strncmp(answer->content_type, "application/problem+json", 24) == 0 &&
                      answer_parse(answer->body, answer->size, &problem) == 0;
    if (!is_problem) {
        fprintf(stderr, "vix: refused: %ld, without a problem document: is this the index?\n",
                answer->status);
        return VIX_REFUSED;
    }
    print_problem(problem, answer->status);
    session_print_json(session, problem);
    return VIX_REFUSED;
}

int session_fetch(struct session *session, const struct client_request *request,
                  struct client_answer *ret_answer)
{
    char why[CLIENT_WHY_SIZE];
    int result = client_call(session->client, request, ret_answer, why);
    switch (result) {
    case CLIENT_OK:
        return VIX_DONE;
    case CLIENT_NOT_CONNECTED:
        fprintf(stderr, "vix: no connection: %s\n", why);
        return VIX_NOT_CONNECTED;
    case CLIENT_TOO_LARGE:
        fprintf(stderr, "vix: %s\n", why);
        return VIX_REFUSED;
    default:
        return session_report_fault(result);
    }
}

int session_parse(const char *json, size_t length, struct answer **ret_answer)
{
    CLEANUP(answer_freep) struct answer *answer = NULL;
    int result = answer_parse(json, length, &answer);
    if (result < 0) {
        return session_report_fault(result);
    }
    if (result > 0 || !answer_is_object(answer)) {
        fprintf(stderr, "vix: the answer is not a JSON object: is this the index?\n");
        return VIX_REFUSED;
    }
    *ret_answer = TAKE_PTR(answer);
    return VIX_DONE;
}

int session_call(struct session *session, const char *method, const char *path,
                 const struct text *body, struct answer **ret_answer)
{
    if (body != NULL && body->fault != 0) {
        return session_report_fault(body->fault);
    }
    struct client_request request = {
        .method = method,
        .path = path,
        .body = body != NULL ? body->bytes : NULL,
        .body_size = body != NULL ? body->length : 0,
    };
    return session_send(session, &request, ret_answer);
}

int session_send(struct session *session, const struct client_request *request,
                 struct answer **ret_answer)
{
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    int result = session_fetch(session, request, &answer);
    if (result != VIX_DONE) {
        return result;
    }
    if (answer.status < 200 || answer.status > 299) {
        return session_print_refusal(session, &answer);
    }
    struct answer *parsed = NULL;
    if (answer.size > 0) {
        result = session_parse(answer.body, answer.size, &parsed);
    }
    if (result == VIX_DONE) {
        *ret_answer = parsed;
    }
    return result;
}

bool session_print_json(const struct session *session, const struct answer *answer)
{
    if (session->json && answer != NULL) {
        CLEANUP(text_finish) struct text text = {0};
        answer_dump(answer, &text);
        if (text.fault == 0) {
            puts(text.bytes);
        } else {
            session_report_fault(text.fault);
        }
    }
    return session->json;
}

#define PAGE_LIMIT 500 /* the most that the index gives at once */

/* The pages of a list, kept until all are there: the width of a column depends on every row. */
struct pages {
    struct answer **pages;
    size_t page_count;
    const struct answer **rows;
    size_t row_count;
    bool more; /* than were wanted */
};

static void pages_finish(struct pages *pages)
{
    for (size_t i = 0; i < pages->page_count; i++) {
        answer_free(pages->pages[i]);
    }
    free(pages->pages);
    free(pages->rows);
}

/* Takes the page over, also when it fails. */
static int add_page(struct pages *pages, struct answer *page, const struct answer *rows)
{
    size_t count = answer_count(rows);
    struct answer **more_pages =
        reallocarray(pages->pages, pages->page_count + 1, sizeof(struct answer *));
    if (more_pages == NULL) {
        answer_free(page);
        return session_report_fault(-ENOMEM);
    }
    pages->pages = more_pages;
    pages->pages[pages->page_count++] = page;
    if (count > SESSION_ROWS_MAXIMUM - pages->row_count) {
        fprintf(stderr, "vix: the list has more than %d rows\n", SESSION_ROWS_MAXIMUM);
        return VIX_REFUSED;
    }
    const struct answer **more_rows =
        reallocarray(pages->rows, pages->row_count + count + 1, sizeof(struct answer *));
    if (more_rows == NULL) {
        return session_report_fault(-ENOMEM);
    }
    pages->rows = more_rows;
    for (size_t i = 0; i < count; i++) {
        pages->rows[pages->row_count++] = answer_item(rows, i);
    }
    return VIX_DONE;
}

/* `count` are there already. */
static int fetch_page(struct session *session, const struct session_list *list, const char *cursor,
                      size_t count, struct answer **ret_page)
{
    size_t wanted = list->maximum - count;
    int64_t limit = list->maximum == 0 || wanted > PAGE_LIMIT ? PAGE_LIMIT : (int64_t)wanted;
    CLEANUP(text_finish) struct text path = {0};
    CLEANUP(text_finish) struct text body = {0};
    text_add_string(&path, list->path);
    if (list->body != NULL) {
        text_add(&body, list->body->bytes, list->body->length);
        text_add_member(&body, "cursor", cursor);
        text_add_number_member(&body, "limit", limit);
        text_close_object(&body);
    } else {
        text_add_query(&path, "cursor", cursor);
        text_add_format(&path, "%climit=%lld",
                        memchr(path.bytes, '?', path.length) == NULL ? '?' : '&', (long long)limit);
    }
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    return session_call(session, list->body != NULL ? "POST" : "GET", path.bytes,
                        list->body != NULL ? &body : NULL, ret_page);
}

static int fetch_pages(struct session *session, const struct session_list *list,
                       struct pages *pages)
{
    const char *cursor = NULL;
    do {
        struct answer *page = NULL;
        int result = fetch_page(session, list, cursor, pages->row_count, &page);
        if (result != VIX_DONE) {
            return result;
        }
        size_t before = pages->row_count;
        result = add_page(pages, page, answer_at(page, list->name));
        if (result != VIX_DONE) {
            return result;
        }
        const char *next = answer_string(answer_at(page, "next"));
        if (next != NULL && cursor != NULL && strcmp(next, cursor) == 0 &&
            pages->row_count == before) {
            fprintf(stderr, "vix: the list does not come to an end: is this the index?\n");
            return VIX_REFUSED;
        }
        cursor = next;
        pages->more = cursor != NULL && list->maximum != 0 && pages->row_count >= list->maximum;
    } while (cursor != NULL && !pages->more);
    return VIX_DONE;
}

static int print_list_json(const struct session_list *list, const struct pages *pages)
{
    CLEANUP(text_finish) struct text row = {0};
    printf("{\"%s\":[", list->name);
    for (size_t i = 0; i < pages->row_count; i++) {
        text_clear(&row);
        answer_dump(pages->rows[i], &row);
        if (row.fault != 0) {
            return session_report_fault(row.fault);
        }
        printf("%s%s", i > 0 ? "," : "", row.bytes);
    }
    printf("]%s}\n", list->maximum == 0 ? "" : pages->more ? ",\"more\":true" : ",\"more\":false");
    return VIX_DONE;
}

int session_print_list(struct session *session, const struct session_list *list)
{
    CLEANUP(pages_finish) struct pages pages = {0};
    int result = fetch_pages(session, list, &pages);
    if (result != VIX_DONE) {
        return result;
    }
    if (session->json) {
        return print_list_json(list, &pages);
    }
    result = print_table(stdout, list->columns, pages.rows, pages.row_count);
    if (pages.more) {
        fprintf(stderr, "vix: there are more than these %zu\n", pages.row_count);
    }
    return result == 0 ? VIX_DONE : session_report_fault(result);
}
