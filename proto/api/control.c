/* SPDX-License-Identifier: EUPL-1.2 */
/* What the operator may ask of the daemon, on the control socket. */
#include <errno.h>
#include <string.h>

#include "proto/handlers.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

static const struct field epoch_fields[] = {
    {.name = "id", .type = FIELD_INTEGER, .required = true},
    {.name = "turning", .type = FIELD_BOOLEAN, .required = true},
    {.name = "turnedAt",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_timestamp},
};
static const struct shape shape_epoch = {.name = "Epoch", FIELDS(epoch_fields)};
static const struct field witness_fields[] = {
    {.name = "name", .type = FIELD_TEXT, .required = true},
    {.name = "size", .type = FIELD_INTEGER, .required = true},
    {.name = "lastSuccessAt",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_timestamp},
    {.name = "failure", .type = FIELD_TEXT, .required = true, .nullable = true},
};
static const struct shape shape_witness = {.name = "Witness", FIELDS(witness_fields)};
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
    {.name = "dueRows", .type = FIELD_INTEGER, .required = true},
    {.name = "dueLagSeconds", .type = FIELD_INTEGER, .required = true},
    {.name = "epoch", .type = FIELD_OBJECT, .required = true, .shape = &shape_epoch},
    {.name = "logKey", .type = FIELD_TEXT, .required = true},
    {.name = "logOrigin", .type = FIELD_TEXT, .required = true},
    {.name = "keys", .type = FIELD_OBJECT, .required = true},
    {.name = "witnesses", .type = FIELD_OBJECTS, .required = true, .shape = &shape_witness},
};
const struct shape shape_status = {.name = "Status", FIELDS(status_fields)};

static void write_instant(struct writer *writer, const char *name, int64_t instant)
{
    if (instant != 0) {
        writer_member_timestamp(writer, name, instant);
    } else {
        writer_member_null(writer, name);
    }
}

static void write_epoch(struct writer *writer, const struct store_status *status)
{
    writer_name(writer, "epoch");
    writer_begin_object(writer);
    writer_member_unsigned(writer, "id", status->epoch);
    writer_member_boolean(writer, "turning", status->epoch_turning);
    write_instant(writer, "turnedAt", status->epoch_turned_at);
    writer_end_object(writer);
}

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

static void write_witnesses(struct writer *writer, const struct api_options *options)
{
    struct api_witness witnesses[API_WITNESSES_MAXIMUM];
    size_t count = options->witnesses != NULL ? options->witnesses(options->context, witnesses) : 0;
    writer_name(writer, "witnesses");
    writer_begin_list(writer);
    for (size_t i = 0; i < count; i++) {
        writer_begin_object(writer);
        writer_member_text(writer, "name", witnesses[i].name);
        writer_member_unsigned(writer, "size", witnesses[i].size);
        write_instant(writer, "lastSuccessAt", witnesses[i].last_success_at);
        writer_member_filled(writer, "failure", witnesses[i].failure);
        writer_end_object(writer);
    }
    writer_end_list(writer);
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
    writer_member_unsigned(writer, "dueRows", status.due_rows);
    writer_member_integer(writer, "dueLagSeconds", status.due_lag / CLOCK_SECOND);
    write_epoch(writer, &status);
    writer_member_text(writer, "logKey", api->log_key);
    writer_member_text(writer, "logOrigin", api->options.log_origin);
    write_keys(writer, api->options.keys);
    write_witnesses(writer, &api->options);
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
