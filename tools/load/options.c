/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tools/duration.h"

#define ON(command) (1u << (command))
#define STEADY                                                                                     \
    (ON(BENCH_POST) | ON(BENCH_ELEMENT) | ON(BENCH_POLL) | ON(BENCH_GET) | ON(BENCH_MATCH) |       \
     ON(BENCH_MIXED))
#define LOADS (STEADY | ON(BENCH_BURST) | ON(BENCH_RAMP))
#define POSTS                                                                                      \
    (ON(BENCH_POST) | ON(BENCH_ELEMENT) | ON(BENCH_MIXED) | ON(BENCH_BURST) | ON(BENCH_RAMP))
#define POLLS (ON(BENCH_POLL) | ON(BENCH_MIXED) | ON(BENCH_RAMP))
#define ELEMENTS (ON(BENCH_ELEMENT) | ON(BENCH_RAMP))
#define ALL (LOADS | ON(BENCH_PREPARE))

#define PATH_MAXIMUM 512

static const struct {
    const char *name;
    const char *summary;
} commands[BENCH_COMMANDS] = {
    [BENCH_POST] = {"post", "signal children by BSN"},
    [BENCH_ELEMENT] = {"element", "signal children by element (blinded mode)"},
    [BENCH_POLL] = {"poll", "read notices"},
    [BENCH_GET] = {"get", "read one path"},
    [BENCH_MATCH] = {"match", "read matches"},
    [BENCH_MIXED] = {"mixed", "a day: mostly polls, and some of everything else"},
    [BENCH_BURST] = {"burst", "a nightly coupling: quiet, hundreds of posts a second, quiet"},
    [BENCH_RAMP] = {"ramp", "find the rate that can be kept (the knee)"},
    [BENCH_PREPARE] = {"prepare", "admit reporters with certificates and a professional each"},
};

enum kind { TEXT, NUMBER, SHARE, FLAG };

#define AT(member) offsetof(struct bench_options, member)
static const struct option_row {
    const char *name;
    const char *value; /* as shown in help; NULL: a flag */
    enum kind kind;
    size_t offset;
    unsigned commands;
    unsigned required;
    int64_t least; /* of numbers */
    int64_t most;
    const char *help;
} rows[] = {
    {"url", "URL", TEXT, AT(url), ALL, ALL, 0, 0, "the index, as in https://localhost:8443"},
    {"ca", "FILE", TEXT, AT(ca), ALL, 0, 0, 0,
     "the authority that the server must be certified by"},
    {"identities", "DIR", TEXT, AT(identities), ALL, LOADS, 0, 0,
     "pairs NAME.crt (or .pem) and NAME.key; prepare makes them there [PKI/bench]"},
    {"connections", "N", NUMBER, AT(connections), LOADS, 0, 1, BENCH_CONNECTIONS_MAXIMUM,
     "kept open, one request in flight on each [64]"},
    {"threads", "N", NUMBER, AT(threads), LOADS, 0, 1, BENCH_THREADS_MAXIMUM,
     "over which the connections are divided [1]"},
    {"seconds", "S", NUMBER, AT(seconds), LOADS, 0, 1, BENCH_SECONDS_MAXIMUM,
     "how long to measure [10, unless --requests; of a burst 60; of each step of a ramp 10]"},
    {"requests", "N", NUMBER, AT(requests), STEADY, 0, 1, BENCH_REQUESTS_MAXIMUM,
     "how many to measure"},
    {"rate", "R", NUMBER, AT(rate), LOADS, 0, 1, BENCH_RATE_MAXIMUM,
     "open loop: so many a second, whether or not the index keeps up [burst: 300; ramp: from 100]"},
    {"warm-up", "S", NUMBER, AT(warm_up), LOADS, 0, 0, BENCH_SECONDS_MAXIMUM,
     "seconds of load before measuring [0]"},
    {"timeout", "S", NUMBER, AT(timeout), LOADS, 0, 1, 120, "of one request [10]"},
    {"verify-seconds", "S", NUMBER, AT(verify_seconds), POSTS, 0, 1, BENCH_SECONDS_MAXIMUM,
     "how long the comparison with the index may wait for its limits [300]"},
    {"pid", "PID", NUMBER, AT(pid), LOADS, 0, 1, INT32_MAX,
     "the server's process: tell its CPU time and memory"},
    {"json", NULL, FLAG, AT(json), LOADS, 0, 0, 0, "print for machines"},
    {"allow-remote", NULL, FLAG, AT(allow_remote), ALL, 0, 0, 0,
     "the index may be on another machine"},
    {"bsn-from", "N", NUMBER, AT(bsn_from), POSTS, 0, 1, 999999999,
     "the first BSN; each is used once [900000000]"},
    {"overlap", "P", SHARE, AT(overlap), POSTS, 0, 0, 0,
     "share of the posts, 0 to 1, on a child that is known: to another identity of this load,\n"
     "                         or one of --children [0]"},
    {"children", "N", NUMBER, AT(children), POSTS, 0, 1, BENCH_REQUESTS_MAXIMUM,
     "the first N BSNs are of children that are known: --overlap draws from them"},
    {"new-from", "N", NUMBER, AT(new_from), POSTS, 0, 1, 999999999,
     "with --children: the first BSN of the others [behind them]"},
    {"quiet-seconds", "S", NUMBER, AT(quiet_seconds), ON(BENCH_BURST), 0, 1, BENCH_SECONDS_MAXIMUM,
     "before the burst, and after it [15]"},
    {"quiet-rate", "R", NUMBER, AT(quiet_rate), ON(BENCH_BURST), 0, 1, BENCH_RATE_MAXIMUM,
     "posts a second then [5]"},
    {"of", "SCENARIO", TEXT, AT(of), ON(BENCH_RAMP), 0, 0, 0,
     "what is asked: post, element, poll, match, mixed [post]"},
    {"p99", "MS", NUMBER, AT(p99), ON(BENCH_RAMP), 0, 1, 60000,
     "a step has failed when its p99 is longer [100]"},
    {"growth", "PERCENT", NUMBER, AT(growth), ON(BENCH_RAMP), 0, 1, 900,
     "of the rate, from step to step [50]"},
    {"halving", "N", NUMBER, AT(halving), ON(BENCH_RAMP), 0, 0, 20,
     "steps in between, once one has failed [4]"},
    {"professional", "ID", TEXT, AT(professional), POSTS | ON(BENCH_PREPARE), 0, 0, 0,
     "who signals, at every party [bench]"},
    {"municipality", "CODE", TEXT, AT(municipality), POSTS | ON(BENCH_PREPARE), ON(BENCH_PREPARE),
     0, 0, "under whose agreement (CBS code)"},
    {"birth-date", "DATE", TEXT, AT(birth_date), POSTS, 0, 0, 0,
     "of all children [1 May, ten years ago]"},
    {"evaluation-key", "DIR", TEXT, AT(evaluation_key), ELEMENTS, 0, 0, 0,
     "the keys of a development index, to make the elements here"},
    {"elements", "N", NUMBER, AT(elements), ELEMENTS, 0, 1, BENCH_REQUESTS_MAXIMUM,
     "how many to make beforehand [as --requests, or 100000; 600 without a key]"},
    {"empty", NULL, FLAG, AT(empty), ON(BENCH_POLL) | ON(BENCH_RAMP), 0, 0, 0,
     "ask after the last notice, so that there is nothing"},
    {"limit", "N", NUMBER, AT(limit), POLLS, 0, 1, 500, "notices a page [20]"},
    {"control", "SOCKET", TEXT, AT(control), ON(BENCH_PREPARE), ON(BENCH_PREPARE), 0, 0,
     "the operator's socket"},
    {"pki", "DIR", TEXT, AT(pki), ON(BENCH_PREPARE), ON(BENCH_PREPARE), 0, 0,
     "a development PKI, with ca.pem and ca.key (tools/devpki)"},
    {"parties", "N", NUMBER, AT(parties), ON(BENCH_PREPARE), ON(BENCH_PREPARE), 1,
     BENCH_IDENTITIES_MAXIMUM, "how many reporters"},
    {"blinded", NULL, FLAG, AT(blinded), ON(BENCH_PREPARE), 0, 0, 0,
     "permit them blinded mode, for `element`"},
    {"help", NULL, FLAG, AT(help), ALL | ON(BENCH_COMMAND_NONE), 0, 0, 0, "this help"},
    {"version", NULL, FLAG, AT(version), ALL | ON(BENCH_COMMAND_NONE), 0, 0, 0, "the version"},
};

const char *bench_command_name(enum bench_command command)
{
    return commands[command].name;
}

static int complain(const struct bench_options *options, const char *name, const char *what)
{
    const char *command = commands[options->command].name;
    fprintf(stderr, "vix-bench%s%s: %s%s%s\nSee: vix-bench%s%s --help\n",
            command != NULL ? " " : "", command != NULL ? command : "", name,
            name[0] != '\0' ? " " : "", what, command != NULL ? " " : "",
            command != NULL ? command : "");
    return VIX_USAGE;
}

static int complain_of(const struct bench_options *options, const struct option_row *row,
                       const char *what)
{
    char name[64];
    snprintf(name, sizeof(name), "--%s", row->name);
    return complain(options, name, what);
}

static bool read_share(const char *text, double *ret_share)
{
    char *end;
    double share = strtod(text, &end);
    if (end == text || *end != '\0' || !(share >= 0.0 && share <= 1.0)) {
        return false;
    }
    *ret_share = share;
    return true;
}

static int take_value(const struct option_row *row, const char *value,
                      struct bench_options *options)
{
    void *place = (char *)options + row->offset;
    int64_t number;
    double share;
    switch (row->kind) {
    case FLAG:
        *(bool *)place = true;
        return 0;
    case TEXT:
        if (value[0] == '\0') {
            return complain_of(options, row, "is empty");
        }
        *(const char **)place = value;
        return 0;
    case NUMBER:
        if (number_parse(value, row->most, &number) != 0 || number < row->least) {
            char what[96];
            snprintf(what, sizeof(what), "must be a whole number from %lld to %lld",
                     (long long)row->least, (long long)row->most);
            return complain_of(options, row, what);
        }
        *(int64_t *)place = number;
        return 0;
    case SHARE:
        if (!read_share(value, &share)) {
            return complain_of(options, row, "must be a number from 0 to 1");
        }
        *(double *)place = share;
        return 0;
    }
    return 0;
}

static size_t fill_long_options(enum bench_command command, struct option *longs)
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if ((rows[i].commands & ON(command)) != 0) {
            longs[count++] = (struct option){
                rows[i].name, rows[i].value != NULL ? required_argument : no_argument, NULL,
                0x100 + (int)i};
        }
    }
    longs[count] = (struct option){0};
    return count;
}

static int take_options(int argc, char **argv, struct bench_options *options, uint64_t *ret_given)
{
    struct option longs[ARRAY_LENGTH(rows) + 1];
    fill_long_options(options->command, longs);
    uint64_t given = 0;
    optind = 0; /* glibc: start afresh */
    opterr = 0;
    int found;
    while ((found = getopt_long(argc, argv, "+:h", longs, NULL)) != -1) {
        if (found == 'h') {
            options->help = true;
            continue;
        }
        if (found < 0x100) {
            return complain(options, argv[optind - 1],
                            found == ':' ? "needs a value" : "is no option here");
        }
        size_t i = (size_t)(found - 0x100);
        int result = take_value(&rows[i], optarg, options);
        if (result != 0) {
            return result;
        }
        given |= UINT64_C(1) << i;
    }
    if (optind < argc) {
        return complain(options, argv[optind],
                        options->command == BENCH_COMMAND_NONE ? "is no command"
                                                               : "is a word too many");
    }
    *ret_given = given;
    return 0;
}

static bool is_professional(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(text);
    return length >= 1 && length <= BENCH_PROFESSIONAL_MAXIMUM && strspn(text, allowed) == length;
}

/* `pattern`: '9' for a digit. What is checked goes into JSON as it is. */
static bool is_like(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, text++) {
        if (*pattern == '9' ? *text < '0' || *text > '9' : *text != *pattern) {
            return false;
        }
    }
    return *text == '\0';
}

/* It goes into the request line as it is. */
static bool is_path(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < length; i++) {
        if (path[i] <= ' ' || path[i] > '~') {
            return false;
        }
    }
    return path[0] == '/' && length <= PATH_MAXIMUM;
}

static int check(const struct bench_options *options, uint64_t given)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if ((rows[i].required & ON(options->command)) != 0 && (given & UINT64_C(1) << i) == 0) {
            return complain_of(options, &rows[i], "is missing");
        }
    }
    if (!is_professional(options->professional)) {
        return complain(options, "--professional", "must be 1 to 64 of A-Z a-z 0-9 . _ -");
    }
    if (options->municipality != NULL && !is_like(options->municipality, "9999")) {
        return complain(options, "--municipality", "must be four digits");
    }
    if (options->birth_date != NULL && !is_like(options->birth_date, "9999-99-99")) {
        return complain(options, "--birth-date", "must be a date as in 2012-05-01");
    }
    if (options->command == BENCH_GET && (options->path == NULL || !is_path(options->path))) {
        return complain(options, "", "needs a path, as in: vix-bench get /v1/openapi.json");
    }
    if (options->threads > options->connections) {
        return complain(options, "--threads", "are more than connections");
    }
    return 0;
}

/* What a ramp is of; BENCH_COMMAND_NONE when it is nothing. */
static enum bench_command find_scenario(const char *name)
{
    for (int c = BENCH_POST; c < BENCH_COMMANDS; c++) {
        if ((STEADY & ~ON(BENCH_GET) & ON(c)) != 0 && strcmp(name, commands[c].name) == 0) {
            return (enum bench_command)c;
        }
    }
    return BENCH_COMMAND_NONE;
}

/* What depends on the command, and was not given. */
static int complete(struct bench_options *options)
{
    options->scenario = options->command;
    if (options->command == BENCH_RAMP) {
        options->scenario = find_scenario(options->of);
        if (options->scenario == BENCH_COMMAND_NONE) {
            return complain(options, "--of", "must be post, element, poll, match or mixed");
        }
    }
    if (options->seconds == 0 && options->requests == 0) {
        options->seconds = options->command == BENCH_BURST ? 60 : 10;
    }
    if (options->rate == 0) {
        options->rate = options->command == BENCH_BURST  ? 300
                        : options->command == BENCH_RAMP ? 100
                                                         : 0;
    }
    return 0;
}

static void set_defaults(struct bench_options *options)
{
    *options = (struct bench_options){
        .command = options->command,
        .connections = 64,
        .threads = 1,
        .timeout = 10,
        .verify_seconds = 300,
        .bsn_from = 900000000,
        .professional = "bench",
        .limit = 20,
        .quiet_seconds = 15,
        .quiet_rate = 5,
        .of = "post",
        .p99 = 100,
        .growth = 50,
        .halving = 4,
    };
}

int bench_options_parse(int argc, char **argv, struct bench_options *ret_options)
{
    struct bench_options options = {.command = BENCH_COMMAND_NONE};
    int words = 0;
    for (int c = BENCH_POST; argc > 1 && c < BENCH_COMMANDS; c++) {
        if (strcmp(argv[1], commands[c].name) == 0) {
            options.command = (enum bench_command)c;
            words = 1;
        }
    }
    set_defaults(&options);
    if (options.command == BENCH_GET && argc > 2 && argv[2][0] != '-') {
        options.path = argv[2];
        words = 2;
    }
    uint64_t given = 0;
    int result = take_options(argc - words, argv + words, &options, &given);
    if (result != 0) {
        return result;
    }
    if (!options.help && !options.version) {
        if (options.command == BENCH_COMMAND_NONE) {
            return complain(&options, "", "say what to do; --help tells what there is");
        }
        result = check(&options, given);
        result = result == 0 ? complete(&options) : result;
        if (result != 0) {
            return result;
        }
    }
    *ret_options = options;
    return 0;
}

void bench_options_print_help(FILE *out, enum bench_command command)
{
    fprintf(out, "vix-bench %s [OPTIONS]: %s\n\n",
            command != BENCH_COMMAND_NONE ? commands[command].name : "COMMAND",
            command != BENCH_COMMAND_NONE ? commands[command].summary
                                          : "puts a Verwijsindex under load, and tells how it did");
    for (int c = BENCH_POST; command == BENCH_COMMAND_NONE && c < BENCH_COMMANDS; c++) {
        fprintf(out, "  %-10s %s\n", commands[c].name, commands[c].summary);
    }
    for (size_t i = 0; command != BENCH_COMMAND_NONE && i < ARRAY_LENGTH(rows); i++) {
        if ((rows[i].commands & ON(command)) != 0) {
            char left[40];
            snprintf(left, sizeof(left), "--%s %s", rows[i].name,
                     rows[i].value != NULL ? rows[i].value : "");
            fprintf(out, "  %-22s %s\n", left, rows[i].help);
        }
    }
    fprintf(out, "\nExit status: 0 done, 1 refused, or acknowledged signals are missing, 2 wrong "
                 "usage,\n3 no connection. See vix-bench(1).\n");
}
