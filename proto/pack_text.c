/* SPDX-License-Identifier: EUPL-1.2 */
/* The pack as the youth reads it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/pack.h"
#include "store/base/clock.h"

#define LINE_MAXIMUM 2048
#define FIRST_CAPACITY 4096
#define HOUR (60 * CLOCK_MINUTE)

struct text {
    struct arena *arena;
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
};

static void append(struct text *text, const char *data, size_t size)
{
    if (!text->failed && text->capacity - text->size <= size) {
        size_t capacity = text->capacity > 0 ? text->capacity * 2 : FIRST_CAPACITY;
        while (capacity - text->size <= size) {
            capacity *= 2;
        }
        char *grown = arena_new(text->arena, capacity);
        text->failed = grown == NULL;
        if (!text->failed && text->size > 0) {
            memcpy(grown, text->data, text->size);
        }
        text->data = grown;
        text->capacity = capacity;
    }
    if (!text->failed) {
        memcpy(text->data + text->size, data, size);
        text->size += size;
        text->data[text->size] = '\0';
    }
}

static void line(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
static void line(struct text *text, const char *format, ...)
{
    char out[LINE_MAXIMUM];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out, sizeof(out), format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof(out)) {
        text->failed = true; /* all that goes in is bounded: names, functions, addresses */
        return;
    }
    append(text, out, (size_t)length);
    append(text, "\n", 1);
}

/* ---- dates, as they are said ---- */

#define DAY_SIZE 16
#define TIME_SIZE 24

static const char *day_text(int32_t day, char out[static DAY_SIZE])
{
    struct calendar_date date = calendar_date_from_day(day);
    snprintf(out, DAY_SIZE, "%02d-%02d-%04d", date.day % 100, date.month % 100, date.year % 10000);
    return out;
}

/* Dutch time. The clock is changed at 01:00 UTC: before that the day still has the offset with
 * which it began, after it the one with which the next begins. */
static const char *time_text(int64_t instant, char out[static TIME_SIZE])
{
    char date[DAY_SIZE];
    int32_t day = calendar_dutch_day(instant);
    bool late = instant >= day * CLOCK_DAY + HOUR;
    int32_t other = late ? day + 1 : day;
    int64_t offset = other * CLOCK_DAY - calendar_dutch_midnight(other);
    int64_t minutes = (instant + offset - day * CLOCK_DAY) / CLOCK_MINUTE;
    snprintf(out, TIME_SIZE, "%s %02d:%02d", day_text(day, date), (int)(minutes / 60) % 24,
             (int)(minutes % 60));
    return out;
}

/* ---- what the log says, in words ---- */

static const char *const event_texts[LOG_EVENTS] = {
    [LOG_SIGNAL_POSTED] = "signaal gemaakt",
    [LOG_SIGNAL_REPEATED] = "signaal herhaald",
    [LOG_SIGNAL_WITHDRAWN] = "signaal beëindigd",
    [LOG_SIGNAL_RETRACTED] = "signaal ingetrokken als onterecht",
    [LOG_SIGNAL_ARCHIVED] = "signaal naar het archief",
    [LOG_SIGNAL_ERASED] = "signaal gewist",
    [LOG_SIGNAL_READ] = "eigen signaal bekeken",
    [LOG_SIGNAL_RENEWED] = "signaal verlengd",
    [LOG_SIGNAL_TRANSFERRED] = "signaal overgedragen aan een collega",
    [LOG_SIGNAL_MERGED] = "signaal samengevoegd met een ander",
    [LOG_MATCH_READ] = "match bekeken",
    [LOG_MATCH_STALLED] = "geen contact bevestigd binnen de termijn",
    [LOG_CONTACT_CONFIRMED] = "contact bevestigd",
    [LOG_NOTICE_OFFERED] = "bericht aangeboden",
    [LOG_NOTICE_ACKNOWLEDGED] = "bericht ontvangen",
    [LOG_NOTICES_COUNTED] = "geteld hoeveel berichten een signaal zou geven",
    [LOG_PEEK_SUSPECTED] = "signaal kort na het bekijken ingetrokken",
    [LOG_PERSON_DIED] = "overlijden doorgegeven",
    [LOG_PERSON_MOVED] = "verhuizing doorgegeven",
    [LOG_BSN_REPLACED] = "nummer vervangen",
    [LOG_BSN_ASSIGNED] = "nummer toegekend",
    [LOG_RELATIONS_CHANGED] = "ouders en adres doorgegeven",
    [LOG_REGISTRY_DATA_ERASED] = "gegevens van de bevolkingsadministratie gewist",
    [LOG_ACCESS_REQUESTED] = "inzage gevraagd",
    [LOG_ERASURE_MADE] = "wissen na bezwaar of verzoek",
};

static const char *event_text(enum log_event event)
{
    const char *text = event > 0 && event < LOG_EVENTS ? event_texts[event] : NULL;
    return text != NULL ? text : accesslog_event_name(event);
}

/* ---- the parts ---- */

static void write_statement(struct text *text, const struct pack *pack)
{
    char at[TIME_SIZE];
    char code[MUNICIPALITY_TEXT_SIZE];
    size_t count = pack->access.signal_count;
    municipality_format(pack->municipality->municipality, code);
    line(text, "Inzage in de verwijsindex");
    line(text, "Gemeente: %s (%s)", pack->municipality->name, code);
    line(text, "Gevraagd op: %s", time_text(pack->requested_at, at));
    line(text, "Nummer in het logboek: %llu", (unsigned long long)pack->log_index);
    line(text, "%s", "");
    if (!pack->held) {
        line(text, "Onder deze gemeente wordt niets over deze jeugdige bewaard.");
        return;
    }
    line(text, "Onder deze gemeente %s %zu %s over deze jeugdige bewaard.",
         count == 1 ? "wordt" : "worden", count, count == 1 ? "signaal" : "signalen");
}

static void write_given(struct text *text, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        line(text, "  %s: %s", name, value);
    }
}

static void write_signal(struct text *text, size_t number, const struct pack_signal *item)
{
    const struct signal *signal = &item->signal;
    char day[DAY_SIZE];
    char code[MUNICIPALITY_TEXT_SIZE];
    char at[TIME_SIZE];
    bool active = signal->status == SIGNAL_ACTIVE;
    municipality_format(signal->municipality, code);
    line(text, "%s", "");
    line(text, "Signaal %zu", number);
    line(text, "  Stand: %s", active ? "actief" : "in het archief");
    line(text, "  Gemaakt op: %s", time_text(signal->reported_at, at));
    if (active) {
        line(text, "  Gaat naar het archief op: %s", day_text(signal->removal_day, day));
    } else {
        line(text, "  Beëindigd op: %s", time_text(signal->ended_at, at));
    }
    line(text, "  Wordt gewist op: %s", day_text(signal->erasure_day, day));
    line(text, "  Organisatie: %s (OIN %s)", item->by.organisation, item->by.oin.text);
    write_given(text, "Professional", item->by.contact.name);
    write_given(text, "Functie", item->by.contact.function);
    write_given(text, "E-mail", item->by.contact.email);
    write_given(text, "Telefoon", item->by.contact.phone);
    line(text, "  Gemeente: %s", code);
}

static void write_match(struct text *text, size_t number, const struct pack_match *match)
{
    static const char *const kinds[] = {"over deze jeugdige", "over het gezin"};
    static const char *const statuses[] = {"open", "contact geweest", "nog geen contact",
                                           "beëindigd"};
    char at[TIME_SIZE];
    line(text, "%s", "");
    line(text, "Match %zu", number);
    line(text, "  Soort: %s", kinds[match->kind - 1]);
    line(text, "  Stand: %s", statuses[match->status - 1]);
    line(text, "  Ontstaan op: %s", time_text(match->formed_at, at));
    if (match->ended_at != 0) {
        line(text, "  Beëindigd op: %s", time_text(match->ended_at, at));
    }
}

/* These are kept unreadably: that they are there can be told, not what they are. */
static void write_registry(struct text *text, const struct access_pack *access)
{
    char code[MUNICIPALITY_TEXT_SIZE];
    if (!access->registry_data) {
        return;
    }
    municipality_format(access->residence, code);
    line(text, "%s", "");
    line(text, "Uit de bevolkingsadministratie, onleesbaar bewaard");
    if (access->residence != 0) {
        line(text, "  Woongemeente: %s", code);
    }
    line(text, "  Aantal ouders: %zu", access->parents);
    line(text, "  Adres: %s", access->has_address ? "bewaard" : "niet bewaard");
    if (access->is_institution) {
        line(text, "  Het adres is dat van een instelling");
    }
    line(text, "  Vroegere nummers: %zu", access->former_numbers);
}

static void write_told(struct text *text, const struct told *told)
{
    if (told->count == 0) {
        return;
    }
    line(text, "%s", "");
    line(text, "Wie deed wat, en wanneer");
    for (size_t i = 0; i < told->count; i++) {
        const struct told_item *item = &told->items[i];
        char at[TIME_SIZE];
        line(text, "  %s: %s: %s", time_text(item->at, at), event_text(item->event),
             item->oin.text[0] != '\0' ? item->name : "de verwijsindex zelf");
    }
    if (!told->complete) {
        line(text, "  Er is meer dan hier past.");
    }
}

int pack_write_text(struct arena *arena, const struct pack *pack, const char **ret_text,
                    size_t *ret_size)
{
    struct text text = {.arena = arena};
    write_statement(&text, pack);
    for (size_t i = 0; i < pack->access.signal_count; i++) {
        write_signal(&text, i + 1, &pack->access.signals[i]);
    }
    for (size_t i = 0; i < pack->access.match_count; i++) {
        write_match(&text, i + 1, &pack->access.matches[i]);
    }
    write_registry(&text, &pack->access);
    write_told(&text, &pack->told);
    line(&text, "%s", "");
    line(&text, "Bewijs van deze aanvraag, om te bewaren als bestand:");
    line(&text, "%s", "");
    append(&text, pack->receipt, strlen(pack->receipt));
    if (text.failed) {
        return -ENOMEM;
    }
    *ret_text = text.data;
    *ret_size = text.size;
    return 0;
}
