/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix-bench`, the load generator: see vix_bench.h for its parts. */
#include "tools/load/vix_bench.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "crypto/secret.h"
#include "tools/client.h"
#include "tools/load/load.h"

static int run(const struct bench_options *options)
{
    if (options->version) {
        printf("vix-bench %s\n", VIX_VERSION);
        return VIX_DONE;
    }
    if (options->help) {
        bench_options_print_help(stdout, options->command);
        return VIX_DONE;
    }
    return options->command == BENCH_PREPARE ? bench_prepare(options) : bench_load(options);
}

/* A descriptor for each connection, and no end by a server that goes away. */
static void prepare_process(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    struct bench_options options;
    prepare_process();
    if (secret_init() != 0 || client_global_init() != 0) {
        return bench_complain(VIX_REFUSED, "the cryptographic libraries do not start");
    }
    int result = bench_options_parse(argc, argv, &options);
    if (result == 0) {
        result = run(&options);
    }
    if ((fflush(stdout) != 0 || ferror(stdout)) && result == VIX_DONE) {
        return bench_complain(VIX_REFUSED, "standard output cannot be written");
    }
    return result;
}
