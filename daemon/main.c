/* SPDX-License-Identifier: EUPL-1.2 */
#include <event2/event.h>
#include <event2/thread.h>
#include <getopt.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "crypto/selftest.h"
#include "daemon/check.h"
#include "daemon/log.h"
#include "daemon/server.h"
#include "store/store_end.h"

static void *tls_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return secret_malloc(size);
}

static void *tls_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return secret_realloc(memory, size);
}

static void tls_free_memory(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    secret_free(memory);
}

/*
 * What a wave of requests gave back is kept for the next one: by default it goes to the kernel as
 * soon as 128 KiB lie together, and each page that is taken again costs a fault and a wiping by the
 * kernel, as much in all as the rest of a small request. Of each thread's heap at most so much is
 * kept; the large buffers of rare answers go back at once.
 */
#define HEAP_KEPT (8 << 20)
#define HEAP_STEP (256 << 10) /* by which a heap grows */
#define HEAP_LARGE (2 << 20)

/* A heap that knows nothing of it (a sanitizer's) serves as well. */
static void prepare_heap(void)
{
    mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
    mallopt(M_TOP_PAD, HEAP_STEP);
    mallopt(M_MMAP_THRESHOLD, HEAP_LARGE);
}

/* Requests pass through both libraries' buffers: told to wipe them, before anything is allocated.
 */
static bool prepare_libraries(void)
{
    event_set_mem_functions(secret_malloc, secret_realloc, secret_free);
    return CRYPTO_set_mem_functions(tls_malloc, tls_realloc, tls_free_memory) == 1 &&
           secret_init() == 0 && evthread_use_pthreads() == 0;
}

/* Where the index was wound down and that was interrupted, a start finishes it, for which it needs
 * nothing of what is checked; so that is in order. */
static bool has_ended(const struct config *config)
{
    struct store_end end;
    return store_find_end(config->store_path, &end) == 0;
}

static enum server_exit start(const char *path, bool check)
{
    struct config config;
    struct config_faults faults = {0};
    int result = check_configuration(path, &config, &faults);
    bool ended = result == 0 && check && has_ended(&config);
    if (result == 0 && check && !ended) {
        result = check_files(&config, &faults);
    }
    enum server_exit status = SERVER_EXIT_DONE;
    if (result != 0) {
        check_log_faults(&faults);
        status = result > 0 ? SERVER_EXIT_CONFIGURATION : SERVER_EXIT_FAULT;
    } else if (check) {
        printf(ended ? "%s: the index was wound down; a start finishes that, and serves nothing\n"
                     : "%s: in order\n",
               path);
    } else {
        status = server_run(&config);
    }
    config_faults_finish(&faults);
    config_finish(&config);
    return status;
}

int main(int argc, char **argv)
{
    static const char usage[] = "usage: vixd --config FILE [--check]\n       vixd --version\n";
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check", no_argument, NULL, 'k'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *path = NULL;
    bool check = false;
    for (int letter; (letter = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (letter == 'v') {
            return puts("vixd " VIX_VERSION) < 0;
        } else if (letter == 'h') {
            return fputs(usage, stdout) < 0;
        } else if (letter == '?') {
            fputs(usage, stderr);
            return SERVER_EXIT_CONFIGURATION;
        }
        path = letter == 'c' ? optarg : path;
        check = check || letter == 'k';
    }
    if (path == NULL || optind != argc) {
        fputs(usage, stderr);
        return SERVER_EXIT_CONFIGURATION;
    }
    prepare_heap();
    const char *unsound = prepare_libraries() ? selftest_run() : "libraries";
    if (unsound != NULL) {
        log_event(LOG_LEVEL_ERROR, "start", "failed=self-test of=%s", unsound);
        return SERVER_EXIT_FAULT;
    }
    return (int)start(path, check);
}
