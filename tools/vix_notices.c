/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix notices`: reads a party's inbox, once or for as long as it runs. */
#include <unistd.h>

#include "tools/duration.h"
#include "tools/notice_print.h"
#include "tools/session.h"

#define WAIT_SECONDS 60  /* the most that the index lets us wait */
#define GRACE_SECONDS 30 /* beyond it, before the connection counts as lost */
#define PAGE_LIMIT "100"
#define FIRST_PAUSE_SECONDS 1
#define LONGEST_PAUSE_SECONDS 60

struct reader {
    struct session *session;
    bool follow;
    bool acknowledge;
    int64_t after; /* -1: from the acknowledged mark on */
    long retry_after;
};

static int fetch(struct reader *reader, struct client_answer *ret_answer)
{
    CLEANUP(text_finish) struct text path = {0};
    text_add_string(&path, "/v1/notices?limit=" PAGE_LIMIT);
    if (reader->after >= 0) {
        text_add_format(&path, "&after=%lld", (long long)reader->after);
    }
    if (reader->follow) {
        text_add_format(&path, "&wait=%d", WAIT_SECONDS);
    }
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    struct client_request request = {
        .method = "GET",
        .path = path.bytes,
        .seconds = WAIT_SECONDS + GRACE_SECONDS,
    };
    return session_fetch(reader->session, &request, ret_answer);
}

/* Refused, but worth trying again: the index is busy, or about to stop. */
#define BUSY (-1)

static int read_page(struct reader *reader, struct answer **ret_page)
{
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    reader->retry_after = 0;
    int result = fetch(reader, &answer);
    if (result != VIX_DONE) {
        return result;
    }
    if (answer.status != 200) {
        reader->retry_after = answer.retry_after;
        session_print_refusal(reader->session, &answer);
        return answer.status == 429 || answer.status >= 500 ? BUSY : VIX_REFUSED;
    }
    return session_parse(answer.body, answer.size, ret_page);
}

static int acknowledge(struct reader *reader)
{
    CLEANUP(text_finish) struct text body = {0};
    CLEANUP(answer_freep) struct answer *nothing = NULL;
    text_open_object(&body);
    text_add_number_member(&body, "upTo", reader->after);
    text_close_object(&body);
    return session_call(reader->session, "POST", "/v1/notices/_acknowledge", &body, &nothing);
}

/* Prints a page, then acknowledges it: what could not be written was not received. */
static int take_page(struct reader *reader, const struct answer *page, size_t *ret_count)
{
    const struct answer *notices = answer_at(page, "notices");
    size_t count = answer_count(notices);
    int64_t next = 0;
    if (!answer_integer(answer_at(page, "next"), &next) || next < reader->after) {
        fprintf(stderr, "vix: the answer has no place to go on from: is this the index?\n");
        return VIX_REFUSED;
    }
    for (size_t i = 0; i < count; i++) {
        if (!session_print_json(reader->session, answer_item(notices, i))) {
            notice_print(stdout, answer_item(notices, i));
            putchar('\n');
        }
    }
    if (fflush(stdout) != 0) {
        perror("vix: standard output");
        return VIX_REFUSED;
    }
    reader->after = next;
    *ret_count = count;
    return count > 0 && reader->acknowledge ? acknowledge(reader) : VIX_DONE;
}

static int read_once(struct reader *reader)
{
    size_t count = 0;
    do {
        CLEANUP(answer_freep) struct answer *page = NULL;
        int result = read_page(reader, &page);
        if (result != VIX_DONE) {
            return result == BUSY ? VIX_REFUSED : result;
        }
        result = take_page(reader, page, &count);
        if (result != VIX_DONE) {
            return result;
        }
    } while (count > 0);
    return VIX_DONE;
}

/* Sequences make it safe: after an error it goes on behind the last notice it printed. Who cannot
 * connect at all has most likely given the wrong options, and is told at once. */
static int follow(struct reader *reader)
{
    unsigned pause = FIRST_PAUSE_SECONDS;
    bool was_connected = false;
    for (;;) {
        CLEANUP(answer_freep) struct answer *page = NULL;
        size_t count = 0;
        int result = read_page(reader, &page);
        if (result == VIX_DONE) {
            result = take_page(reader, page, &count);
        }
        if (result == VIX_DONE) {
            pause = FIRST_PAUSE_SECONDS;
            was_connected = true;
            continue;
        }
        bool lost = result == VIX_NOT_CONNECTED && was_connected;
        if (result != BUSY && !lost) {
            return result;
        }
        unsigned seconds = reader->retry_after > pause ? (unsigned)reader->retry_after : pause;
        fprintf(stderr, "vix: trying again in %u s\n", seconds);
        sleep(seconds);
        pause = pause * 2 < LONGEST_PAUSE_SECONDS ? pause * 2 : LONGEST_PAUSE_SECONDS;
    }
}

static int run_notices(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    struct reader reader = {
        .session = &session,
        .follow = options_value(invocation, "follow") != NULL,
        .acknowledge = options_value(invocation, "ack") != NULL,
        .after = -1,
    };
    const char *after = options_value(invocation, "after");
    if (after != NULL && number_parse(after, INT64_MAX, &reader.after) != 0) {
        return options_complain(invocation->command, "--after must be a sequence number");
    }
    int result = session_open(invocation, &session);
    if (result != VIX_DONE) {
        return result;
    }
    return reader.follow ? follow(&reader) : read_once(&reader);
}

const struct command notices_commands[] = {
    {
        .words = "notices",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "read the party's notices (matchberichten)",
        .details =
            "Begins behind the last acknowledged notice, unless --after says otherwise. With\n"
            "--json each notice is a CloudEvent on a line of its own. With --follow it goes on\n"
            "until it is interrupted, and after an error tries again, waiting longer each time.\n"
            "Acknowledging (--ack) tells the index that the notices were received.",
        .options = {{"follow", NULL, "wait for further notices", false, NULL},
                    {"ack", NULL, "acknowledge what was printed", false, NULL},
                    {"after", "N", "begin behind this sequence number", false, NULL}},
        .run = run_notices,
    },
    {0},
};
