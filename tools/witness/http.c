/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/witness/http.h"

#include <stdio.h>
#include <string.h>

#include "proto/problem.h"
#include "tools/witness/request.h"

#define PATH "/add-checkpoint"

static void put_answer(struct witness_output *output, int status, const char *content_type,
                       const char *body, const char *more)
{
    int size = snprintf(output->bytes, sizeof(output->bytes),
                        "HTTP/1.1 %d %s\r\n%sContent-Type: %s\r\nContent-Length: %zu\r\n"
                        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s\r\n%s",
                        status, http_status_text(status), more, content_type, strlen(body),
                        output->close ? "Connection: close\r\n" : "", body);
    output->size = (size_t)size < sizeof(output->bytes) ? (size_t)size : sizeof(output->bytes) - 1;
}

/* What is not understood ends the connection: where the next request begins is not known. */
static int refuse(struct witness_output *output, const struct http1_refusal *refusal)
{
    char body[256];
    snprintf(body, sizeof(body), "%s\n", refusal->detail);
    output->close = true;
    put_answer(output, problem_find(refusal->slug)->status, WITNESS_TEXT, body, "");
    return WITNESS_ANSWERED;
}

static bool ends_with_path(const char *target)
{
    size_t length = strlen(target);
    return length >= sizeof(PATH) - 1 && strcmp(target + length - (sizeof(PATH) - 1), PATH) == 0;
}

/* The head at the beginning of the input, `turn->scan.size` bytes of it. */
static int take_head(struct witness_turn *turn, const uint8_t *input,
                     const struct http1_refusal **ret_refusal)
{
    char head[HTTP1_HEAD_MAXIMUM];
    struct http_request request = {0};
    memcpy(head, input, turn->scan.size);
    if (http1_parse(head, turn->scan.size, &request, &turn->framing, ret_refusal) != HTTP1_DONE) {
        return HTTP1_REFUSED;
    }
    if (turn->framing.body_size > WITNESS_BODY_MAXIMUM) {
        *ret_refusal = &HTTP1_BODY_TOO_LARGE;
        return HTTP1_REFUSED;
    }
    turn->method = request.method;
    turn->is_for_checkpoints = ends_with_path(request.target);
    turn->has_head = true;
    return HTTP1_DONE;
}

static int answer(struct witness *witness, const struct witness_turn *turn, const char *body,
                  uint64_t now, struct witness_output *output)
{
    output->close = turn->framing.close;
    if (!turn->is_for_checkpoints) {
        put_answer(output, 404, WITNESS_TEXT, "There is POST .../add-checkpoint.\n", "");
        return WITNESS_ANSWERED;
    }
    if (turn->method != HTTP_POST) {
        put_answer(output, 405, WITNESS_TEXT, "It is POSTed to.\n", "Allow: POST\r\n");
        return WITNESS_ANSWERED;
    }
    int result = witness_add_checkpoint(witness, body, (size_t)turn->framing.body_size, now,
                                        &output->answer);
    if (result != 0) {
        return result;
    }
    put_answer(output, output->answer.status, output->answer.content_type, output->answer.body, "");
    return WITNESS_ANSWERED;
}

int witness_http_step(struct witness *witness, struct witness_turn *turn, const uint8_t *input,
                      size_t size, uint64_t now, struct witness_output *ret_output,
                      size_t *ret_used)
{
    const struct http1_refusal *refusal = NULL;
    *ret_used = 0;
    *ret_output = (struct witness_output){.size = 0};
    if (!turn->has_head) {
        size_t seen = turn->scan.size;
        enum http1_result result = http1_scan(&turn->scan, input + seen, size - seen, &refusal);
        if (result == HTTP1_MORE) {
            return WITNESS_MORE;
        }
        if (result == HTTP1_REFUSED || take_head(turn, input, &refusal) != HTTP1_DONE) {
            return refuse(ret_output, refusal);
        }
        *ret_used = turn->scan.size;
    }
    const uint8_t *body = input + *ret_used;
    if (size - *ret_used < turn->framing.body_size) {
        if (!turn->framing.expects_continue) {
            return WITNESS_MORE;
        }
        turn->framing.expects_continue = false;
        ret_output->size = (size_t)snprintf(ret_output->bytes, sizeof(ret_output->bytes),
                                            "HTTP/1.1 100 Continue\r\n\r\n");
        return WITNESS_CONTINUE;
    }
    *ret_used += (size_t)turn->framing.body_size;
    int result = answer(witness, turn, (const char *)body, now, ret_output);
    *turn = (struct witness_turn){.has_head = false};
    return result;
}
