/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What takes the operator long: a backup, the turn of the epoch key, the end of the index. The turn
 * is an operation like others; the other two run on a thread of their own, one at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/handlers.h"
#include "store/store_end.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

struct directory_input {
    struct text_input directory;
    struct text_input confirm; /* of a wind-down */
};
#define DIRECTORY_FIELD                                                                            \
    {                                                                                              \
        .name = "directory", .type = FIELD_TEXT, .required = true, .maximum = 4000,                \
        .format = &format_path, .offset = offsetof(struct directory_input, directory)              \
    }
static const struct field backup_fields[] = {DIRECTORY_FIELD};
const struct shape shape_backup = {
    .name = "BackupRequest", FIELDS(backup_fields), .size = sizeof(struct directory_input)};
static const struct field wind_down_fields[] = {
    DIRECTORY_FIELD,
    {.name = "confirm",
     .type = FIELD_TEXT,
     .required = true,
     .maximum = 500,
     .format = &format_text,
     .offset = offsetof(struct directory_input, confirm)},
};
const struct shape shape_wind_down = {
    .name = "WindDownRequest", FIELDS(wind_down_fields), .size = sizeof(struct directory_input)};
static const struct field made_fields[] = {
    {.name = "directory", .type = FIELD_TEXT, .required = true},
    {.name = "logSize", .type = FIELD_INTEGER, .required = true},
};
const struct shape shape_backup_made = {.name = "Backup", FIELDS(made_fields)};
const struct shape shape_wound_down = {.name = "WoundDown", FIELDS(made_fields)};

struct long_job {
    struct mail mail;
    struct exchange *exchange;
    struct api *api;
    struct mailbox *mailbox;
    struct attribution by;
    int (*work)(struct long_job *job);
    void (*done)(struct exchange *x, const struct long_job *job);
    char *directory;
    uint64_t log_size;
    bool ended; /* the index, whatever the result */
    int result;
    char why[STORE_WHY_SIZE];
};

static bool claim(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    bool claimed = !api->copying;
    api->copying = true;
    pthread_mutex_unlock(&api->lock);
    return claimed;
}

static void release(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    api->copying = false;
    pthread_cond_broadcast(&api->idle);
    pthread_mutex_unlock(&api->lock);
}

static void free_job(struct long_job *job)
{
    free(job->directory);
    free(job);
}

static void *run_job(void *argument)
{
    struct long_job *job = argument;
    struct api *api = job->api;
    job->result = job->work(job);
    mailbox_post(job->mailbox, &job->mail);
    release(api);
    return NULL;
}

static void finish_job(struct exchange *x)
{
    struct long_job *job = TAKE_PTR(x->job);
    if (job->result == 0 || job->ended) {
        job->done(x, job);
    } else if (job->result == STORE_EXISTS) {
        exchange_refuse(x, "conflict", "The directory is there already.");
    } else if (job->result == STORE_STOPPED) {
        const char *why =
            arena_copy_text(&x->scratch, job->why, strnlen(job->why, STORE_WHY_SIZE - 1));
        exchange_refuse(x, "conflict", why);
    } else {
        exchange_refuse_result(x, job->result);
    }
    free_job(job);
}

static void delivered(struct mail *mail)
{
    struct long_job *job = CONTAINER_OF(mail, struct long_job, mail);
    exchange_resume(job->exchange, finish_job);
}

static int start_thread(struct long_job *job)
{
    pthread_t thread;
    pthread_attr_t attributes;
    int r = pthread_attr_init(&attributes);
    if (r == 0) {
        (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        r = pthread_create(&thread, &attributes, run_job, job);
        pthread_attr_destroy(&attributes);
    }
    return -r;
}

static void start_job(struct exchange *x, int (*work)(struct long_job *job),
                      void (*done)(struct exchange *x, const struct long_job *job))
{
    const struct directory_input *in = x->body;
    struct api *api = x->options.api;
    if (!claim(api)) {
        exchange_refuse(x, "conflict", "A copy is being made, or the index wound down, already.");
        return;
    }
    struct long_job *job = calloc(1, sizeof(*job));
    char *directory = strdup(in->directory.text);
    int r = job != NULL && directory != NULL ? 0 : -ENOMEM;
    if (r == 0) {
        *job = (struct long_job){.mail.deliver = delivered,
                                 .exchange = x,
                                 .api = api,
                                 .mailbox = x->options.mailbox,
                                 .by = x->by,
                                 .work = work,
                                 .done = done,
                                 .directory = directory,
                                 .log_size = store_log_size(x->snapshot)};
        exchange_close_snapshot(x);
        x->job = job;
        x->pending = true;
        r = start_thread(job);
    }
    if (r != 0) {
        release(api);
        x->pending = false;
        x->job = NULL;
        free(directory);
        free(job);
        exchange_fail(x);
    }
}

static void write_made(struct exchange *x, const struct long_job *job)
{
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_text(writer, "directory", job->directory);
    writer_member_unsigned(writer, "logSize", job->log_size);
    writer_end_object(writer);
}

/* ---- a backup ---- */

static int make_backup(struct long_job *job)
{
    return store_backup(job->api->options.store, job->directory, job->why);
}

static void backup_made(struct exchange *x, const struct long_job *job)
{
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    if (note == NULL) {
        exchange_fail(x);
        return;
    }
    write_made(x, job);
    if (exchange_set_json(x, 200)) {
        *note = (struct log_note){.event = LOG_BACKUP_MADE};
        exchange_note(x, note);
    }
}

void control_backup(struct exchange *x)
{
    start_job(x, make_backup, backup_made);
}

/* ---- the end of the index ---- */

static int wind_down(struct long_job *job)
{
    struct store *store = job->api->options.store;
    int result = store_wind_down(store, &job->by, job->directory, &job->ended, job->why);
    if (result == 0) {
        struct store_status status;
        store_get_status(store, &status);
        job->log_size = status.log_size;
    }
    return result;
}

/* The store has logged it, as the last entry there is. What could not be destroyed now is tried
 * again when the daemon ends, and when it is started. */
static void wound_down(struct exchange *x, const struct long_job *job)
{
    const struct api_options *options = &x->options.api->options;
    if (job->result == 0) {
        write_made(x, job);
        exchange_finish_json(x, 200);
    } else {
        const char *why =
            arena_copy_text(&x->scratch, job->why, strnlen(job->why, STORE_WHY_SIZE - 1));
        exchange_refuse(x, "internal-error", why);
    }
    options->wound_down(options->context);
}

void control_wind_down(struct exchange *x)
{
    const struct directory_input *in = x->body;
    const struct api_options *options = &x->options.api->options;
    if (strcmp(in->confirm.text, options->log_origin) != 0) {
        faults_add(&x->faults, "#/confirm", "To confirm, give the log's origin.");
        exchange_refuse(x, "invalid-request", NULL);
    } else if (options->wound_down == NULL) {
        exchange_refuse(x, "conflict", "This daemon cannot be wound down.");
    } else {
        start_job(x, wind_down, wound_down);
    }
}

/* ---- the turn of the epoch key ---- */

static const struct field turn_fields[] = {
    {.name = "epoch", .type = FIELD_INTEGER, .required = true},
    {.name = "rows", .type = FIELD_INTEGER, .required = true},
};
const struct shape shape_epoch_turned = {.name = "EpochTurn", FIELDS(turn_fields)};

static const struct exchange_condition turn_conditions[] = {
    {STORE_IN_USE, NULL, "The directory of epoch keys cannot be written, or a turn is under way."},
    {0},
};

static void turned(struct exchange *x)
{
    const struct store_epoch_turn *turn = &x->work.epoch_turn;
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_unsigned(writer, "epoch", turn->epoch);
    writer_member_unsigned(writer, "rows", turn->rows);
    writer_end_object(writer);
    exchange_finish_json(x, 200);
}

void control_turn_epoch(struct exchange *x)
{
    store_epoch_turn_init(&x->work.epoch_turn);
    exchange_submit(x, turned, turn_conditions);
}
