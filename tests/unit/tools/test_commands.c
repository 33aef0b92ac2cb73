/* SPDX-License-Identifier: EUPL-1.2 */
/* What the commands of `vix` ask of the index, and what they make of its answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "fake_index.h"
#include "tools/client.h"
#include "tools/options.h"

#define BSN "950000012"
#define OTHER_BSN "950000024"
#define PERSON "--person Van_der_Berg --sex V --birth-date 2012-05-01"
#define PERSON_JSON                                                                                \
    "\"person\":{\"familyName\":\"Van der Berg\",\"birthDate\":\"2012-05-01\",\"sex\":\"V\"}"

static struct fake_run run; /* too large for the stack of a test */

static void run_with(const char *arguments, const char *input, int status, const char *answer)
{
    memset(&run, 0, sizeof(run));
    run.arguments = arguments;
    run.input = input;
    run.status = status;
    run.answer = answer;
    fake_index_run(&run);
}

static void assert_said(const char *text, const char *words)
{
    if (strstr(text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text, words);
    }
}

static void assert_asked(const char *line, const char *body)
{
    if (run.request_count != 1) {
        fail_msg("%zu requests: %s", run.request_count, run.errors);
    }
    assert_string_equal(run.requests[0].line, line);
    assert_string_equal(run.requests[0].body, body);
}

/* A command, what it asks, and how a good answer is told. */
struct round_trip {
    const char *arguments;
    const char *input;
    const char *line;
    const char *body;
    int status;
    const char *answer;
    const char *told[4];
};

static void assert_round_trip(const struct round_trip *trip)
{
    run_with(trip->arguments, trip->input, trip->status, trip->answer);
    if (run.result != VIX_DONE) {
        fail_msg("%s: %d: %s", trip->arguments, run.result, run.errors);
    }
    assert_asked(trip->line, trip->body);
    for (size_t i = 0; i < ARRAY_LENGTH(trip->told) && trip->told[i] != NULL; i++) {
        assert_said(run.output, trip->told[i]);
    }
    if (trip->answer == NULL) {
        assert_string_equal(run.output, "");
    }
}

#define SIGNAL                                                                                     \
    "{\"id\":\"s-1\",\"status\":\"active\",\"reportedAt\":\"2026-11-22T10:00:00Z\","               \
    "\"removalDate\":\"2028-11-22\",\"professional\":\"ib-1\",\"municipality\":\"0361\","          \
    "\"reference\":null,\"match\":null}"

static const struct round_trip signals[] = {
    {"signal post --bsn-file - --birth-date 2012-05-01 --professional ib-1",
     BSN "\n",
     "POST /v1/signals",
     "{\"bsn\":\"" BSN "\",\"professional\":\"ib-1\",\"birthDate\":\"2012-05-01\"}",
     201,
     SIGNAL,
     {"signal:         s-1", "removal:        2028-11-22", "match:          none yet"}},
    {"signal post --bsn-file - --birth-date 2012-05-01 --professional ib-1 --quiet",
     BSN,
     "POST /v1/signals",
     "{\"bsn\":\"" BSN "\",\"professional\":\"ib-1\",\"birthDate\":\"2012-05-01\",\"quiet\":true}",
     201,
     SIGNAL,
     {"signal:         s-1"}},
    {"signal post " PERSON " --professional ib-1",
     NULL,
     "POST /v1/signals",
     "{" PERSON_JSON ",\"professional\":\"ib-1\",\"birthDate\":\"2012-05-01\"}",
     201,
     SIGNAL,
     {"signal:         s-1"}},
    {"signal post --person - --sex V --birth-date 2012-05-01 --professional ib-1",
     " Van der Berg\n",
     "POST /v1/signals",
     "{" PERSON_JSON ",\"professional\":\"ib-1\",\"birthDate\":\"2012-05-01\"}",
     201,
     SIGNAL,
     {"signal:         s-1"}},
    {"signal renew s/1 --birth-date 2012-05-01",
     NULL,
     "POST /v1/signals/s%2F1/_renew",
     "{\"birthDate\":\"2012-05-01\"}",
     200,
     SIGNAL,
     {"removal:        2028-11-22"}},
    {"signal show s-1", NULL, "GET /v1/signals/s-1", "", 200, SIGNAL, {"signal:         s-1"}},
    {"signal withdraw s-1 --reason ended",
     NULL,
     "DELETE /v1/signals/s-1?reason=ended",
     "",
     204,
     NULL,
     {NULL}},
    {"signal list --status active --reference a&b",
     NULL,
     "GET /v1/signals?status=active&reference=a%26b&limit=500",
     "",
     200,
     "{\"signals\":[" SIGNAL "],\"next\":null}",
     {"SIGNAL  STATUS", "s-1     active"}},
    {"signal count-notices --file -",
     "\n" BSN "\r\n  " OTHER_BSN " \n\n",
     "POST /v1/signals/_count-notices",
     "{\"bsns\":[\"" BSN "\",\"" OTHER_BSN "\"]}",
     200,
     "{\"signals\":2,\"notices\":40}",
     {"signals:        2\n", "notices, about: 40\n"}},
    {"professional transfer ib-1 --to ib-2",
     NULL,
     "POST /v1/professionals/ib-1/_transfer",
     "{\"to\":\"ib-2\"}",
     200,
     "{\"moved\":7,\"merged\":1}",
     {"signals moved:  7\n", "signals merged: 1\n"}},
    {"match confirm m-1 --professional ib-1",
     NULL,
     "POST /v1/matches/m-1/_confirm-contact",
     "{\"professional\":\"ib-1\"}",
     200,
     "{\"id\":\"m-1\",\"key\":\"K7QF-3M2X\",\"kind\":\"family\",\"status\":\"contacted\","
     "\"involved\":[{\"organisation\":{\"name\":\"De Wending\"},"
     "\"professional\":{\"name\":\"Yusuf\",\"phone\":\"1\"}}]}",
     {"status:         contacted", "involved:       Yusuf, De Wending"}},
};

static void test_signals_and_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
        assert_round_trip(&signals[i]);
    }
}

static const struct round_trip events[] = {
    {"person-event died --bsn-file -",
     BSN,
     "POST /v1/person-events",
     "{\"type\":\"died\",\"bsn\":\"" BSN "\"}",
     204,
     NULL,
     {NULL}},
    {"person-event died " PERSON,
     NULL,
     "POST /v1/person-events",
     "{\"type\":\"died\"," PERSON_JSON "}",
     204,
     NULL,
     {NULL}},
    {"person-event moved --bsn-file - --municipality 0363",
     BSN,
     "POST /v1/person-events",
     "{\"type\":\"moved\",\"bsn\":\"" BSN "\",\"municipality\":\"0363\"}",
     204,
     NULL,
     {NULL}},
    {"person-event relations --bsn-file -",
     BSN,
     "POST /v1/person-events",
     "{\"type\":\"relations\",\"bsn\":\"" BSN "\",\"parents\":[]}",
     204,
     NULL,
     {NULL}},
    {"person-event relations " PERSON " --address-file - --institution",
     "Kade 1\n",
     "POST /v1/person-events",
     "{\"type\":\"relations\"," PERSON_JSON
     ",\"parents\":[],\"address\":\"Kade 1\",\"institution\":true}",
     204,
     NULL,
     {NULL}},
    {"person-event relations " PERSON " --parents-file -",
     BSN "\n" OTHER_BSN "\n",
     "POST /v1/person-events",
     "{\"type\":\"relations\"," PERSON_JSON ",\"parents\":[\"" BSN "\",\"" OTHER_BSN "\"]}",
     204,
     NULL,
     {NULL}},
    {"person-event assigned --bsn-file - " PERSON,
     BSN,
     "POST /v1/person-events",
     "{\"type\":\"bsn-assigned\"," PERSON_JSON ",\"bsn\":\"" BSN "\"}",
     204,
     NULL,
     {NULL}},
};

static void test_person_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
        assert_round_trip(&events[i]);
    }
    char arguments[256];
    snprintf(arguments, sizeof(arguments), "person-event replaced --bsn-file - --new-bsn-file %s",
             fake_file_make(OTHER_BSN "\n"));
    run_with(arguments, BSN "\n", 204, NULL);
    assert_int_equal(run.result, VIX_DONE);
    assert_asked("POST /v1/person-events", "{\"type\":\"bsn-replaced\",\"bsn\":\"" BSN
                                           "\",\"replacedBy\":\"" OTHER_BSN "\"}");
    fake_file_remove();
}

static const struct round_trip operations[] = {
    {"party merge --oin A --into B",
     NULL,
     "POST /control/parties/A/_merge",
     "{\"into\":\"B\"}",
     200,
     "{\"oin\":\"B\",\"name\":\"De Linde\"}",
     {"oin:            B\n", "name:           De Linde\n"}},
    {"turn-epoch",
     NULL,
     "POST /control/_turn-epoch",
     "",
     200,
     "{\"epoch\":4,\"rows\":1200}",
     {"epoch:          4\n", "rows sealed:    1200\n"}},
    {"wind-down /var/end --confirm verwijsindex.example/log",
     NULL,
     "POST /control/_wind-down",
     "{\"directory\":\"/var/end\",\"confirm\":\"verwijsindex.example/log\"}",
     200,
     "{\"directory\":\"/var/end\",\"logSize\":90}",
     {"directory:      /var/end\n", "log size:       90\n", "Destroy the backups"}},
    {"status",
     NULL,
     "GET /control/status",
     "",
     200,
     "{\"ready\":true,\"dueRows\":12,\"dueLagSeconds\":3,"
     "\"epoch\":{\"id\":4,\"turning\":false,\"turnedAt\":\"2026-11-01T00:00:00Z\"}}",
     {"terms ended:    12\n", "  behind (s):   3\n", "epoch:          4\n",
      "  since:        2026-11-01T00:00:00Z\n"}},
    {"party agreement end --oin A --municipality 0361",
     NULL,
     "DELETE /control/parties/A/agreements/0361",
     "",
     200,
     "{\"oin\":\"A\"}",
     {"oin:            A\n"}},
    {"party change --oin A --role reporter,municipality",
     NULL,
     "PUT /control/parties/A",
     "{\"roles\":[\"reporter\",\"municipality\"]}",
     200,
     "{\"oin\":\"A\"}",
     {"oin:            A\n"}},
};

static void test_operations(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++) {
        assert_round_trip(&operations[i]);
    }
    /* The daemon has another working directory. */
    char body[4096];
    char here[2048];
    assert_non_null(getcwd(here, sizeof(here)));
    snprintf(body, sizeof(body), "{\"directory\":\"%s/end\",\"confirm\":\"x\"}", here);
    run_with("wind-down end --confirm x", NULL, 200, "{\"directory\":\"d\",\"logSize\":1}");
    assert_asked("POST /control/_wind-down", body);
}

static const struct round_trip rights[] = {
    {"erase --bsn-file - --scope all --ground objection_upheld --case-reference Z-1",
     BSN,
     "POST /v1/erasures",
     "{\"bsn\":\"" BSN
     "\",\"scope\":\"all\",\"ground\":\"objection upheld\",\"caseReference\":\"Z-1\"}",
     200,
     "{\"erasedSignals\":2}",
     {"signals erased: 2\n"}},
    {"erase " PERSON " --scope archive --ground g --case-reference Z-1",
     NULL,
     "POST /v1/erasures",
     "{" PERSON_JSON ",\"scope\":\"archive\",\"ground\":\"g\",\"caseReference\":\"Z-1\"}",
     200,
     "{\"erasedSignals\":0}",
     {"signals erased: 0\n"}},
    {"statistics --year 2026",
     NULL,
     "GET /v1/statistics?year=2026",
     "",
     200,
     "{\"year\":2026,\"municipality\":\"0361\",\"suppressedBelow\":5,"
     "\"signals\":{\"made\":17,\"renewed\":null},\"matches\":{\"child\":8,\"family\":0,"
     "\"total\":8}}",
     {"signals made:   17\n", "  renewed:      withheld\n", "  of a family:  0\n",
      "Withheld: fewer than 5"}},
};

static void test_rights(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rights); i++) {
        assert_round_trip(&rights[i]);
    }
    run_with("--json statistics --year 2026", NULL, 200, "{\"year\":2026,\"ended\":null}");
    assert_string_equal(run.output, "{\"year\":2026,\"ended\":null}\n");
}

#define ACCESS                                                                                     \
    "access-request --bsn-file - --birth-date 2012-05-01 --requested-by both --case-reference Z-1"
#define ACCESS_BODY                                                                                \
    "{\"bsn\":\"" BSN "\",\"birthDate\":\"2012-05-01\",\"requestedBy\":\"both\","                  \
    "\"caseReference\":\"Z-1\"}"
#define PACK                                                                                       \
    "{\"logIndex\":12,\"receipt\":\"c2sp.org/tlog-proof@v1\\nindex 12\\n\","                       \
    "\"requestedAt\":\"2026-11-22T10:00:00Z\",\"municipality\":\"0361\",\"held\":true,"            \
    "\"statement\":\"One signal is held.\",\"signals\":[{\"status\":\"archived\","                 \
    "\"reportedAt\":\"2024-01-01T10:00:00Z\",\"removalDate\":\"2026-01-01\","                      \
    "\"erasureDate\":\"2031-01-01\",\"endedAt\":\"2025-06-01T10:00:00Z\","                         \
    "\"organisation\":{\"oin\":\"O\",\"name\":\"De Linde\"},\"professional\":{\"name\":\"Sanne\"," \
    "\"function\":\"ib\",\"email\":\"e\",\"phone\":\"p\"},\"municipality\":\"0361\"}],"            \
    "\"matches\":[],\"registry\":{\"residence\":\"0361\",\"parents\":2,\"address\":true,"          \
    "\"institution\":false,\"formerNumbers\":1},\"told\":[{\"at\":\"2024-01-01T10:00:00Z\","       \
    "\"event\":\"signal-posted\",\"organisation\":{\"oin\":\"O\",\"name\":\"De Linde\"},"          \
    "\"object\":\"s-1\"}],\"toldComplete\":false}"

static void test_access_requests(void **state)
{
    (void)state;
    run_with(ACCESS, BSN, 200, PACK);
    assert_int_equal(run.result, VIX_DONE);
    assert_asked("POST /v1/access-requests", ACCESS_BODY);
    assert_string_equal(run.requests[0].accept, "application/json");
    assert_said(run.output, "held:           yes\n");
    assert_said(run.output, "statement:      One signal is held.\n");
    assert_said(run.output, "log entry:      12\n");
    assert_said(run.output, "\nsignals: 1\nSTATUS");
    assert_said(run.output, "De Linde");
    assert_said(run.output, "\nmatches: 0\n");
    assert_said(run.output, "former numbers: 1\n");
    assert_said(run.output, "signal-posted");
    assert_said(run.output, "this list is not complete");
    assert_null(strstr(run.output, "tlog-proof"));
    run_with("--json " ACCESS, BSN, 200, PACK);
    assert_string_equal(run.output, PACK "\n");
}

static void test_access_requests_in_plain_text(void **state)
{
    (void)state;
    memset(&run, 0, sizeof(run));
    run.arguments = ACCESS " --text";
    run.input = BSN;
    run.status = 200;
    run.type = "text/plain; charset=utf-8";
    run.answer = "Er is niets.\n\nNaam: \x1B[2J\n";
    fake_index_run(&run);
    assert_int_equal(run.result, VIX_DONE);
    assert_asked("POST /v1/access-requests", ACCESS_BODY);
    assert_string_equal(run.requests[0].accept, "text/plain");
    assert_string_equal(run.output, "Er is niets.\n\nNaam: ?[2J\n");
    run.type = "text/html";
    fake_index_run(&run);
    assert_int_equal(run.result, VIX_REFUSED);
    assert_string_equal(run.output, "");
}

#define ENTRY                                                                                      \
    "{\"index\":7,\"record\":{\"attributes\":{\"verwijsindex.party\":\"O\"},"                      \
    "\"end_time\":1700000000123,\"name\":\"signal-posted\"}}"
#define GONE "{\"index\":3,\"record\":null,\"commitment\":\"c\",\"destroyed\":true}"

#define OPERATED                                                                                   \
    "{\"index\":8,\"record\":{\"attributes\":{\"verwijsindex.operator_uid\":1000,"                 \
    "\"verwijsindex.count\":12,\"verwijsindex.case_reference\":\"zaak \\u001b1\","                 \
    "\"verwijsindex.object\":\"party:3\",\"verwijsindex.outcome\":\"not-found\","                  \
    "\"verwijsindex.operation\":\"signal-post\"},\"end_time\":1700000000123,"                      \
    "\"name\":\"refusals-counted\"}}"

static const struct round_trip searches[] = {
    {"audit search --bsn-file - --case-reference Z-1",
     BSN,
     "POST /v1/log-entries/_search",
     "{\"bsn\":\"" BSN "\",\"caseReference\":\"Z-1\",\"limit\":100}",
     200,
     "{\"logEntries\":[" ENTRY "," GONE "],\"next\":null}",
     {"ENTRY  TIME", "7      2023-11-14T22:13:20.123Z  signal-posted  -", "3      -"}},
    {"audit search --party O --case-reference Z-2",
     NULL,
     "POST /v1/log-entries/_search",
     "{\"party\":\"O\",\"caseReference\":\"Z-2\",\"limit\":100}",
     200,
     "{\"logEntries\":[" OPERATED "],\"next\":null}",
     {"OPERATION    PARTY  ON BEHALF OF  PROFESSIONAL  OPERATOR  OBJECT   COUNT  CASE REFERENCE\n",
      "refusals-counted  not-found  signal-post  -      -             -             1000      "
      "party:3  12     zaak ?1\n"}},
    {"audit search --party O --professional ib-1 --event signal-posted --outcome done --from A "
     "--to B --trace-id T --case-reference Z-1 --limit 5",
     NULL,
     "POST /v1/log-entries/_search",
     "{\"party\":\"O\",\"professional\":\"ib-1\",\"event\":\"signal-posted\",\"outcome\":\"done\","
     "\"from\":\"A\",\"to\":\"B\",\"traceId\":\"T\",\"caseReference\":\"Z-1\",\"limit\":5}",
     200,
     "{\"logEntries\":[],\"next\":null}",
     {"ENTRY"}},
};

static void test_searches(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(searches); i++) {
        assert_round_trip(&searches[i]);
    }
    static const struct {
        const char *arguments;
        const char *said;
    } wrong[] = {
        {"audit search --case-reference Z", "say what to search for"},
        {"audit search --case-reference Z --professional p", "--professional needs --party"},
        {"audit search --case-reference Z --party O --limit 0", "--limit must be 1 to 500"},
        {"audit search --case-reference Z --party O --limit 501", "--limit must be 1 to 500"},
        {"audit search --case-reference Z --party O --limit -1", "--limit must be 1 to 500"},
        {"audit search --case-reference Z --party O --limit 5 --all", "exclude each other"},
        {"audit search --party O", "--case-reference is missing"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        run_with(wrong[i].arguments, NULL, 200, "{}");
        assert_int_equal(run.result, VIX_USAGE);
        assert_int_equal(run.request_count, 0);
        assert_said(run.errors, wrong[i].said);
    }
}

/* The one answer stands for each page; so the rows come again, until it is enough. */
static void test_a_search_of_several_pages(void **state)
{
    (void)state;
    const char *answer = "{\"logEntries\":[" ENTRY "," GONE "],\"next\":\"C\"}";
    run_with("audit search --party O --case-reference Z --limit 4", NULL, 200, answer);
    assert_int_equal(run.result, VIX_DONE);
    assert_int_equal(run.request_count, 2);
    assert_string_equal(run.requests[1].body, "{\"party\":\"O\",\"caseReference\":\"Z\","
                                              "\"cursor\":\"C\",\"limit\":2}");
    assert_said(run.errors, "there are more than these 4");
    run_with("--json audit search --party O --case-reference Z --limit 2", NULL, 200, answer);
    assert_string_equal(run.output, "{\"logEntries\":[" ENTRY "," GONE "],\"more\":true}\n");
    assert_int_equal(run.request_count, 1);
}

static void test_fetching_a_receipt(void **state)
{
    (void)state;
    static const char *const wrong[] = {"receipt x", "receipt -1", "receipt 01", "receipt 1/2"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        run_with(wrong[i], NULL, 200, "");
        assert_int_equal(run.result, VIX_USAGE);
        assert_int_equal(run.request_count, 0);
    }
    /* What is no receipt of that entry is neither printed nor kept. */
    char arguments[256];
    char path[128];
    snprintf(path, sizeof(path), "%s.receipt", fake_file_make(""));
    snprintf(arguments, sizeof(arguments), "receipt 17 --out %s", path);
    run_with(arguments, NULL, 200, "{}");
    assert_int_equal(run.result, VIX_REFUSED);
    assert_string_equal(run.requests[0].line, "GET /v1/receipts/17");
    assert_string_equal(run.requests[0].accept, "text/plain");
    assert_said(run.errors, "the answer is no receipt of that entry");
    assert_string_equal(run.output, "");
    assert_true(access(path, F_OK) != 0);
    fake_file_remove();
}

static void test_receipts(void **state)
{
    (void)state;
    char directory[] = "/tmp/vix-test-XXXXXX";
    char path[64];
    char arguments[512];
    char text[128];
    struct stat file;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/receipt", directory);
    snprintf(arguments, sizeof(arguments), "%s --receipt %s", ACCESS, path);
    /* A request that is refused leaves no file behind, and none at all is made without a place. */
    run_with(arguments, BSN, 429, "{\"type\":\"x/rate-limited\",\"status\":429}");
    assert_int_equal(run.result, VIX_REFUSED);
    assert_int_equal(stat(path, &file), -1);
    run_with(arguments, BSN, 200, "{\"held\":false}");
    assert_int_equal(run.result, VIX_REFUSED);
    assert_int_equal(stat(path, &file), -1);
    run_with(arguments, BSN, 200, PACK);
    assert_int_equal(run.result, VIX_DONE);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    FILE *receipt = fopen(path, "r");
    assert_non_null(receipt);
    text[fread(text, 1, sizeof(text) - 1, receipt)] = '\0';
    fclose(receipt);
    assert_string_equal(text, "c2sp.org/tlog-proof@v1\nindex 12\n");
    run_with(arguments, BSN, 200, PACK);
    assert_int_equal(run.result, VIX_USAGE);
    assert_int_equal(run.request_count, 0);
    assert_int_equal(stat(path, &file), 0);
    unlink(path);
    rmdir(directory);
}

static void test_usage_is_told_before_anything_is_sent(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        const char *input;
        const char *said;
    } wrong[] = {
        {"signal post --birth-date D --professional P", NULL, "--bsn-file is missing"},
        {"signal post --bsn-file - " PERSON " --professional P", BSN, "exclude each other"},
        {"signal post --bsn-file - --sex V --birth-date D --professional P", BSN,
         "--sex goes with --person"},
        {"signal post --person N --birth-date D --professional P", NULL, "--sex is missing"},
        {"signal post " PERSON " --professional P --blinded", NULL, "--blinded is for a BSN"},
        {"signal renew s-1", NULL, "--birth-date is missing"},
        {"person-event died --bsn-file - --birth-date D", BSN, "--birth-date goes with --person"},
        {"person-event died --person N --sex V", NULL, "--birth-date is missing"},
        {"person-event replaced --bsn-file - --new-bsn-file -", BSN, "cannot both be read"},
        {"person-event relations --bsn-file - --parents-file -", BSN, "cannot both be read"},
        {"person-event assigned --bsn-file - --person - --sex V --birth-date D", BSN,
         "cannot both be read"},
        {"person-event relations " PERSON " --parents-file -", "1\n2\n3\n4\n5\n",
         "line 5 is one too many"},
        {"erase --bsn-file - --scope all --ground g", BSN, "--case-reference is missing"},
        {ACCESS " --text --receipt r", BSN, "--text goes with neither"},
        {"--json " ACCESS " --text", BSN, "--text goes with neither"},
        {ACCESS " --receipt /nonexistent/r", BSN, "No such file"},
        {"wind-down DIR", NULL, "--confirm is missing"},
        {"party merge --oin A", NULL, "--into is missing"},
        {"signal count-notices --file -", "", "there is nothing in it"},
        {"signal count-notices --blinded --file -", BSN "\n950000013\n", "number 2"},
        {"signal count-notices --file -", BSN "\n" BSN BSN BSN BSN BSN BSN BSN BSN "\n",
         "line 2 is not one BSN"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        run_with(wrong[i].arguments, wrong[i].input, 200, "{}");
        assert_int_equal(run.result, VIX_USAGE);
        assert_int_equal(run.request_count, 0);
        assert_said(run.errors, wrong[i].said);
        assert_null(strstr(run.errors, BSN));
        assert_string_equal(run.output, "");
    }
}

static void test_refusals_are_told(void **state)
{
    (void)state;
    memset(&run, 0, sizeof(run));
    run.arguments = "signal renew s-1 --birth-date 2012-05-01";
    run.status = 409;
    run.type = "application/problem+json";
    run.answer = "{\"type\":\"https://verwijsindex.example/problems/conflict\",\"status\":409,"
                 "\"detail\":\"It is archived.\"}";
    fake_index_run(&run);
    assert_int_equal(run.result, VIX_REFUSED);
    assert_said(run.errors, "409 conflict: It is archived.");
    assert_string_equal(run.output, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals_and_matches),
        cmocka_unit_test(test_person_events),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_access_requests),
        cmocka_unit_test(test_access_requests_in_plain_text),
        cmocka_unit_test(test_searches),
        cmocka_unit_test(test_a_search_of_several_pages),
        cmocka_unit_test(test_fetching_a_receipt),
        cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_usage_is_told_before_anything_is_sent),
        cmocka_unit_test(test_refusals_are_told),
    };
    if (secret_init() != 0 || client_global_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
