/* SPDX-License-Identifier: EUPL-1.2 */
/* What the operator may ask of the daemon, on the control socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/handlers.h"
#include "store/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

static const struct field status_fields[] = {
    {.name = "version", .type = FIELD_TEXT, .required = true},
    {.name = "ready", .type = FIELD_BOOLEAN, .required = true},
    {.name = "uptimeSeconds", .type = FIELD_INTEGER, .required = true},
    {.name = "logSize", .type = FIELD_INTEGER, .required = true},
    {.name = "revision", .type = FIELD_INTEGER, .required = true},
    {.name = "queueDepth", .type = FIELD_INTEGER, .required = true},
    {.name = "operations", .type = FIELD_INTEGER, .required = true},
    {.name = "batches", .type = FIELD_INTEGER, .required = true},
    {.name = "abortedBatches", .type = FIELD_INTEGER, .required = true},
    {.name = "shed", .type = FIELD_INTEGER, .required = true},
    {.name = "unindexedEntries", .type = FIELD_INTEGER, .required = true},
    {.name = "usedBytes", .type = FIELD_INTEGER, .required = true},
    {.name = "freeBytes", .type = FIELD_INTEGER, .required = true},
    {.name = "mapBytes", .type = FIELD_INTEGER, .required = true},
    {.name = "signals", .type = FIELD_INTEGER, .required = true},
    {.name = "openMatches", .type = FIELD_INTEGER, .required = true},
    {.name = "logKey", .type = FIELD_TEXT, .required = true},
    {.name = "logOrigin", .type = FIELD_TEXT, .required = true},
    {.name = "keys", .type = FIELD_OBJECT, .required = true},
};
const struct shape shape_status = {.name = "Status", FIELDS(status_fields)};

static void write_keys(struct writer *writer, const struct keyring *keys)
{
    writer_name(writer, "keys");
    writer_begin_object(writer);
    for (int purpose = 0; purpose < KEYRING_PURPOSES; purpose++) {
        writer_member_unsigned(writer, keyring_purpose_name(purpose),
                               keyring_current(keys, purpose));
    }
    writer_end_object(writer);
}

void control_status(struct exchange *x)
{
    const struct api *api = x->options.api;
    struct store_status status;
    store_get_status(api->options.store, &status);
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_text(writer, "version", VIX_VERSION);
    writer_member_boolean(writer, "ready", !status.failed && !atomic_load(&api->draining));
    writer_member_integer(writer, "uptimeSeconds", (x->now - api->started_at) / CLOCK_SECOND);
    writer_member_unsigned(writer, "logSize", status.log_size);
    writer_member_unsigned(writer, "revision", status.revision);
    writer_member_unsigned(writer, "queueDepth", status.queue_depth);
    writer_member_unsigned(writer, "operations", status.operations);
    writer_member_unsigned(writer, "batches", status.batches);
    writer_member_unsigned(writer, "abortedBatches", status.aborted_batches);
    writer_member_unsigned(writer, "shed", status.shed);
    writer_member_unsigned(writer, "unindexedEntries", status.unindexed);
    writer_member_unsigned(writer, "usedBytes", status.used_bytes);
    writer_member_unsigned(writer, "freeBytes", status.free_bytes);
    writer_member_unsigned(writer, "mapBytes", status.map_bytes);
    writer_member_unsigned(writer, "signals", status.signals);
    writer_member_unsigned(writer, "openMatches", status.matches);
    writer_member_text(writer, "logKey", api->log_key);
    writer_member_text(writer, "logOrigin", api->options.log_origin);
    write_keys(writer, api->options.keys);
    writer_end_object(writer);
    exchange_finish_json(x, 200);
}

void control_reload(struct exchange *x)
{
    const struct api_options *options = &x->options.api->options;
    char why[STORE_WHY_SIZE] = "This daemon cannot reload.";
    int r = options->reload != NULL ? options->reload(options->context, why) : -ENOSYS;
    if (r != 0) {
        exchange_refuse(x, "conflict",
                        arena_copy_text(&x->scratch, why, strnlen(why, sizeof(why) - 1)));
        return;
    }
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    if (note == NULL) {
        exchange_fail(x);
        return;
    }
    *note = (struct log_note){.event = LOG_CERTIFICATES_RELOADED};
    x->response.status = 204;
    exchange_note(x, note);
}

/* ---- backup: long, so on a thread of its own ---- */

struct backup_input {
    struct text_input directory;
};
static const struct field backup_fields[] = {
    {.name = "directory",
     .type = FIELD_TEXT,
     .required = true,
     .maximum = 4000,
     .format = &format_path,
     .offset = offsetof(struct backup_input, directory)},
};
const struct shape shape_backup = {
    .name = "BackupRequest", FIELDS(backup_fields), .size = sizeof(struct backup_input)};
static const struct field backup_made_fields[] = {
    {.name = "directory", .type = FIELD_TEXT, .required = true},
    {.name = "logSize", .type = FIELD_INTEGER, .required = true},
};
const struct shape shape_backup_made = {.name = "Backup", FIELDS(backup_made_fields)};

struct backup_job {
    struct mail mail;
    struct exchange *exchange;
    struct api *api;
    struct mailbox *mailbox;
    char *directory;
    uint64_t log_size; /* of the log when it began: the copy holds at least so much */
    int result;
    char why[STORE_WHY_SIZE];
};

static bool claim_copying(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    bool claimed = !api->copying;
    api->copying = true;
    pthread_mutex_unlock(&api->lock);
    return claimed;
}

static void release_copying(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    api->copying = false;
    pthread_cond_broadcast(&api->idle);
    pthread_mutex_unlock(&api->lock);
}

static void free_job(struct backup_job *job)
{
    free(job->directory);
    free(job);
}

static void *make_copy(void *argument)
{
    struct backup_job *job = argument;
    struct api *api = job->api;
    job->result = store_backup(api->options.store, job->directory, job->why);
    mailbox_post(job->mailbox, &job->mail);
    release_copying(api);
    return NULL;
}

static void copied(struct exchange *x)
{
    struct backup_job *job = TAKE_PTR(x->job);
    const char *why = arena_copy_text(&x->scratch, job->why, strnlen(job->why, STORE_WHY_SIZE - 1));
    int result = job->result;
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_text(writer, "directory", job->directory);
    writer_member_unsigned(writer, "logSize", job->log_size);
    writer_end_object(writer);
    free_job(job);
    if (result == STORE_EXISTS) {
        exchange_refuse(x, "conflict", "The directory is there already.");
    } else if (result == STORE_STOPPED) {
        exchange_refuse(x, "conflict", why);
    } else if (result != 0 || note == NULL) {
        exchange_refuse_result(x, note == NULL ? -ENOMEM : result);
    } else if (exchange_set_json(x, 200)) {
        *note = (struct log_note){.event = LOG_BACKUP_MADE};
        exchange_note(x, note);
    }
}

static void copy_delivered(struct mail *mail)
{
    struct backup_job *job = CONTAINER_OF(mail, struct backup_job, mail);
    exchange_resume(job->exchange, copied);
}

static int start_copy(struct backup_job *job)
{
    pthread_t thread;
    pthread_attr_t attributes;
    int r = pthread_attr_init(&attributes);
    if (r == 0) {
        (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        r = pthread_create(&thread, &attributes, make_copy, job);
        pthread_attr_destroy(&attributes);
    }
    return -r;
}

void control_backup(struct exchange *x)
{
    const struct backup_input *in = x->body;
    struct api *api = x->options.api;
    if (!claim_copying(api)) {
        exchange_refuse(x, "conflict", "A copy is being made already.");
        return;
    }
    struct backup_job *job = calloc(1, sizeof(*job));
    char *directory = strdup(in->directory.text);
    int r = job != NULL && directory != NULL ? 0 : -ENOMEM;
    if (r == 0) {
        *job = (struct backup_job){.mail.deliver = copy_delivered,
                                   .exchange = x,
                                   .api = api,
                                   .mailbox = x->options.mailbox,
                                   .directory = directory,
                                   .log_size = store_log_size(x->snapshot)};
        x->job = job;
        x->pending = true;
        r = start_copy(job);
    }
    if (r != 0) {
        release_copying(api);
        x->pending = false;
        x->job = NULL;
        free(directory);
        free(job);
        exchange_fail(x);
    }
}

/* ---- the clock of test builds ---- */

struct clock_input {
    struct integer_input seconds;
};
static const struct field clock_advance_fields[] = {
    {.name = "seconds",
     .type = FIELD_INTEGER,
     .required = true,
     .minimum = 1,
     .maximum = 100 * 366 * INT64_C(86400),
     .offset = offsetof(struct clock_input, seconds)},
};
const struct shape shape_clock_advance = {
    .name = "ClockAdvance", FIELDS(clock_advance_fields), .size = sizeof(struct clock_input)};
static const struct field clock_fields[] = {
    {.name = "now", .type = FIELD_TEXT, .required = true, .format = &format_timestamp},
};
const struct shape shape_clock = {.name = "Clock", FIELDS(clock_fields)};

#ifdef VIX_TEST_CLOCK
static void advance(struct exchange *x)
{
    const struct clock_input *in = x->body;
    clock_advance(in->seconds.value * CLOCK_SECOND);
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_timestamp(writer, "now", clock_now());
    writer_end_object(writer);
    exchange_finish_json(x, 200);
}

void control_clock_advance(struct exchange *x)
{
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    if (note == NULL) {
        exchange_fail(x);
        return;
    }
    *note = (struct log_note){.event = LOG_CLOCK_ADVANCED};
    store_note_init(&x->work.note);
    x->work.note.count = 1;
    x->work.note.notes = note;
    exchange_submit(x, advance, NULL);
}
#endif
