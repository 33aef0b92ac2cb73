/* SPDX-License-Identifier: EUPL-1.2 */
/* The forms in which entries are handed on, and how far a long export says it is. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "tools/audit/convert.h"
#include "tools/audit/file.h"

#define KEPT                                                                                       \
    "{\"index\":7,\"record\":{\"attributes\":{\"dpl.core.processing_activity_id\":\"p\","          \
    "\"verwijsindex.case_reference\":\"a \\\"b\\\",\\r\\n\\u00eb\",\"verwijsindex.count\":12,"     \
    "\"verwijsindex.index\":7,\"verwijsindex.party\":\"P\",\"verwijsindex.professional\":\"=1+1\"" \
    "},\"end_time\":1700000000123,\"name\":\"signal-posted\",\"span_id\":\"0102030405060708\","    \
    "\"start_time\":1700000000123,\"status\":\"Ok\","                                              \
    "\"trace_id\":\"000102030405060708090a0b0c0d0e0f\"},\"salt\":\"s\",\"subject\":\"ab\","        \
    "\"subjectSalt\":\"t\",\"commitment\":\"c\"}"
#define OWN                                                                                        \
    "{\"index\":8,\"record\":{\"attributes\":{\"verwijsindex.index\":8},\"end_time\":1,"           \
    "\"name\":\"n\",\"status\":\"Error\"},\"salt\":\"s\",\"subject\":null,\"subjectSalt\":\"t\","  \
    "\"commitment\":\"-c\"}"
#define DESTROYED                                                                                  \
    "{\"index\":9,\"record\":null,\"salt\":null,\"subject\":null,\"subjectSalt\":null,"            \
    "\"commitment\":\"d\",\"destroyed\":true}"

struct folder {
    char path[64];
    int descriptor;
};

static int set_up(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    assert_non_null(folder);
    strcpy(folder->path, "/tmp/vix-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    assert_int_equal(audit_directory_open(folder->path, &folder->descriptor), 0);
    *state = folder;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *folder = *state;
    static const char *const names[] = {AUDIT_ENTRIES, "records.jsonl", "traces.jsonl",
                                        "records.csv", "records.csv.new"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        unlinkat(folder->descriptor, names[i], 0);
    }
    close(folder->descriptor);
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

static int convert(const struct folder *folder, const char *name, const char *entries)
{
    struct progress_count progress;
    progress_count_begin(&progress, "writing entries", 0, 1);
    assert_int_equal(audit_file_write(folder->descriptor, AUDIT_ENTRIES, entries, strlen(entries)),
                     0);
    return audit_convert(folder->descriptor, audit_format_find(name), "log.example", &progress);
}

static void assert_written(const struct folder *folder, const char *name, const char *entries,
                           const char *expected)
{
    CLEANUP(text_finish) struct text written = {0};
    assert_int_equal(convert(folder, name, entries), 0);
    assert_int_equal(audit_file_read(folder->descriptor, audit_format_find(name)->file, &written),
                     0);
    assert_string_equal(written.bytes, expected);
}

static void test_ldv(void **state)
{
    assert_written(
        *state, "ldv", KEPT "\n" OWN "\n" DESTROYED "\n",
        "{\"attributes\":{\"dpl.core.data_subject_id\":\"ab\",\"dpl.core.data_subject_id_type\":"
        "\"https://verwijsindex.example/subject-id\",\"dpl.core.processing_activity_id\":\"p\","
        "\"verwijsindex.case_reference\":\"a \\\"b\\\",\\r\\n\xc3\xab\",\"verwijsindex.count\":12,"
        "\"verwijsindex.index\":7,\"verwijsindex.party\":\"P\","
        "\"verwijsindex.professional\":\"=1+1\"},\"end_time\":1700000000123,"
        "\"name\":\"signal-posted\",\"span_id\":\"0102030405060708\","
        "\"start_time\":1700000000123,\"status\":\"Ok\","
        "\"trace_id\":\"000102030405060708090a0b0c0d0e0f\"}\n"
        "{\"attributes\":{\"verwijsindex.index\":8},\"end_time\":1,\"name\":\"n\","
        "\"status\":\"Error\"}\n"
        "{\"attributes\":{\"verwijsindex.index\":9},\"commitment\":\"d\",\"destroyed\":true}\n");
}

#define OTLP_BEGIN                                                                                 \
    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"      \
    "{\"stringValue\":\"verwijsindex\"}},{\"key\":\"verwijsindex.log\",\"value\":"                 \
    "{\"stringValue\":\"log.example\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":"                   \
    "\"verwijsindex.access-log\",\"version\":\"1\",\"attributes\":[{\"key\":"                      \
    "\"verwijsindex.record\",\"value\":{\"stringValue\":\"Logboek Dataverwerkingen 1.0\"}}]},"     \
    "\"spans\":["

static void test_otlp(void **state)
{
    assert_written(
        *state, "otlp", KEPT "\n" OWN "\n" DESTROYED "\n",
        OTLP_BEGIN
        "{\"traceId\":\"000102030405060708090a0b0c0d0e0f\",\"spanId\":\"0102030405060708\","
        "\"name\":\"signal-posted\",\"kind\":2,\"startTimeUnixNano\":\"1700000000123000000\","
        "\"endTimeUnixNano\":\"1700000000123000000\",\"attributes\":["
        "{\"key\":\"dpl.core.data_subject_id\",\"value\":{\"stringValue\":\"ab\"}},"
        "{\"key\":\"dpl.core.data_subject_id_type\",\"value\":"
        "{\"stringValue\":\"https://verwijsindex.example/subject-id\"}},"
        "{\"key\":\"dpl.core.processing_activity_id\",\"value\":{\"stringValue\":\"p\"}},"
        "{\"key\":\"verwijsindex.case_reference\",\"value\":"
        "{\"stringValue\":\"a \\\"b\\\",\\r\\n\xc3\xab\"}},"
        "{\"key\":\"verwijsindex.count\",\"value\":{\"intValue\":\"12\"}},"
        "{\"key\":\"verwijsindex.index\",\"value\":{\"intValue\":\"7\"}},"
        "{\"key\":\"verwijsindex.party\",\"value\":{\"stringValue\":\"P\"}},"
        "{\"key\":\"verwijsindex.professional\",\"value\":{\"stringValue\":\"=1+1\"}}],"
        "\"status\":{\"code\":1}},"
        "{\"name\":\"n\",\"kind\":1,\"startTimeUnixNano\":\"0\",\"endTimeUnixNano\":\"1000000\","
        "\"attributes\":[{\"key\":\"verwijsindex.index\",\"value\":{\"intValue\":\"8\"}}],"
        "\"status\":{\"code\":2}},"
        "{\"traceId\":\"0000000000000000000000000000000a\",\"spanId\":\"000000000000000a\","
        "\"name\":\"record-destroyed\",\"kind\":1,\"startTimeUnixNano\":\"0\","
        "\"endTimeUnixNano\":\"0\",\"attributes\":["
        "{\"key\":\"verwijsindex.index\",\"value\":{\"intValue\":\"9\"}},"
        "{\"key\":\"verwijsindex.commitment\",\"value\":{\"stringValue\":\"d\"}},"
        "{\"key\":\"destroyed\",\"value\":{\"boolValue\":true}}],\"status\":{\"code\":1}}"
        "]}]}]}\n");
}

static void test_otlp_lines_are_bounded(void **state)
{
    CLEANUP(text_finish) struct text entries = {0};
    CLEANUP(text_finish) struct text written = {0};
    struct folder *folder = *state;
    for (size_t i = 0; i < AUDIT_FORMAT_BATCH + 1; i++) {
        text_add_string(&entries, DESTROYED "\n");
    }
    assert_int_equal(convert(folder, "otlp", entries.bytes), 0);
    assert_int_equal(audit_file_read(folder->descriptor, "traces.jsonl", &written), 0);
    size_t lines = 0;
    size_t spans = 0;
    for (const char *at = written.bytes; *at != '\0'; at++) {
        lines += *at == '\n';
        spans += strncmp(at, "\"traceId\"", 9) == 0;
    }
    assert_int_equal(lines, 2);
    assert_int_equal(spans, AUDIT_FORMAT_BATCH + 1);
}

static void test_csv(void **state)
{
    CLEANUP(text_finish) struct text expected = {0};
    text_add_string(&expected, audit_csv_head);
    text_add_string(&expected,
                    "7,2023-11-14T22:13:20.123Z,signal-posted,Ok,,P,,'=1+1,,,12,"
                    "\"a \"\"b\"\",\r\n\xc3\xab\",,,ab,,000102030405060708090a0b0c0d0e0f,"
                    "0102030405060708,,p,c,\r\n"
                    "8,1970-01-01T00:00:00.001Z,n,Error,,,,,,,,,,,,,,,,,'-c,\r\n"
                    "9,,,,,,,,,,,,,,,,,,,,d,yes\r\n");
    assert_written(*state, "csv", KEPT "\n" OWN "\n" DESTROYED "\n", expected.bytes);
}

static void test_every_formula_is_disarmed(void **state)
{
    static const struct {
        const char *json; /* of a professional's id */
        const char *cell;
    } cases[] = {
        {"=x", "'=x"},
        {"+x", "'+x"},
        {"-x", "'-x"},
        {"@x", "'@x"},
        {"\\tx", "\"'\tx\""},
        {"\\rx", "\"'\rx\""},
        {"x=", "x="},
        {"'=x", "'=x"},
        {"=\\\"", "\"'=\"\"\""},
        /* Where a semicolon, a tab or a line begins another cell. */
        {"x;=1+1;y", "\"x;'=1+1;y\""},
        {"x;y", "\"x;y\""},
        {"=1;-2;;@3", "\"'=1;'-2;;'@3\""},
        {"x;\\\"=1\\\"", "\"x;'\"\"=1\"\"\""},
        {"x; +1", "\"x;' +1\""},
        {"x\\t=1", "\"x\t'=1\""},
        {"x\\n=1", "\"x\n'=1\""},
        {"x;", "\"x;\""},
        {"a=b-c@d+e", "a=b-c@d+e"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        CLEANUP(text_finish) struct text entry = {0};
        CLEANUP(text_finish) struct text expected = {0};
        text_add_format(&entry,
                        "{\"index\":1,\"record\":{\"attributes\":"
                        "{\"verwijsindex.professional\":\"%s\"}}}\n",
                        cases[i].json);
        text_add_format(&expected, "%s1,,,,,,,%s,,,,,,,,,,,,,,\r\n", audit_csv_head, cases[i].cell);
        assert_written(*state, "csv", entry.bytes, expected.bytes);
    }
}

static void test_nothing_and_what_is_malformed(void **state)
{
    struct folder *folder = *state;
    assert_written(*state, "ldv", "", "");
    assert_written(*state, "otlp", "", "");
    assert_written(*state, "csv", "", audit_csv_head);
    unlinkat(folder->descriptor, "records.csv", 0);
    static const char *const bad[] = {"{}", "x\n", "[]\n", KEPT "\n" OWN};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(convert(folder, "csv", bad[i]), AUDIT_CONVERT_MALFORMED);
        assert_true(faccessat(folder->descriptor, "records.csv", F_OK, 0) != 0);
    }
    assert_null(audit_format_find("xml"));
    assert_null(audit_format_find("native")->file);
}

static void assert_progress(uint64_t first, uint64_t done, uint64_t total, int64_t elapsed,
                            const char *expected)
{
    CLEANUP(text_finish) struct text line = {0};
    struct progress_count progress;
    progress_count_begin(&progress, "exporting entries", first, total);
    progress.done = done;
    progress_count_describe(&progress, elapsed, &line);
    assert_string_equal(line.bytes, expected);
}

static void test_progress(void **state)
{
    (void)state;
    assert_progress(0, 1500, 60000, 2000, "exporting entries: 1500 of 60000, 750/s, 1:18 left");
    /* What was there already says nothing of the rate. */
    assert_progress(1000, 1500, 60000, 1000, "exporting entries: 1500 of 60000, 500/s, 1:57 left");
    assert_progress(0, 500, 10000000, 1000,
                    "exporting entries: 500 of 10000000, 500/s, 5:33:19 left");
    assert_progress(0, 60000, 60000, 80000, "exporting entries: 60000 of 60000, 750/s");
    assert_progress(500, 500, 60000, 9000, "exporting entries: 500 of 60000");
    assert_progress(0, 500, 60000, 3, "exporting entries: 500 of 60000");
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_ldv),
        WITH_FOLDER(test_otlp),
        WITH_FOLDER(test_otlp_lines_are_bounded),
        WITH_FOLDER(test_csv),
        WITH_FOLDER(test_every_formula_is_disarmed),
        WITH_FOLDER(test_nothing_and_what_is_malformed),
        cmocka_unit_test(test_progress),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
