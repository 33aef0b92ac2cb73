/* SPDX-License-Identifier: EUPL-1.2 */
/* The subcommands, and what may be said to each. */
#include "tests/bench/store/bench_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum command {
    PRELOAD = 1,
    RATE = 2,
    LOOP = 4,
    FLOOR = 8,
    PROFILE = 16,
    JOURNAL = 32,
    COMPARE = 64
};
#define FEEDING (PRELOAD | RATE | PROFILE)

static const struct subcommand {
    const char *name;
    enum command bit;
    int (*run)(const struct bs_options *options);
    const char *help;
} subcommands[] = {
    {"preload", PRELOAD, bs_preload,
     "Fills a store, by the rules of the store itself, so that vixd can be started on it."},
    {"rate", RATE, bs_rate,
     "Signals by element, so many at a time: how many a second, at what cost; then looks for\n"
     "every acknowledged id. On a store that is there, or in a scratch directory."},
    {"loop", LOOP, bs_loop,
     "Commits the rows of posts at a fixed rate without any rule: what the disk and LMDB ask.\n"
     "In a copy of a store, which is of no use afterwards (--spoil), or in a scratch directory."},
    {"floor", FLOOR, bs_floor,
     "The raw costs: a sync, LMDB batches of the same rows, one evaluation, one TLS record."},
    {"profile-post", PROFILE, bs_profile,
     "Where the time of a post goes in the store: rows, bytes, seals, hashes, and their time."},
    {"journal", JOURNAL, bs_journal,
     "An experiment: a sequential journal in front of LMDB, against the direct commit, in turns;\n"
     "ends with processes that are killed, and a comparison of what is recovered."},
    {"compare", COMPARE, bs_compare,
     "Two layouts in turns, the same posts in both: rows of a child and of a party together, as\n"
     "they are, and each kind of row apart. Pages written and posts a second, 64 and 256 a "
     "commit."},
};

enum kind { NUMBER, REAL, TEXT, FLAG };

#define AT(member) offsetof(struct bs_options, member)
static const struct option {
    const char *name;
    enum kind kind;
    size_t at;
    unsigned commands;
    const char *help;
} table[] = {
    {"store", TEXT, AT(store), ~(unsigned)COMPARE,
     "DIR  of the store; a scratch directory in TMPDIR or /tmp unless given"},
    {"keys", TEXT, AT(keys), FEEDING, "DIR  of the keys; made when it is not there"},
    {"epoch-keys", TEXT, AT(epoch_keys), FEEDING, "DIR  of the epoch keys, when they are apart"},
    {"origin", TEXT, AT(origin), FEEDING, "NAME  of the log"},
    {"signals", NUMBER, AT(signals), ~0u,
     "N  to make, to measure, or to fill a scratch store with"},
    {"parties", NUMBER, AT(parties), ~0u, "N  reporters, named as `vix-bench prepare` names them"},
    {"parties-file", TEXT, AT(parties_file), FEEDING,
     "FILE  lines of an OIN and a professional's id, in place of --parties"},
    {"professional", TEXT, AT(professional), FEEDING, "ID  of the professional of each party"},
    {"professionals", NUMBER, AT(professionals), FEEDING,
     "N  of each party: ID, ID-2, ID-3 and so on"},
    {"municipality", NUMBER, AT(municipality), FEEDING, "CODE  of the agreements"},
    {"follow-up", FLAG, AT(follow_up), FEEDING,
     "a party is that municipality, and is told of every match"},
    {"outstanding", NUMBER, AT(outstanding), FEEDING, "N  operations at a time"},
    {"overlap", REAL, AT(overlap), FEEDING,
     "P  share of posts on a child that another professional has signalled before, as\n"
     "vix-bench --overlap; unless given a child gets 1 to 5 signals, as in the country"},
    {"fan-out", NUMBER, AT(fan_out), RATE | PROFILE,
     "K  every measured post is the K-th signal on its child"},
    {"first", NUMBER, AT(first), FEEDING,
     "N  number of the first child; behind those that there can be unless given"},
    {"bsn-from", NUMBER, AT(bsn_from), FEEDING,
     "BSN  children have numbers from here on, and so can be signalled by BSN; slower, by one\n"
     "evaluation for each child"},
    {"rate", NUMBER, AT(rate), LOOP | JOURNAL, "R  posts a second"},
    {"seconds", REAL, AT(seconds), RATE | LOOP | JOURNAL | FLOOR, "S  to measure"},
    {"rounds", NUMBER, AT(rounds), JOURNAL | FLOOR | RATE | COMPARE,
     "N  of which medians are told"},
    {"interval", NUMBER, AT(interval_ms), JOURNAL,
     "MS  between two transactions that put the journal into LMDB"},
    {"work", REAL, AT(work), JOURNAL, "US  that the rules of a post take, beside its rows"},
    {"spoil", FLAG, AT(spoil), LOOP | JOURNAL | FLOOR,
     "rows that are nobody's may be put in --store"},
    {"seed", NUMBER, AT(seed), ~0u, "N  of all that is left to chance; not 0"},
    {"json", FLAG, AT(json), ~0u, "one JSON object"},
};

static void print_help(const struct subcommand *command)
{
    printf("usage: bench_store %s [options]\n\n%s\n\n", command->name, command->help);
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        if ((table[i].commands & command->bit) != 0) {
            printf("  --%s %s\n", table[i].name, table[i].help);
        }
    }
}

static void complain(const char *what, const char *about)
{
    fprintf(stderr, "bench_store: %s: %s\n", about, what);
    exit(2);
}

static void set(struct bs_options *options, const struct option *option, const char *value)
{
    void *at = (char *)options + option->at;
    char *end = NULL;
    errno = 0;
    switch (option->kind) {
    case NUMBER:
        *(uint64_t *)at = strtoull(value, &end, 10);
        break;
    case REAL:
        *(double *)at = strtod(value, &end);
        break;
    case TEXT:
        *(const char **)at = value;
        return;
    case FLAG:
        *(bool *)at = true;
        return;
    }
    if (end == value || *end != '\0' || errno != 0) {
        complain("not a number", option->name);
    }
}

static const struct option *find_option(const struct subcommand *command, const char *argument)
{
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        if (strncmp(argument, "--", 2) == 0 && strcmp(argument + 2, table[i].name) == 0 &&
            (table[i].commands & command->bit) != 0) {
            return &table[i];
        }
    }
    complain("unknown; see --help", argument);
    return NULL;
}

static void read_options(const struct subcommand *command, int argc, char **argv,
                         struct bs_options *options)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help(command);
            exit(0);
        }
        const struct option *option = find_option(command, argv[i]);
        if (option->kind != FLAG && i + 1 == argc) {
            complain("needs a value", argv[i]);
        }
        set(options, option, option->kind == FLAG ? NULL : argv[++i]);
    }
    if (options->parties < 2 || options->outstanding == 0 || options->outstanding > 4096 ||
        options->seed == 0 || options->seconds <= 0 || options->rounds == 0 ||
        options->rounds > 99 || options->professionals == 0 || options->rate == 0 ||
        options->interval_ms == 0 || options->signals == 0 || options->municipality == 0 ||
        options->municipality > 9999) {
        complain("a value out of bounds", command->name);
    }
}

int main(int argc, char **argv)
{
    struct bs_options options = {
        .origin = "bench.example/log",
        .professional = "bench",
        .signals = 20000,
        .parties = 64,
        .professionals = 1,
        .municipality = 361,
        .outstanding = 256,
        .rate = 500,
        .rounds = 5,
        .first = UINT64_MAX,
        .interval_ms = 200,
        .seed = 1,
        .seconds = 5,
        .work = 20,
        .overlap = -1,
    };
    for (size_t i = 0; argc > 1 && i < ARRAY_LENGTH(subcommands); i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0) {
            read_options(&subcommands[i], argc, argv, &options);
            return subcommands[i].run(&options);
        }
    }
    bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
    fputs("usage: bench_store SUBCOMMAND [options]; SUBCOMMAND --help tells more\n\n",
          asked ? stdout : stderr);
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++) {
        fprintf(asked ? stdout : stderr, "%s\n%s\n\n", subcommands[i].name, subcommands[i].help);
    }
    return asked ? 0 : 2;
}
