/* SPDX-License-Identifier: EUPL-1.2 */
/* Every type of notice as a CloudEvent: what stands in its data, and that nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "crypto/secret.h"
#include "proto/body.h"
#include "proto/event.h"

static const struct involved somebody = {
    .oin = {"00000003123456780000"},
    .organisation = "Jeugdhulp Noord",
    .contact = {"A. Bakker", "", "a@example.nl", "072 1"},
};
static const struct unread waiting = {.who = {.oin = {"00000003123456780000"},
                                              .organisation = "Jeugdhulp Noord",
                                              .contact = {"A. Bakker", "", "", ""}},
                                      .since = 1};

static const struct {
    enum notice_type type;
    const char *name;
    const char *members; /* of its data, in order */
    bool has_match;
    bool has_own;
    size_t involved;
    int32_t removal_day;
    uint16_t municipality;
    bool auditor;
} cases[] = {
    {NOTICE_MATCH_FORMED, "match-formed", "matchId matchKey kind ownSignal involved",
     .has_match = true, .has_own = true, .involved = 1},
    {NOTICE_MATCH_JOINED, "match-joined", "matchId matchKey kind involved", .has_match = true,
     .involved = 1},
    {NOTICE_MATCH_RETRACTED, "match-retracted", "matchId matchKey kind ownSignal",
     .has_match = true, .has_own = true},
    {NOTICE_MATCH_ENDED, "match-ended", "matchId matchKey kind ownSignal", .has_match = true,
     .has_own = true},
    {NOTICE_ARCHIVED_INVOLVEMENT, "archived-involvement", "ownSignal involved", .has_own = true,
     .involved = 1},
    {NOTICE_RENEWAL_DUE, "signal-renewal-due", "ownSignal removalDate", .has_own = true,
     .removal_day = 20000},
    {NOTICE_SIGNAL_REMOVED, "signal-removed", "ownSignal", .has_own = true},
    {NOTICE_FOLLOW_UP_STALLED, "follow-up-stalled", "matchId matchKey kind involved unread",
     .has_match = true, .involved = 1},
    {NOTICE_YOUTH_MOVED, "youth-moved", "ownSignal municipality", .has_own = true,
     .municipality = 361},
    {NOTICE_YOUTH_MOVED, "youth-moved", "matchId matchKey kind involved", .has_match = true,
     .involved = 1, .municipality = 361},
    {NOTICE_PEEK_SUSPECTED, "peek-suspected", "logIndex organisation", .auditor = true},
    {NOTICE_ACCESS_REQUESTED, "access-requested", "logIndex organisation", .auditor = true},
    {NOTICE_NOTICES_COUNTED, "notices-counted", "logIndex organisation", .auditor = true},
};

static struct notice make_notice(size_t i)
{
    struct notice notice = {
        .sequence = 7,
        .type = cases[i].type,
        .logged_at = 1,
        .has_match = cases[i].has_match,
        .has_own = cases[i].has_own,
        .own = {.reference = "", .professional = "p1"},
        .removal_day = cases[i].removal_day,
        .municipality = cases[i].municipality,
        .match = {.key = "K7QF-3M2X",
                  .kind = MATCH_FAMILY,
                  .involved_count = cases[i].involved,
                  .involved = &somebody},
    };
    if (cases[i].type == NOTICE_FOLLOW_UP_STALLED) {
        notice.unread_count = 1;
        notice.unread = &waiting;
    }
    if (cases[i].auditor) {
        notice.log_index = 42;
        notice.actor = somebody.oin;
        notice.actor_name = "Jeugdhulp Noord";
    }
    return notice;
}

static const char *members_of(const json_t *data)
{
    static char text[256];
    const char *name;
    json_t *value;
    text[0] = '\0';
    json_object_foreach((json_t *)data, name, value)
    {
        size_t length = strlen(text);
        snprintf(text + length, sizeof(text) - length, "%s%s", length > 0 ? " " : "", name);
    }
    return text;
}

static void test_types(void **state)
{
    (void)state;
    bool met[NOTICE_TYPES] = {false};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct writer writer;
        size_t size;
        char type[64];
        struct notice notice = make_notice(i);
        arena_init(&arena);
        writer_init(&writer, &arena);
        event_write(&writer, "urn:nld:oin:00000099000000000001:systeem:verwijsindex", &notice);
        const char *text = writer_finish(&writer, &size);
        json_t *event = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        assert_null(body_check_answer(event, &shape_event));
        snprintf(type, sizeof(type), "nl.verwijsindex.%s.v1", cases[i].name);
        assert_string_equal(json_string_value(json_object_get(event, "type")), type);
        assert_string_equal(members_of(json_object_get(event, "data")), cases[i].members);
        met[cases[i].type] = true;
        json_decref(event);
        arena_finish(&arena);
    }
    for (size_t type = 1; type < NOTICE_TYPES; type++) {
        assert_true(met[type]);
        assert_non_null(event_types[type - 1]);
    }
    assert_null(event_types[NOTICE_TYPES - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
    };
    if (secret_init() != 0) {
        return 1;
    }
    body_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
