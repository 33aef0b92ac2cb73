/* SPDX-License-Identifier: EUPL-1.2 */
#include "fake_index.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGUMENTS_MAXIMUM 40

static const struct command *const families[] = {
    party_commands,
    operate_commands,
    upkeep_commands,
    signal_commands,
    professional_commands,
    match_commands,
    notices_commands,
    person_event_commands,
    rights_commands,
    statistics_commands,
    receipt_commands,
    audit_commands,
    NULL,
};

struct server {
    int listener;
    struct fake_run *run;
};

/* Reads one request whole: its head, and as much as Content-Length says. */
static size_t receive(int connection, char *out, size_t size)
{
    size_t length = 0;
    size_t wanted = 0;
    while (wanted == 0 || length < wanted) {
        ssize_t got = read(connection, out + length, size - 1 - length);
        if (got <= 0) {
            return 0;
        }
        length += (size_t)got;
        out[length] = '\0';
        const char *end = strstr(out, "\r\n\r\n");
        if (wanted == 0 && end != NULL) {
            const char *header = strstr(out, "Content-Length: ");
            wanted = (size_t)(end + 4 - out);
            wanted += header != NULL && header < end ? strtoul(header + 16, NULL, 10) : 0;
        }
    }
    return length;
}

static void keep(struct fake_run *run, const char *text)
{
    if (run->request_count == FAKE_REQUESTS_MAXIMUM) {
        return;
    }
    struct fake_request *request = &run->requests[run->request_count++];
    const char *end = strstr(text, "\r\n\r\n");
    const char *accept = strstr(text, "Accept: ");
    snprintf(request->line, sizeof(request->line), "%.*s", (int)(strstr(text, " HTTP/") - text),
             text);
    if (accept != NULL && accept < end) {
        snprintf(request->accept, sizeof(request->accept), "%.*s",
                 (int)(strstr(accept, "\r\n") - accept - 8), accept + 8);
    }
    snprintf(request->body, sizeof(request->body), "%s", end + 4);
}

static void answer(const struct fake_run *run, int connection)
{
    dprintf(connection,
            "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
            "%s%s\r\n%s",
            run->status, run->type != NULL ? run->type : "application/json",
            run->answer != NULL ? strlen(run->answer) : 0, run->header != NULL ? run->header : "",
            run->header != NULL ? "\r\n" : "", run->answer != NULL ? run->answer : "");
}

/* Until the listener is shut down. */
static void *serve(void *context)
{
    static char text[FAKE_TEXT_MAXIMUM];
    struct server *server = context;
    int connection;
    while ((connection = accept(server->listener, NULL, NULL)) >= 0) {
        if (receive(connection, text, sizeof(text)) > 0) {
            keep(server->run, text);
            answer(server->run, connection);
        }
        close(connection);
    }
    return NULL;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_true(strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    return listener;
}

static int split(const char *arguments, char *words, char **argv)
{
    int argc = 0;
    char *place = NULL;
    strcpy(words, arguments);
    argv[argc++] = (char *)(uintptr_t) "vix";
    for (char *word = strtok_r(words, " ", &place); word != NULL;
         word = strtok_r(NULL, " ", &place)) {
        assert_true(argc < ARGUMENTS_MAXIMUM);
        for (char *at = strchr(word, '_'); at != NULL; at = strchr(at, '_')) {
            *at = ' ';
        }
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return argc;
}

static void run_command(struct fake_run *run, const char *socket_path)
{
    char words[1024];
    char *argv[ARGUMENTS_MAXIMUM + 1];
    struct invocation invocation;
    assert_true(strlen(run->arguments) < sizeof(words));
    int argc = split(run->arguments, words, argv);
    run->result = options_parse(argc, argv, families, &invocation);
    if (run->result != VIX_DONE) {
        return;
    }
    assert_non_null(invocation.command);
    struct command command = *invocation.command;
    command.face = COMMAND_CONTROL;
    invocation.command = &command;
    invocation.common[COMMON_CONTROL] = socket_path;
    run->result = run->instead != NULL ? run->instead(&invocation) : command.run(&invocation);
}

/* Puts a temporary file in the place of a descriptor of ours; returns what was there. */
static int redirect(int descriptor, const char *content)
{
    char path[] = "/tmp/vix-test-XXXXXX";
    int file = mkostemp(path, O_CLOEXEC);
    int kept = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
    assert_true(file >= 0 && kept >= 0);
    unlink(path);
    assert_int_equal(write(file, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    assert_int_equal(dup2(file, descriptor), descriptor);
    close(file);
    return kept;
}

static void restore(int descriptor, int kept, char *out)
{
    if (out != NULL) {
        ssize_t got = pread(descriptor, out, FAKE_TEXT_MAXIMUM - 1, 0);
        out[got > 0 ? got : 0] = '\0';
    }
    dup2(kept, descriptor);
    close(kept);
}

void fake_index_run(struct fake_run *run)
{
    char directory[] = "/tmp/vix-test-XXXXXX";
    char path[64];
    pthread_t thread;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/socket", directory);
    struct server server = {.listener = listen_at(path), .run = run};
    run->request_count = 0;
    assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);

    fflush(stdout);
    int input = redirect(STDIN_FILENO, run->input != NULL ? run->input : "");
    int output = redirect(STDOUT_FILENO, "");
    int errors = redirect(STDERR_FILENO, "");
    run_command(run, path);
    fflush(stdout);
    restore(STDIN_FILENO, input, NULL);
    restore(STDOUT_FILENO, output, run->output);
    restore(STDERR_FILENO, errors, run->errors);

    shutdown(server.listener, SHUT_RDWR);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(server.listener);
    unlink(path);
    rmdir(directory);
}

static char file_path[] = "/tmp/vix-test-input-XXXXXX";
static bool file_is_there;

const char *fake_file_make(const char *content)
{
    fake_file_remove();
    strcpy(strrchr(file_path, '-'), "-XXXXXX");
    int file = mkostemp(file_path, O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, strlen(content)), (ssize_t)strlen(content));
    close(file);
    file_is_there = true;
    return file_path;
}

void fake_file_remove(void)
{
    if (file_is_there) {
        unlink(file_path);
        file_is_there = false;
    }
}
