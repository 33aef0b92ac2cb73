/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/load/plan.h"

#define HANDSHAKES_AT_ONCE 8      /* each costs the server milliseconds */
#define OPENING_SECONDS 30        /* and a second more for each 100 connections */
#define TRIES_MAXIMUM 10          /* of a connection, in a row, without an answer */
#define PAUSE (BENCH_SECOND / 10) /* before another try, times the number of tries */
#define TICK_MICROSECONDS 20000

struct line { /* a connection with what is going on there */
    struct bench_conn conn;
    struct bench_loop *loop;
    struct line *next_idle;
    struct bench_self self;
    struct bench_ticket ticket;
    int64_t intended; /* start of the request under way */
    bool measured;
    unsigned tries;
    int64_t open_at; /* when a closed one is to be opened again; INT64_MAX: given up */
};

struct bench_loop {
    struct bench_field *field;
    size_t number;
    struct bench_conn_settings settings;
    struct event *timer; /* the next request of the open loop */
    struct event *tick;
    struct line *lines;
    size_t line_count;
    struct line *idle; /* longest idle first */
    struct line **idle_end;
    size_t to_open; /* the first line that was not opened yet */
    size_t open;
    size_t busy;
    int64_t began_opening;
    int64_t opening;
    bool loading;
    bool over; /* nothing more is sent */
    bool dry;
    int result;
    const char *why; /* the last connection that failed; static text */
    struct bench_plan plan;
    struct bench_work work;
    struct bench_tally tally;
};

static void feed(struct bench_loop *loop);

static struct line *line_of(struct bench_conn *conn)
{
    return CONTAINER_OF(conn, struct line, conn);
}

static void stop(struct bench_loop *loop, int result)
{
    loop->result = loop->result != 0 ? loop->result : result;
    loop->over = true;
    event_base_loopbreak(loop->settings.base);
}

static void open_line(struct bench_loop *loop, struct line *line)
{
    line->open_at = INT64_MAX;
    int result = bench_conn_open(&line->conn);
    if (result != 0) {
        stop(loop, result);
    }
}

/* ---- the idle ones ---- */

static void add_idle(struct bench_loop *loop, struct line *line)
{
    line->next_idle = NULL;
    *loop->idle_end = line;
    loop->idle_end = &line->next_idle;
}

static struct line *take_idle(struct bench_loop *loop)
{
    struct line *line = loop->idle;
    loop->idle = line->next_idle;
    if (loop->idle == NULL) {
        loop->idle_end = &loop->idle;
    }
    return line;
}

static void remove_idle(struct bench_loop *loop, const struct line *line)
{
    for (struct line **at = &loop->idle; *at != NULL; at = &(*at)->next_idle) {
        if (*at == line) {
            *at = line->next_idle;
            if (*at == NULL) {
                loop->idle_end = at;
            }
            return;
        }
    }
}

/* ---- sending ---- */

static void send_one(struct bench_loop *loop, struct line *line, int64_t intended)
{
    struct bench_request request;
    int result = bench_work_ask(&loop->work, &line->self, &line->ticket, &request);
    if (result == BENCH_WORK_EXHAUSTED) {
        loop->dry = true;
        bench_plan_stop(&loop->plan);
        loop->over = true;
        add_idle(loop, line);
        return;
    }
    line->intended = intended;
    line->measured = bench_plan_is_measured(&loop->plan, intended);
    if (line->measured && bench_plan_is_open(&loop->plan)) {
        bench_histogram_add(&loop->tally.delay, bench_now() - intended);
    }
    loop->busy++;
    result = result != 0 ? result : bench_conn_send(&line->conn, request.bytes, request.length);
    if (result != 0) {
        stop(loop, result);
        return;
    }
}

static void wait_until(struct bench_loop *loop, int64_t when)
{
    int64_t rest = when - bench_now();
    rest = rest < 1000 ? 1000 : rest;
    struct timeval wait = {.tv_sec = rest / BENCH_SECOND,
                           .tv_usec = (rest % BENCH_SECOND + 999) / 1000};
    if (wait.tv_usec >= 1000000) {
        wait = (struct timeval){.tv_sec = wait.tv_sec + 1};
    }
    if (evtimer_add(loop->timer, &wait) != 0) {
        stop(loop, -ENOMEM);
    }
}

/* Sends whatever is due, and sees to it that it is called when the next is. */
static void feed(struct bench_loop *loop)
{
    while (!loop->over && loop->idle != NULL) {
        int64_t when = 0;
        switch (bench_plan_next(&loop->plan, bench_now(), &when)) {
        case BENCH_PLAN_SEND:
            send_one(loop, take_idle(loop), when);
            break;
        case BENCH_PLAN_WAIT:
            wait_until(loop, when);
            return;
        case BENCH_PLAN_OVER:
            loop->over = true;
            break;
        }
    }
    if (loop->over && loop->busy == 0) {
        event_base_loopbreak(loop->settings.base);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    feed(user);
}

/* ---- what comes back ---- */

static size_t part_of(const struct bench_loop *loop, const struct line *line)
{
    return loop->plan.settings.phase_count > 0 ? bench_plan_phase(&loop->plan, line->intended)
                                               : line->ticket.part;
}

static void on_answered(struct bench_conn *conn, const struct bench_answer *answer)
{
    struct line *line = line_of(conn);
    struct bench_loop *loop = line->loop;
    int64_t latency = answer->at - line->intended;
    bool successful = bench_work_accepts(&loop->work, &line->ticket, answer->head->status);
    loop->busy--;
    line->tries = 0;
    bench_live_add(&loop->field->live[loop->number], successful, latency);
    if (line->measured) {
        loop->tally.last = answer->at;
        bench_tally_add_answer(&loop->tally, answer->head, answer->body, successful, latency);
        bench_tally_add_part(&loop->tally, part_of(loop, line), successful,
                             successful ? latency : -1);
    } else {
        loop->tally.warm_up++;
    }
    bench_work_hear(&loop->work, &line->self, &line->ticket, answer,
                    line->measured ? &loop->tally : NULL);
    if (loop->work.fault != 0) {
        stop(loop, loop->work.fault);
        return;
    }
    if (conn->state == BENCH_CONN_IDLE) {
        add_idle(loop, line);
    } else if (!loop->over) {
        loop->open--;
        loop->tally.reconnected++;
        open_line(loop, line);
    }
    feed(loop);
}

static void count_failure(struct bench_loop *loop, struct line *line, enum bench_failure failure)
{
    int64_t waited = bench_now() - line->intended;
    bench_live_add(&loop->field->live[loop->number], false, waited);
    if (line->measured) {
        loop->tally.failures[failure]++;
        /* It has been waited for: leaving it out would flatter. */
        bench_histogram_add(&loop->tally.latency, waited);
        bench_tally_add_part(&loop->tally, part_of(loop, line), false, waited);
    } else {
        loop->tally.warm_up++;
    }
    bench_work_hear(&loop->work, &line->self, &line->ticket, NULL, NULL);
}

static bool any_line_left(const struct bench_loop *loop)
{
    for (size_t i = 0; i < loop->line_count; i++) {
        const struct line *line = &loop->lines[i];
        if (line->conn.state != BENCH_CONN_CLOSED || line->open_at != INT64_MAX) {
            return true;
        }
    }
    return false;
}

static void open_next(struct bench_loop *loop)
{
    if (loop->to_open < loop->line_count && !loop->over) {
        open_line(loop, &loop->lines[loop->to_open++]);
    }
}

static void on_failed(struct bench_conn *conn, enum bench_conn_state was,
                      enum bench_failure failure)
{
    struct line *line = line_of(conn);
    struct bench_loop *loop = line->loop;
    if (was == BENCH_CONN_BUSY) {
        loop->busy--;
        count_failure(loop, line, failure);
    } else if (was == BENCH_CONN_IDLE) {
        remove_idle(loop, line);
    }
    loop->open -= was == BENCH_CONN_OPENING ? 0 : 1;
    loop->why = conn->why;
    line->tries++;
    line->open_at = line->tries < TRIES_MAXIMUM ? bench_now() + PAUSE * line->tries : INT64_MAX;
    if (!any_line_left(loop)) {
        stop(loop, BENCH_LOOP_DEAD);
    } else if (loop->loading) {
        feed(loop);
    }
}

static void on_opened(struct bench_conn *conn)
{
    struct line *line = line_of(conn);
    struct bench_loop *loop = line->loop;
    loop->open++;
    add_idle(loop, line);
    if (loop->loading) {
        feed(loop);
        return;
    }
    bench_histogram_add(&loop->tally.handshake, conn->opened_in);
    if (loop->open == loop->line_count) {
        loop->opening = bench_now() - loop->began_opening;
        event_base_loopbreak(loop->settings.base);
    } else {
        open_next(loop);
    }
}

static const struct bench_conn_events conn_events = {on_opened, on_answered, on_failed};

/* Deadlines, and connections to open again. */
static void on_tick(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    struct bench_loop *loop = user;
    int64_t now = bench_now();
    int64_t late = now - loop->field->options->timeout * BENCH_SECOND;
    for (size_t i = 0; i < loop->line_count && loop->result == 0; i++) {
        struct line *line = &loop->lines[i];
        bool waits = line->conn.state == BENCH_CONN_BUSY || line->conn.state == BENCH_CONN_OPENING;
        if (waits && line->conn.since < late) {
            bench_conn_fail(&line->conn, BENCH_TIMED_OUT);
        } else if (line->conn.state == BENCH_CONN_CLOSED && line->open_at <= now && !loop->over) {
            loop->tally.reconnected += loop->loading ? 1 : 0;
            open_line(loop, line);
        }
    }
    int64_t patience = (OPENING_SECONDS + (int64_t)loop->line_count / 100) * BENCH_SECOND;
    if (!loop->loading && now - loop->began_opening > patience) {
        stop(loop, BENCH_LOOP_DEAD);
    } else if (loop->loading) {
        loop->over = loop->over || bench_plan_is_over(&loop->plan, now);
        feed(loop);
    }
}

/* ---- its life ---- */

/* With timers finer than epoll's millisecond, for the open loop. */
static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0 &&
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0) {
        base = event_base_new_with_config(config);
    }
    if (config != NULL) {
        event_config_free(config);
    }
    return base;
}

/* Connection c is identity c modulo their number, and belongs to loop c modulo theirs. */
static size_t assign_identities(struct bench_loop *loop, uint32_t *slots)
{
    size_t count = loop->field->identities->count;
    size_t used = 0;
    for (size_t i = 0; i < loop->line_count; i++) {
        struct line *line = &loop->lines[i];
        size_t identity = (loop->number + i * loop->field->loops) % count;
        if (slots[identity] == 0) {
            slots[identity] = (uint32_t)++used;
        }
        line->loop = loop;
        line->self = (struct bench_self){.identity = identity, .slot = slots[identity] - 1};
        line->open_at = INT64_MAX;
        bench_conn_init(&line->conn, &loop->settings, &loop->field->identities->items[identity]);
    }
    return used;
}

static int init_lines(struct bench_loop *loop)
{
    const struct bench_field *field = loop->field;
    size_t all = (size_t)field->options->connections;
    loop->line_count = all / field->loops + (loop->number < all % field->loops ? 1 : 0);
    loop->lines = calloc(loop->line_count, sizeof(*loop->lines));
    uint32_t *slots = calloc(field->identities->count, sizeof(*slots));
    int result = -ENOMEM;
    if (loop->lines != NULL && slots != NULL) {
        result = bench_work_init(&loop->work, field->stock, assign_identities(loop, slots));
    }
    free(slots);
    return result;
}

static int init_events(struct bench_loop *loop)
{
    struct bench_conn_settings *settings = &loop->settings;
    settings->base = new_base();
    settings->answer = evbuffer_new();
    settings->context = loop->field->context;
    settings->target = loop->field->target;
    settings->events = &conn_events;
    if (settings->base == NULL || settings->answer == NULL) {
        return -ENOMEM;
    }
    loop->timer = evtimer_new(settings->base, on_timer, loop);
    loop->tick = event_new(settings->base, -1, EV_PERSIST, on_tick, loop);
    if (loop->timer == NULL || loop->tick == NULL) {
        return -ENOMEM;
    }
    struct timeval period = {.tv_usec = TICK_MICROSECONDS};
    return event_add(loop->tick, &period) == 0 ? 0 : -ENOMEM;
}

int bench_loop_new(struct bench_field *field, size_t number, struct bench_loop **ret_loop)
{
    struct bench_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return -ENOMEM;
    }
    loop->field = field;
    loop->number = number;
    loop->idle_end = &loop->idle;
    int result = init_events(loop);
    result = result != 0 ? result : init_lines(loop);
    if (result == 0 && field->options->overlap > 0 && field->options->children == 0 &&
        loop->work.children.identities < 2) {
        result = BENCH_LOOP_ALONE;
    }
    if (result != 0) {
        bench_loop_free(loop);
        return result;
    }
    *ret_loop = loop;
    return 0;
}

void bench_loop_free(struct bench_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    for (size_t i = 0; loop->lines != NULL && i < loop->line_count; i++) {
        bench_conn_close(&loop->lines[i].conn);
    }
    if (loop->timer != NULL) {
        event_free(loop->timer);
    }
    if (loop->tick != NULL) {
        event_free(loop->tick);
    }
    if (loop->settings.base != NULL) {
        event_base_free(loop->settings.base);
    }
    if (loop->settings.answer != NULL) {
        evbuffer_free(loop->settings.answer);
    }
    bench_work_finish(&loop->work);
    free(loop->lines);
    free(loop);
}

static void open_all(struct bench_loop *loop)
{
    loop->began_opening = bench_now();
    for (int i = 0; i < HANDSHAKES_AT_ONCE; i++) {
        open_next(loop);
    }
    if (loop->result == 0) {
        event_base_dispatch(loop->settings.base);
    }
}

static void count_unsent(struct bench_loop *loop)
{
    int64_t when;
    int64_t now = bench_now();
    while (bench_plan_take_unsent(&loop->plan, now, &when)) {
        if (bench_plan_is_measured(&loop->plan, when)) {
            loop->tally.unsent++;
            bench_histogram_add(&loop->tally.latency, now - when);
            if (loop->plan.settings.phase_count > 0) {
                bench_tally_add_part(&loop->tally, bench_plan_phase(&loop->plan, when), false,
                                     now - when);
            }
        }
    }
}

static void load(struct bench_loop *loop)
{
    const struct bench_options *options = loop->field->options;
    int64_t seconds = options->seconds > 0 ? options->seconds : BENCH_SECONDS_MAXIMUM;
    struct bench_plan_settings settings = {
        .start = loop->field->start,
        .warm_up = options->warm_up * BENCH_SECOND,
        .length = seconds * BENCH_SECOND,
        .requests = (uint64_t)options->requests,
        .rate = (uint64_t)options->rate,
        .loop = loop->number,
        .loops = loop->field->loops,
    };
    settings.phase_count = bench_field_phases(options, settings.phases);
    for (size_t i = 0; i < settings.phase_count; i++) {
        settings.length =
            (i > 0 ? settings.length : 0) + (int64_t)settings.phases[i].seconds * BENCH_SECOND;
    }
    bench_plan_start(&loop->plan, &settings);
    loop->loading = true;
    feed(loop);
    if (loop->result == 0 && (!loop->over || loop->busy > 0)) {
        event_base_dispatch(loop->settings.base);
    }
    if (loop->result == 0) {
        count_unsent(loop);
    }
}

void *bench_loop_run(void *user)
{
    struct bench_loop *loop = user;
    open_all(loop);
    if (bench_field_arrive(loop->field) && loop->result == 0) {
        load(loop);
    }
    return NULL;
}

int64_t bench_loop_opening(const struct bench_loop *loop)
{
    return loop->opening;
}

struct bench_tally *bench_loop_tally(struct bench_loop *loop)
{
    return &loop->tally;
}

struct bench_acknowledged *bench_loop_acknowledged(struct bench_loop *loop)
{
    return &loop->work.acknowledged;
}

bool bench_loop_ran_dry(const struct bench_loop *loop)
{
    return loop->dry;
}

const char *bench_loop_why(const struct bench_loop *loop)
{
    return loop->why;
}

int bench_loop_result(const struct bench_loop *loop)
{
    return loop->result;
}
