/* SPDX-License-Identifier: EUPL-1.2 */
/* What every test of the whole interface begins with: one index with its parties, per test. */
#ifndef TESTS_UNIT_PROTO_FIXTURE_H
#define TESTS_UNIT_PROTO_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "proto/body.h"
#include "proto/handlers.h"
#include "store/base/clock.h"
#include "tests/unit/proto/world.h"

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_init_peopled(&world, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_finish(&world);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static inline void assert_slug(const json_t *problem, const char *slug)
{
    char type[128];
    snprintf(type, sizeof(type), "https://verwijsindex.example/problems/%s", slug);
    assert_string_equal(text_at(problem, "type"), type);
    if (json_object_get(problem, "errors") == NULL) {
        assert_null(body_check_answer(problem, &shape_problem));
    }
}

/* The newest entry of the log: its name, and its outcome. */
static inline void assert_entry(const char *name, const char *outcome)
{
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), name);
    assert_string_equal(text_at(entry, "verwijsindex.outcome"), outcome);
    json_decref(entry);
}

#endif
