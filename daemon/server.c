/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/server.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "daemon/check.h"
#include "daemon/ending.h"
#include "daemon/listeners.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/sighandler.h"
#include "daemon/upkeep.h"
#include "daemon/watchdog.h"
#include "daemon/witness/witness.h"
#include "daemon/worker.h"
#include "proto/api.h"
#include "store/store_end.h"

/* What a step may answer beside 0 and faults. */
#define STEP_REFUSED SERVER_EXIT_CONFIGURATION /* said already; a restart does not mend it */
#define STEP_ENDED SERVER_EXIT_WOUND_DOWN      /* there is no index any more */

static const struct timeval every_minute = {60, 0};
static const struct timeval every_look = {UPKEEP_SECONDS, 0};
#define MINUTES_PER_EXPIRY_CHECK 60

struct server {
    const struct config *config;
    struct deadlines deadlines;
    struct metrics metrics;
    struct keyring *keys;
    bool epoch_can_turn;
    struct tls *tls;
    struct listeners listeners;
    struct store *store;
    struct api *api;
    struct worker_shared shared;
    struct worker home; /* of the main thread */
    struct worker *workers;
    size_t worker_count;
    size_t undrained; /* workers that are not empty yet, home included */
    bool stopping;
    bool wound_down; /* nothing of the index may stay, */
    bool unfinished; /* and something has */
    struct sighandler signals;
    struct watchdog *watchdog;
    struct event *minute_timer;
    struct event *upkeep_timer;
    struct upkeep upkeep;
    struct event *drain_timer;
    unsigned minutes;
    struct mail eased_mail;
    atomic_bool eased_posted;
};

static int refused(const char *step, const char *why)
{
    log_event(LOG_LEVEL_ERROR, "start", "failed=%s %s", step, why);
    return STEP_REFUSED;
}

/* ---- the end of the index ---- */

/* Before keys are read: they may be gone. What else is wrong with a store is said when it is
 * opened. */
static int look_for_end(struct server *server)
{
    struct store_end end;
    if (store_find_end(server->config->store_path, &end) != 0) {
        return 0;
    }
    log_event(LOG_LEVEL_NOTICE, "wound-down", "interrupted=yes statement=%s/statement",
              end.directory);
    return ending_finish(server->config) ? STEP_ENDED : -EIO;
}

/* ---- keys and certificates ---- */

static int load_keys(struct server *server)
{
    char why[KEYRING_WHY_SIZE];
    int result = keyring_load(check_keys_directory(server->config),
                              check_epoch_directory(server->config), &server->keys, why);
    if (result != 0) {
        return result > 0 ? refused("keys", why) : result;
    }
    server->epoch_can_turn = check_epoch_turn(server->keys);
    return 0;
}

static void free_keys(struct server *server)
{
    keyring_free(server->keys);
}

static void note_expiry(struct server *server)
{
    struct tls_state state;
    tls_get_state(server->tls, &state);
    atomic_store(&server->metrics.certificate_expiry, (long long)state.certificate_ends);
    atomic_store(&server->metrics.crl_expiry, state.crl_loaded ? (long long)state.crl_ends : 0);
    check_expiry(&state, NULL);
}

static int load_certificates(struct server *server)
{
    const struct tls_options options = check_tls_options(server->config);
    char why[TLS_WHY_SIZE];
    int result = tls_new(&options, &server->tls, why);
    if (result != 0) {
        return result > 0 ? refused("certificates", why) : result;
    }
    server->shared.tls = server->tls;
    note_expiry(server);
    return 0;
}

static void free_certificates(struct server *server)
{
    tls_free(server->tls);
}

/* On SIGHUP, and as the operator asks; connections that are still valid do not notice. */
static int reload(void *context, char why[static STORE_WHY_SIZE])
{
    struct server *server = context;
    int result = tls_reload(server->tls, why);
    if (result != 0) {
        if (result < 0) {
            snprintf(why, STORE_WHY_SIZE, "%s", strerror(-result));
        }
        metrics_count(&server->metrics, METRIC_RELOADS_FAILED);
        log_event(LOG_LEVEL_ERROR, "reload", "result=refused %s", why);
        return result;
    }
    metrics_count(&server->metrics, METRIC_RELOADS);
    for (size_t i = 0; i < server->worker_count; i++) {
        worker_revalidate(&server->workers[i]);
    }
    note_expiry(server);
    log_event(LOG_LEVEL_NOTICE, "reload", "result=done");
    return 0;
}

/* ---- listening ---- */

static int bind_all(struct server *server)
{
    return listeners_bind(&server->listeners, server->config, &server->metrics);
}

static void stop_listening(struct server *server)
{
    listeners_close(&server->listeners);
}

static void deliver_eased(struct mail *mail)
{
    struct server *server = CONTAINER_OF(mail, struct server, eased_mail);
    atomic_store(&server->eased_posted, false);
    acceptor_resume(&server->listeners.all[LISTENER_PUBLIC]);
}

/* Called by any worker. */
static void handshakes_eased(void *context)
{
    struct server *server = context;
    if (!atomic_exchange(&server->eased_posted, true)) {
        mailbox_post(&server->home.mailbox, &server->eased_mail);
    }
}

/* ---- privileges ---- */

static int reduce_privileges(struct server *server)
{
    int result = sighandler_block();
    return result != 0 ? result : privileges_reduce(server->config->connections);
}

static int confine(struct server *server)
{
    const struct config *config = server->config;
    /* A rule can only be made for a folder that is there. */
    if (mkdir(config->store_path, 0700) != 0 && errno != EEXIST) {
        return -errno;
    }
    struct privileges_paths paths = {
        .read_count = 4,
        .read = {config->certificate, config->private_key, config->client_ca, config->client_crl},
        .epoch_keys = server->epoch_can_turn ? check_epoch_directory(config) : NULL,
        .store = config->store_path,
        .socket = config->control_socket,
    };
    witnesses_prepare(config, &paths);
    return privileges_confine(&paths);
}

/* ---- loops ---- */

static size_t count_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

static int make_loops(struct server *server)
{
    size_t count = server->config->workers != 0 ? server->config->workers : count_processors();
    server->shared.metrics = &server->metrics;
    server->shared.deadlines = &server->deadlines;
    server->shared.warm_maximum = WARM_CONNECTIONS / count + 1;
    server->shared.handshakes_eased = handshakes_eased;
    server->shared.context = server;
    server->eased_mail.deliver = deliver_eased;
    int result = worker_init(&server->home, &server->shared);
    server->workers = calloc(count, sizeof(*server->workers));
    if (server->workers == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; result == 0 && i < count; i++) {
        server->worker_count++;
        result = worker_init(&server->workers[i], &server->shared);
    }
    return result;
}

static void free_loops(struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        worker_finish(&server->workers[i]);
    }
    worker_finish(&server->home);
    free(server->workers);
}

/* ---- store and interface ---- */

/* On the committer's thread. What is on disk is unknown, so nothing may be answered from now on. */
static void store_failed(void *context, const char *what)
{
    (void)context;
    log_event(LOG_LEVEL_ERROR, "store", "failed=commit outcome=unknown %s", what);
    notify_send("STOPPING=1\nSTATUS=A commit failed and its outcome is unknown.\nERRNO=5");
    _exit(SERVER_EXIT_STORE);
}

static int open_store(struct server *server)
{
    const struct config *config = server->config;
    const struct store_options options = {
        .path = config->store_path,
        .map_bytes = config->map_bytes,
        .keys = server->keys,
        .log_origin = config->log_origin,
        .policy = config->policy,
        .failed = store_failed,
        .context = server,
    };
    char why[STORE_WHY_SIZE] = "";
    int result = store_open(&options, &server->store, why);
    server->shared.store = server->store;
    return result > 0 ? refused("store", why) : result;
}

static void close_store(struct server *server)
{
    store_close(server->store);
    if (server->wound_down) {
        server->unfinished = !ending_finish(server->config);
    }
}

static void on_stop(void *context);

/* On the main thread, as all that comes over the control socket. */
static void on_wound_down(void *context)
{
    struct server *server = context;
    server->wound_down = true;
    if (!server->stopping) {
        on_stop(server);
    }
}

static size_t list_witnesses(void *context, struct api_witness ret_witnesses[API_WITNESSES_MAXIMUM])
{
    struct server *server = context;
    return witnesses_list(server->shared.witnesses, ret_witnesses);
}

static int make_interface(struct server *server)
{
    const struct config *config = server->config;
    const struct api_options options = {
        .store = server->store,
        .keys = server->keys,
        .policy = config->policy,
        .limits = {.requests_per_minute = config->requests_per_minute,
                   .evaluations_per_minute = config->evaluations_per_minute},
        .operator_oin = config->operator_oin,
        .operator_name = config->operator_name,
        .log_origin = config->log_origin,
        .reload = reload,
        .wound_down = on_wound_down,
        .witnesses = list_witnesses,
        .context = server,
    };
    int result = api_new(&options, &server->api);
    server->shared.api = server->api;
    return result;
}

static void free_interface(struct server *server)
{
    api_free(server->api);
}

/* ---- threads ---- */

static int start_threads(struct server *server)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < server->worker_count; i++) {
        result = worker_start(&server->workers[i]);
    }
    return result != 0 ? result
                       : watchdog_start(&server->home, server->workers, server->worker_count,
                                        &server->watchdog);
}

/* Operations of requests that were given up may still be under way; their mail must have been
 * delivered before what it refers to goes. The committer works in order: one that comes back says
 * that those before it have. */
static void settle(struct server *server)
{
    size_t delivered = 1;
    while (delivered > 0) {
        struct store_note_op last;
        store_note_init(&last);
        int result = store_run(server->store, &last.op);
        (void)result; /* closed or not: nothing is under way any more */
        delivered = mailbox_deliver(&server->home.mailbox);
        for (size_t i = 0; i < server->worker_count; i++) {
            delivered += mailbox_deliver(&server->workers[i].mailbox);
        }
    }
}

static void stop_threads(struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        if (server->workers[i].has_thread) {
            worker_stop(&server->workers[i]);
        }
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        worker_join(&server->workers[i]);
    }
    watchdog_free(TAKE_PTR(server->watchdog));
    api_wait_idle(server->api); /* a copy that is being made reads the store */
    api_flush_counts(server->api, &server->home.mailbox);
    settle(server);
}

static int start_witnesses(struct server *server)
{
    witnesses_warn(server->config);
    return witnesses_start(server->config, server->store, &server->shared.witnesses);
}

static void stop_witnesses(struct server *server)
{
    witnesses_stop(TAKE_PTR(server->shared.witnesses));
}

/* ---- serving, and the end of it ---- */

static void on_drained(struct mail *mail)
{
    struct worker *worker = CONTAINER_OF(mail, struct worker, drained_mail);
    struct server *server = worker->shared->context;
    if (--server->undrained == 0) {
        worker_quit(&server->home);
    }
}

static void drain(struct server *server, struct worker *worker)
{
    worker->drained_mail.deliver = on_drained;
    worker_drain(worker, &server->home.mailbox);
}

static void on_stop(void *context)
{
    struct server *server = context;
    unsigned time = server->deadlines.drain;
    const struct timeval deadline = {.tv_sec = time / 1000, .tv_usec = (time % 1000) * 1000};
    if (server->stopping) {
        worker_quit(&server->home); /* asked twice: now */
        return;
    }
    server->stopping = true;
    atomic_store(&server->shared.ready, false);
    atomic_store(&server->shared.stopping, true);
    notify_send("STOPPING=1");
    log_event(LOG_LEVEL_NOTICE, "stopping", "connections=%d",
              atomic_load(&server->metrics.connections));
    stop_listening(server);
    api_drain(server->api);
    server->undrained = server->worker_count + 1;
    drain(server, &server->home);
    for (size_t i = 0; i < server->worker_count; i++) {
        drain(server, &server->workers[i]);
    }
    evtimer_add(server->drain_timer, &deadline);
}

static void on_drain_deadline(evutil_socket_t fd, short what, void *user)
{
    struct server *server = user;
    (void)fd;
    (void)what;
    log_event(LOG_LEVEL_WARNING, "stopping", "drained=no connections=%d",
              atomic_load(&server->metrics.connections));
    worker_quit(&server->home);
}

static void on_reload(void *context)
{
    char why[STORE_WHY_SIZE];
    notify_reloading();
    int result = reload(context, why);
    (void)result; /* it is in the log */
    notify_send("READY=1");
}

static void on_minute(evutil_socket_t fd, short what, void *user)
{
    struct server *server = user;
    (void)fd;
    (void)what;
    api_flush_counts(server->api, &server->home.mailbox);
    if (++server->minutes % MINUTES_PER_EXPIRY_CHECK == 0) {
        note_expiry(server);
    }
}

static void on_upkeep(evutil_socket_t fd, short what, void *user)
{
    struct server *server = user;
    struct upkeep_line lines[UPKEEP_LINES_MAXIMUM];
    struct store_status status;
    (void)fd;
    (void)what;
    store_get_status(server->store, &status);
    size_t count = upkeep_look(&server->upkeep, &status, lines);
    for (size_t i = 0; i < count; i++) {
        log_event(lines[i].level, lines[i].event, "%s", lines[i].text);
    }
}

static int start_serving(struct server *server)
{
    struct store_status status;
    struct event_base *base = server->home.base;
    server->signals =
        (struct sighandler){.reload = on_reload, .stop = on_stop, .context = server, .fd = -1};
    server->minute_timer = event_new(base, -1, EV_PERSIST, on_minute, server);
    server->upkeep_timer = event_new(base, -1, EV_PERSIST, on_upkeep, server);
    server->drain_timer = evtimer_new(base, on_drain_deadline, server);
    if (server->minute_timer == NULL || server->upkeep_timer == NULL ||
        server->drain_timer == NULL || event_add(server->minute_timer, &every_minute) != 0 ||
        event_add(server->upkeep_timer, &every_look) != 0) {
        return -ENOMEM;
    }
    store_get_status(server->store, &status);
    server->upkeep.turned_at = status.epoch_turned_at; /* by an earlier run: not news */
    int result = sighandler_start(&server->signals, base);
    return result != 0 ? result
                       : listeners_start(&server->listeners, &server->home, server->workers,
                                         server->worker_count);
}

static void stop_serving(struct server *server)
{
    stop_listening(server);
    sighandler_finish(&server->signals);
    if (server->minute_timer != NULL) {
        event_free(server->minute_timer);
    }
    if (server->upkeep_timer != NULL) {
        event_free(server->upkeep_timer);
    }
    if (server->drain_timer != NULL) {
        event_free(server->drain_timer);
    }
}

static int serve(struct server *server)
{
    atomic_store(&server->shared.ready, true);
    log_event(LOG_LEVEL_NOTICE, "ready",
              "version=%s listening=%s management=%s control=%s workers=%zu", VIX_VERSION,
              server->listeners.all[LISTENER_PUBLIC].address,
              server->listeners.all[LISTENER_MANAGEMENT].address,
              server->listeners.all[LISTENER_CONTROL].address, server->worker_count);
    notify_send("READY=1");
    return worker_run(&server->home);
}

/* ---- the order of all this ---- */

enum server_exit server_run(const struct config *config)
{
    /* libsodium was started, the primitives tested and the configuration read before. The committer
     * starts within open_store(). A step that fails undoes nothing itself. */
    static const struct {
        const char *name;
        int (*start)(struct server *server);
        void (*stop)(struct server *server);
    } steps[] = {
        {"privileges", reduce_privileges, NULL},
        {"wind-down", look_for_end, NULL},
        {"keys", load_keys, free_keys},
        {"certificates", load_certificates, free_certificates},
        {"listening", bind_all, stop_listening},
        {"confinement", confine, NULL},
        {"loops", make_loops, free_loops},
        {"store", open_store, close_store},
        {"interface", make_interface, free_interface},
        {"threads", start_threads, stop_threads},
        {"witnesses", start_witnesses, stop_witnesses},
        {"serving", start_serving, stop_serving},
    };
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return SERVER_EXIT_FAULT;
    }
    server->config = config;
    deadlines_init(&server->deadlines);
    size_t step = 0;
    int result = 0;
    for (; result == 0 && step < ARRAY_LENGTH(steps); step++) {
        result = steps[step].start(server);
        if (result < 0) {
            log_event(LOG_LEVEL_ERROR, "start", "failed=%s error=\"%s\"", steps[step].name,
                      strerror(-result));
        }
    }
    if (result == 0) {
        result = serve(server);
    }
    while (step-- > 0) {
        if (steps[step].stop != NULL) {
            steps[step].stop(server);
        }
    }
    result = result == 0 && server->unfinished ? -EIO : result;
    free(server);
    log_event(LOG_LEVEL_NOTICE, "stopped", "status=%d", result);
    return result < 0 ? SERVER_EXIT_FAULT : (enum server_exit)result;
}
