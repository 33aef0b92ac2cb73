/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix-bench prepare`: parties to make a load with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tools/load/call.h"
#include "tools/load/issue.h"
#include "tools/load/load.h"
#include "tools/load/target.h"

#define DATE_SIZE 16
#define AGREEMENT_SECONDS (365LL * 86400)
#define HTTP_CONFLICT 409

struct party {
    char name[32];
    char organisation[64];
    char oin[BENCH_OIN_SIZE];
};

static void name_party(size_t number, struct party *party)
{
    snprintf(party->name, sizeof(party->name), "bench-%04zu", number);
    snprintf(party->organisation, sizeof(party->organisation), "Belastingproef %zu", number);
    bench_oin(number, party->oin);
}

static void write_agreement_end(char out[static DATE_SIZE])
{
    struct tm end;
    time_t at = time(NULL) + AGREEMENT_SECONDS;
    gmtime_r(&at, &end);
    strftime(out, DATE_SIZE, "%Y-%m-%d", &end);
}

static int call(struct bench_caller *caller, const char *method, const char *path,
                const struct text *body, int accepted)
{
    return bench_caller_call(caller, &(struct bench_call){method, path, body, accepted}, NULL);
}

/* A party of that OIN may be there from an earlier time: then only its agreement is renewed. */
static int admit(struct bench_caller *control, const struct bench_options *options,
                 const struct party *party)
{
    CLEANUP(text_finish) struct text body = {0};
    CLEANUP(text_finish) struct text path = {0};
    char until[DATE_SIZE];
    write_agreement_end(until);
    text_open_object(&body);
    text_add_member(&body, "oin", party->oin);
    text_add_member(&body, "name", party->organisation);
    text_add_string(&body, ",\"roles\":[\"reporter\"]");
    text_add_member(&body, "municipality", options->municipality);
    text_add_member(&body, "agreementUntil", until);
    text_close_object(&body);
    int result = call(control, "POST", "/control/parties", &body, HTTP_CONFLICT);

    text_clear(&body);
    text_open_object(&body);
    text_add_member(&body, "untilDate", until);
    text_close_object(&body);
    text_add_format(&path, "/control/parties/%s/agreements/%s", party->oin, options->municipality);
    if (result == VIX_DONE && path.fault == 0) {
        result = call(control, "PUT", path.bytes, &body, 0);
    }
    if (result == VIX_DONE && options->blinded) {
        text_clear(&body);
        text_clear(&path);
        text_add_string(&body, "{\"permission\":\"blinded\"}");
        text_add_format(&path, "/control/parties/%s/_allow", party->oin);
        result = path.fault == 0 ? call(control, "POST", path.bytes, &body, 0)
                                 : bench_report_fault(path.fault);
    }
    return result;
}

/* As the party, with the certificate that it was given. */
static int put_professional(const struct bench_options *options, const char *directory,
                            const struct party *party)
{
    CLEANUP(text_finish) struct text certificate = {0};
    CLEANUP(text_finish) struct text key = {0};
    CLEANUP(text_finish) struct text body = {0};
    CLEANUP(text_finish) struct text path = {0};
    CLEANUP(bench_caller_close) struct bench_caller caller = {0};
    text_add_format(&certificate, "%s/%s.pem", directory, party->name);
    text_add_format(&key, "%s/%s.key", directory, party->name);
    if (certificate.fault != 0 || key.fault != 0) {
        return bench_report_fault(-ENOMEM);
    }
    struct bench_identity identity = {.certificate_path = certificate.bytes, .key_path = key.bytes};
    int result = bench_caller_open(&caller, options, &identity);
    text_open_object(&body);
    text_add_member(&body, "name", "B. Proef");
    text_add_member(&body, "function", "belastingproef");
    text_add_member(&body, "email", "proef@example.org");
    text_add_member(&body, "phone", "+31 70 000 0000");
    text_close_object(&body);
    text_add_string(&path, "/v1/professionals/");
    text_add_escaped(&path, options->professional);
    if (result == VIX_DONE) {
        result = path.fault == 0 ? call(&caller, "PUT", path.bytes, &body, 0)
                                 : bench_report_fault(path.fault);
    }
    return result;
}

static int make_parties(const struct bench_options *options, const char *directory)
{
    CLEANUP(bench_issuer_freep) struct bench_issuer *issuer = NULL;
    CLEANUP(bench_caller_close) struct bench_caller control = {0};
    int result = bench_issuer_open(options->pki, &issuer);
    result = result == VIX_DONE ? bench_caller_open_control(&control, options->control) : result;
    if (result == VIX_DONE && mkdir(directory, S_IRWXU) != 0 && errno != EEXIST) {
        result = bench_complain(VIX_REFUSED, "%s: %s", directory, strerror(errno));
    }
    for (int64_t i = 1; i <= options->parties && result == VIX_DONE; i++) {
        struct party party;
        name_party((size_t)i, &party);
        result = bench_issue(issuer, directory, party.name, party.oin, party.organisation);
        result = result == VIX_DONE ? admit(&control, options, &party) : result;
        result = result == VIX_DONE ? put_professional(options, directory, &party) : result;
    }
    return result;
}

static void free_string(char **string)
{
    free(*string);
}

int bench_prepare(const struct bench_options *given)
{
    CLEANUP(free_string) char *directory = NULL;
    CLEANUP(free_string) char *ca = NULL;
    struct bench_options options = *given;
    struct bench_target target;
    if (bench_target_parse(options.url, &target) != 0) {
        return bench_complain(VIX_USAGE, "--url must be as in https://localhost:8443");
    }
    int result = bench_target_resolve(&target, options.allow_remote);
    if (result != VIX_DONE) {
        return result;
    }
    if (asprintf(&directory, "%s/bench", options.pki) < 0 ||
        asprintf(&ca, "%s/ca.pem", options.pki) < 0) {
        return bench_report_fault(-ENOMEM);
    }
    options.ca = options.ca != NULL ? options.ca : ca;
    const char *place = options.identities != NULL ? options.identities : directory;
    result = make_parties(&options, place);
    if (result == VIX_DONE) {
        printf("%lld identities in %s, each with professional %s\n", (long long)options.parties,
               place, options.professional);
    }
    return result;
}
