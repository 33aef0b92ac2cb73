/* SPDX-License-Identifier: EUPL-1.2 */
/* The pack as plain text: Dutch time, and all that can stand in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "proto/pack.h"
#include "store/base/clock.h"

static struct arena arena;

static const char *write(const struct pack *pack)
{
    const char *text;
    size_t size;
    assert_int_equal(pack_write_text(&arena, pack, &text, &size), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

static int64_t instant_of(const char *text)
{
    int64_t instant;
    assert_int_equal(calendar_parse_timestamp(text, strlen(text), &instant), 0);
    return instant;
}

static const struct party municipality = {.name = "Gemeente Alkmaar", .municipality = 361};

/* Winter, summer, and both days on which the clock is changed. */
static void test_dutch_time(void **state)
{
    (void)state;
    static const struct {
        const char *instant;
        const char *told;
    } cases[] = {
        {"2026-01-15T11:00:00Z", "15-01-2026 12:00"}, {"2026-07-15T10:00:00Z", "15-07-2026 12:00"},
        {"2026-07-15T22:30:00Z", "16-07-2026 00:30"}, {"2026-12-31T23:00:00Z", "01-01-2027 00:00"},
        {"2026-03-28T23:30:00Z", "29-03-2026 00:30"}, {"2026-03-29T00:59:00Z", "29-03-2026 01:59"},
        {"2026-03-29T01:00:00Z", "29-03-2026 03:00"}, {"2026-03-29T21:59:00Z", "29-03-2026 23:59"},
        {"2026-10-24T22:00:00Z", "25-10-2026 00:00"}, {"2026-10-25T00:59:00Z", "25-10-2026 02:59"},
        {"2026-10-25T01:00:00Z", "25-10-2026 02:00"}, {"2026-10-25T22:59:00Z", "25-10-2026 23:59"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char line[64];
        struct pack pack = {.municipality = &municipality,
                            .receipt = "",
                            .requested_at = instant_of(cases[i].instant)};
        snprintf(line, sizeof(line), "Gevraagd op: %s\n", cases[i].told);
        assert_non_null(strstr(write(&pack), line));
    }
}

static void test_nothing(void **state)
{
    (void)state;
    struct pack pack = {.municipality = &municipality,
                        .receipt = "c2sp.org/tlog-proof@v1\nindex 3\n",
                        .requested_at = instant_of("2026-01-15T11:00:00Z"),
                        .log_index = 3};
    assert_string_equal(write(&pack), "Inzage in de verwijsindex\n"
                                      "Gemeente: Gemeente Alkmaar (0361)\n"
                                      "Gevraagd op: 15-01-2026 12:00\n"
                                      "Nummer in het logboek: 3\n"
                                      "\n"
                                      "Onder deze gemeente wordt niets over deze jeugdige "
                                      "bewaard.\n"
                                      "\n"
                                      "Bewijs van deze aanvraag, om te bewaren als bestand:\n"
                                      "\n"
                                      "c2sp.org/tlog-proof@v1\nindex 3\n");
}

static void test_everything(void **state)
{
    (void)state;
    const struct pack_signal signals[] = {
        {.signal = {.status = SIGNAL_ARCHIVED,
                    .reported_at = instant_of("2024-01-15T11:00:00Z"),
                    .ended_at = instant_of("2025-01-15T11:00:00Z"),
                    .removal_day = 20468,
                    .erasure_day = 22294,
                    .municipality = 361},
         .by = {.oin = {"00000007000000AV0000"},
                .organisation = "De Regenboog",
                .contact = {"A. Bakker", "", "", "072 1"}}}};
    const struct pack_match matches[] = {{MATCH_FAMILY, MATCH_ENDED, 0, 1}};
    struct told_item items[] = {
        {.at = 0, .event = LOG_SIGNAL_POSTED, .oin = {"00000007000000AV0000"}, .name = "School"},
        {.at = 0, .event = LOG_SIGNALS_LISTED},
    };
    struct pack pack = {
        .municipality = &municipality,
        .receipt = "R\n",
        .held = true,
        .access = {.signal_count = 1,
                   .signals = signals,
                   .match_count = 1,
                   .matches = matches,
                   .residence = 363,
                   .parents = 2,
                   .has_address = true,
                   .is_institution = true,
                   .former_numbers = 1,
                   .registry_data = true},
        .told = {.count = 2, .items = items, .complete = false},
    };
    const char *text = strstr(write(&pack), "Onder deze");
    assert_string_equal(text, "Onder deze gemeente wordt 1 signaal over deze jeugdige bewaard.\n"
                              "\n"
                              "Signaal 1\n"
                              "  Stand: in het archief\n"
                              "  Gemaakt op: 15-01-2024 12:00\n"
                              "  Be\xc3\xabindigd op: 15-01-2025 12:00\n"
                              "  Wordt gewist op: 15-01-2031\n"
                              "  Organisatie: De Regenboog (OIN 00000007000000AV0000)\n"
                              "  Professional: A. Bakker\n"
                              "  Telefoon: 072 1\n"
                              "  Gemeente: 0361\n"
                              "\n"
                              "Match 1\n"
                              "  Soort: over het gezin\n"
                              "  Stand: be\xc3\xabindigd\n"
                              "  Ontstaan op: 01-01-1970 01:00\n"
                              "  Be\xc3\xabindigd op: 01-01-1970 01:00\n"
                              "\n"
                              "Uit de bevolkingsadministratie, onleesbaar bewaard\n"
                              "  Woongemeente: 0363\n"
                              "  Aantal ouders: 2\n"
                              "  Adres: bewaard\n"
                              "  Het adres is dat van een instelling\n"
                              "  Vroegere nummers: 1\n"
                              "\n"
                              "Wie deed wat, en wanneer\n"
                              "  01-01-1970 01:00: signaal gemaakt: School\n"
                              "  01-01-1970 01:00: signals-listed: de verwijsindex zelf\n"
                              "  Er is meer dan hier past.\n"
                              "\n"
                              "Bewijs van deze aanvraag, om te bewaren als bestand:\n"
                              "\n"
                              "R\n");
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dutch_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_everything, set_up, tear_down),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
