/* SPDX-License-Identifier: EUPL-1.2 */
/* How notices are told to people: each type, and what is not in a notice is not printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/notice_print.h"

#define OWN "\"ownSignal\":{\"id\":\"s-1\",\"reference\":\"groep6-14\",\"professional\":\"ib-1\"}"
#define MATCH "\"matchId\":\"m-1\",\"matchKey\":\"K7QF-3M2X\",\"kind\":\"child\""
#define FAMILY "\"matchId\":\"m-1\",\"matchKey\":\"K7QF-3M2X\",\"kind\":\"family\""
#define YUSUF                                                                                      \
    "{\"organisation\":{\"oin\":\"O\",\"name\":\"De Wending\"},\"professional\":"                  \
    "{\"name\":\"Yusuf\",\"function\":\"coach\",\"email\":\"y@x.nl\",\"phone\":\"06\"}}"
#define INVOLVED "\"involved\":[" YUSUF "]"

struct example {
    const char *type;
    const char *data;
    const char *told[5];
    const char *not_told;
};

static const struct example examples[] = {
    {"match-formed",
     MATCH "," OWN "," INVOLVED,
     {"notice:         match-formed\n", "involved with this child too", "K7QF-3M2X",
      "own reference:  groep6-14\n", "involved:       Yusuf, coach, De Wending\n"},
     "another child"},
    {"match-formed",
     FAMILY "," OWN "," INVOLVED,
     {"another child of this family", "  kind:         family\n"},
     "this child too"},
    {"match-formed",
     MATCH "," INVOLVED,
     {"see that they contact each other", "  contact:      06, y@x.nl\n"},
     "own reference"},
    {"match-retracted", MATCH "," OWN, {"made in error"}, "involved:"},
    {"match-ended", MATCH, {"this match ended"}, "own reference"},
    {"archived-involvement",
     OWN "," INVOLVED,
     {"was involved with the child before", "involved:       Yusuf, coach, De Wending\n"},
     "match key"},
    {"signal-renewal-due",
     OWN ",\"removalDate\":\"2028-11-22\"",
     {"renew it (vix signal renew)", "removal:        2028-11-22\n", "  signal:       s-1\n"},
     "match key"},
    {"signal-removed", OWN, {"is in the archive"}, "removal:"},
    {"follow-up-stalled",
     MATCH "," INVOLVED ",\"unread\":[{\"organisation\":{\"oin\":\"P\",\"name\":\"De Linde\"},"
           "\"professional\":{\"name\":\"Sanne\",\"phone\":\"07\"},"
           "\"since\":\"2026-11-01T10:00:00Z\"}]",
     {"nobody confirmed in time", "not read by:    Sanne, De Linde\n", "  contact:      07\n",
      "  since:        2026-11-01T10:00:00Z\n", "involved:       Yusuf"},
     "own reference"},
    {"youth-moved",
     OWN ",\"municipality\":\"0363\"",
     {"lives in another municipality", "municipality:   0363\n"},
     "match key"},
    {"youth-moved", MATCH "," INVOLVED, {"lives in your municipality", "K7QF-3M2X"}, "another"},
    {"peek-suspected",
     "\"logIndex\":17,\"organisation\":{\"oin\":\"O\",\"name\":\"De Wending\"}",
     {"withdrawn soon after", "log entry:      17\n", "organisation:   De Wending\n",
      "  oin:          O\n"},
     "match key"},
    {"access-requested", "\"logIndex\":18", {"asked what is held", "log entry:      18\n"}, "kind"},
    {"notices-counted", "\"logIndex\":19", {"counted the notices", "log entry:      19\n"}, "kind"},
    {"of-tomorrow", OWN, {"notice:         of-tomorrow\n", "own reference:"}, "meaning"},
};

static char *print(const struct example *example)
{
    CLEANUP(answer_freep) struct answer *notice = NULL;
    char json[2048];
    char *text = NULL;
    size_t size = 0;
    int length = snprintf(json, sizeof(json),
                          "{\"type\":\"nl.verwijsindex.%s.v1\",\"sequence\":\"7\","
                          "\"time\":\"2026-11-22T10:00:00Z\",\"data\":{%s}}",
                          example->type, example->data);
    assert_in_range(length, 1, sizeof(json) - 1);
    assert_int_equal(answer_parse(json, (size_t)length, &notice), 0);
    FILE *out = open_memstream(&text, &size);
    notice_print(out, notice);
    fclose(out);
    return text;
}

static void test_every_type_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        char *text = print(&examples[i]);
        for (size_t t = 0; t < ARRAY_LENGTH(examples[i].told) && examples[i].told[t] != NULL; t++) {
            if (strstr(text, examples[i].told[t]) == NULL) {
                fail_msg("%s: \"%s\" does not say \"%s\"", examples[i].type, text,
                         examples[i].told[t]);
            }
        }
        if (strstr(text, examples[i].not_told) != NULL) {
            fail_msg("%s: \"%s\" says \"%s\"", examples[i].type, text, examples[i].not_told);
        }
        assert_non_null(strstr(text, "  sequence:     7\n"));
        free(text);
    }
}

static void test_what_is_no_notice_is_survived(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{}", "{\"type\":7,\"data\":[]}",
                                        "{\"type\":\"\",\"data\":{\"involved\":{},\"unread\":7}}"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        CLEANUP(answer_freep) struct answer *notice = NULL;
        char *text = NULL;
        size_t size = 0;
        assert_int_equal(answer_parse(wrong[i], strlen(wrong[i]), &notice), 0);
        FILE *out = open_memstream(&text, &size);
        notice_print(out, notice);
        fclose(out);
        assert_non_null(strstr(text, "notice:"));
        assert_null(strstr(text, "involved"));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_told),
        cmocka_unit_test(test_what_is_no_notice_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
