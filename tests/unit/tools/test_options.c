/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/bsn_file.h"
#include "tools/options.h"

static int run_nothing(const struct invocation *invocation)
{
    (void)invocation;
    return VIX_DONE;
}

static const struct command commands[] = {
    {
        .words = "thing make",
        .operands = "NAME",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "make a thing",
        .options = {{"colour", "C", "its colour", true, NULL},
                    {"loud", NULL, "with noise", false, NULL},
                    {"key", "K", "a key of its own", false, NULL},
                    {"bsn", "N", NULL, false, "not on the command line"}},
        .run = run_nothing,
    },
    {
        .words = "thing",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "look at things",
        .run = run_nothing,
    },
    {
        .words = "pick",
        .operands = "",
        .face = COMMAND_LOCAL,
        .summary = "take one of two",
        .options = {{"left", "L", "this one", false, NULL},
                    {"right", "R", "that one", false, NULL},
                    {"size", "S", "of either", true, NULL}},
        .one_of = {"left", "right"},
        .run = run_nothing,
    },
    {0},
};
static const struct command *const families[] = {commands, NULL};

#define ARGUMENTS_MAXIMUM 16

/* Parses "vix ..." split at spaces; what is complained of on stderr is not shown. */
static int parse(const char *line, struct invocation *ret_invocation)
{
    static char words[256];
    static char *argv[ARGUMENTS_MAXIMUM + 1];
    int argc = 0;
    assert_true(strlen(line) < sizeof(words));
    strcpy(words, line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(argc < ARGUMENTS_MAXIMUM);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    assert_non_null(freopen("/dev/null", "w", stderr));
    int result = options_parse(argc, argv, families, ret_invocation);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    return result;
}

static void test_options_on_either_side(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "vix --url U --json thing make --colour red --loud N",
        "vix thing make N --colour red --loud --url U --json",
        "vix --json thing make --loud --url=U N --colour=red",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        struct invocation invocation;
        assert_int_equal(parse(lines[i], &invocation), 0);
        assert_ptr_equal(invocation.command, &commands[0]);
        assert_string_equal(invocation.common[COMMON_URL], "U");
        assert_non_null(invocation.common[COMMON_JSON]);
        assert_string_equal(options_value(&invocation, "colour"), "red");
        assert_non_null(options_value(&invocation, "loud"));
        assert_null(options_value(&invocation, "key"));
        assert_int_equal(invocation.operand_count, 1);
        assert_string_equal(invocation.operands[0], "N");
    }
}

static void test_own_option_shadows_a_common_one(void **state)
{
    (void)state;
    struct invocation invocation;
    assert_int_equal(parse("vix --key common thing make N --colour red --key own", &invocation), 0);
    assert_string_equal(invocation.common[COMMON_KEY], "common");
    assert_string_equal(options_value(&invocation, "key"), "own");
}

static void test_one_that_is_given_more_than_once(void **state)
{
    (void)state;
    struct invocation invocation;
    const char *values[2] = {NULL, NULL};
    assert_int_equal(
        parse("vix thing make N --colour red --loud --colour=blue --key own --colour green",
              &invocation),
        0);
    assert_string_equal(options_value(&invocation, "colour"), "green");
    assert_int_equal(options_values(&invocation, "colour", values, 2), 3);
    assert_string_equal(values[0], "red");
    assert_string_equal(values[1], "blue");
    assert_int_equal(options_values(&invocation, "key", values, 2), 1);
    assert_string_equal(values[0], "own");
    assert_int_equal(options_values(&invocation, "bsn", values, 2), 0);
}

static void test_a_local_command_takes_no_server_from_the_environment(void **state)
{
    (void)state;
    struct invocation invocation;
    assert_int_equal(setenv("VIX_URL", "https://env", 1), 0);
    assert_int_equal(setenv("VIX_CA", "env.pem", 1), 0);
    assert_int_equal(parse("vix thing make N --colour red", &invocation), 0);
    assert_string_equal(invocation.common[COMMON_URL], "https://env");
    assert_int_equal(parse("vix pick --left l --size s", &invocation), 0);
    assert_null(invocation.common[COMMON_URL]);
    assert_string_equal(invocation.common[COMMON_CA], "env.pem");
    assert_int_equal(parse("vix --url U pick --left l --size s", &invocation), 0);
    assert_string_equal(invocation.common[COMMON_URL], "U");
    unsetenv("VIX_URL");
    unsetenv("VIX_CA");
}

static void test_the_longest_words_come_first(void **state)
{
    (void)state;
    struct invocation invocation;
    assert_int_equal(parse("vix thing", &invocation), 0);
    assert_ptr_equal(invocation.command, &commands[1]);
    assert_int_equal(parse("vix", &invocation), 0);
    assert_null(invocation.command);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "vix nothing",
        "vix --colour red thing make N",        /* an own option before the words */
        "vix thing make --colour red",          /* operand missing */
        "vix thing make N M --colour red",      /* one too many */
        "vix thing make N",                     /* required option missing */
        "vix thing make N --colour",            /* value missing */
        "vix thing make N --colour red --blue", /* unknown */
        "vix thing make N --colour red --bsn 1",
        "vix thing make N --colour red --bsn=1",
        "vix thing make N --colour red --loud=1", /* a flag has no value */
        "vix thing extra",
        "vix -x",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        struct invocation invocation;
        assert_int_equal(parse(lines[i], &invocation), VIX_USAGE);
    }
}

static void test_one_of_two(void **state)
{
    (void)state;
    struct invocation invocation;
    assert_int_equal(parse("vix pick --left 1 --size 2", &invocation), 0);
    assert_int_equal(parse("vix pick --right 1 --size 2", &invocation), 0);
    assert_int_equal(parse("vix pick --size 2", &invocation), VIX_USAGE);
    assert_int_equal(parse("vix pick --left 1 --right 1 --size 2", &invocation), VIX_USAGE);
    assert_int_equal(parse("vix pick --left 1", &invocation), VIX_USAGE);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    options_print_help(out, &commands[2]);
    fclose(out);
    assert_non_null(strstr(text, "vix pick (--left L | --right R) --size S\n"));
    free(text);
}

static void test_help_asks_for_nothing_else(void **state)
{
    (void)state;
    struct invocation invocation;
    assert_int_equal(parse("vix thing make --help", &invocation), 0);
    assert_non_null(invocation.common[COMMON_HELP]);
    assert_int_equal(parse("vix thing make -h", &invocation), 0);
    assert_non_null(invocation.common[COMMON_HELP]);
}

static void test_environment_gives_defaults(void **state)
{
    (void)state;
    struct invocation invocation;
    setenv("VIX_URL", "from-environment", 1);
    setenv("VIX_CA", "", 1);
    assert_int_equal(parse("vix thing", &invocation), 0);
    assert_string_equal(invocation.common[COMMON_URL], "from-environment");
    assert_null(invocation.common[COMMON_CA]);
    assert_int_equal(parse("vix thing --url given", &invocation), 0);
    assert_string_equal(invocation.common[COMMON_URL], "given");
    unsetenv("VIX_URL");
    unsetenv("VIX_CA");
}

static void test_help_hides_what_is_refused(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    options_print_help(out, &commands[0]);
    fclose(out);
    assert_non_null(strstr(text, "vix thing make --colour C [--loud] [--key K] NAME"));
    assert_non_null(strstr(text, "make a thing"));
    assert_null(strstr(text, "--bsn"));
    assert_null(strstr(text, "--control")); /* it is no command of the operator */
    free(text);
}

static int read_bsn(const char *content, size_t size, struct bsn_text *ret_text)
{
    char path[] = "/tmp/vix-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, size), (ssize_t)size);
    close(file);
    int kept = dup(STDERR_FILENO);
    assert_non_null(freopen("/dev/null", "w", stderr));
    int result = bsn_file_read(&commands[0], "bsn-file", path, ret_text);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    unlink(path);
    return result;
}

static void test_bsn_files(void **state)
{
    (void)state;
    struct bsn_text text;
    assert_int_equal(read_bsn(" 950000012\r\n", 12, &text), 0);
    assert_string_equal(text.digits, "950000012");
    assert_int_equal(read_bsn("12345684", 8, &text), 0);
    assert_string_equal(text.digits, "12345684");
    /* It is for the index to refuse what is no BSN, and to log that. */
    assert_int_equal(read_bsn("x", 1, &text), 0);
    char large[BSN_FILE_MAXIMUM + 1];
    memset(large, '1', sizeof(large));
    assert_int_equal(read_bsn(large, sizeof(large), &text), VIX_USAGE);
    assert_int_equal(read_bsn("", 0, &text), VIX_USAGE);
    assert_int_equal(read_bsn(" \n", 2, &text), VIX_USAGE);
    assert_int_equal(read_bsn("950000012\n950000024", 19, &text), VIX_USAGE);
    assert_int_equal(read_bsn("9500\0"
                              "12",
                              7, &text),
                     VIX_USAGE);
    assert_string_equal(text.digits, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_on_either_side),
        cmocka_unit_test(test_own_option_shadows_a_common_one),
        cmocka_unit_test(test_one_that_is_given_more_than_once),
        cmocka_unit_test(test_a_local_command_takes_no_server_from_the_environment),
        cmocka_unit_test(test_the_longest_words_come_first),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_one_of_two),
        cmocka_unit_test(test_help_asks_for_nothing_else),
        cmocka_unit_test(test_environment_gives_defaults),
        cmocka_unit_test(test_help_hides_what_is_refused),
        cmocka_unit_test(test_bsn_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
