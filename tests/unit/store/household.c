/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/household.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/child/families.h"
#include "store/child/matchrow.h"
#include "store/operation.h"

#define TIES_MAXIMUM 8

void household_open(struct office *office, unsigned policy)
{
    char why[STORE_WHY_SIZE];
    if (office->store == NULL) {
        office_open(office);
    }
    office_close(office);
    struct store_options options = office_options(office);
    options.policy.family_parent = (policy & HOUSEHOLD_PARENT) != 0;
    options.policy.family_address = (policy & HOUSEHOLD_ADDRESS) != 0;
    options.policy.notify_departure = (policy & HOUSEHOLD_DEPARTURE) != 0;
    assert_int_equal(store_open(&options, &office->store, why), 0);
}

/* ---- what the register tells ---- */

static struct family_relation relation_of(const struct office *office, const char *tie)
{
    struct family_relation relation = {.institution = strchr(tie, '!') != NULL};
    struct oprf_scalar scalar;
    char input[64];
    relation.kind = tie[0] == 'p' ? TIE_PARENT : TIE_ADDRESS;
    snprintf(input, sizeof(input), "%s%d",
             relation.kind == TIE_PARENT ? PSEUDONYM_PREFIX_PARENT : PSEUDONYM_PREFIX_ADDRESS,
             atoi(tie + 1));
    memcpy(scalar.bytes, keyring_find(office->keys, KEYRING_EVALUATION, 1), sizeof(scalar.bytes));
    assert_int_equal(
        pseudonym_from_input(&scalar, (const uint8_t *)input, strlen(input), &relation.who.element),
        0);
    pseudonym_child_key(keyring_find(office->keys, KEYRING_INDEX, 1), &relation.who.element,
                        &relation.who.key);
    return relation;
}

/* Anything that is done to one child or two, or to a tie or a match, in a transaction. */
struct household_op {
    struct store_op op;
    struct office_child child;
    struct child_key tie;
    struct uuid match;
    size_t count;
    struct family_relation relations[TIES_MAXIMUM];
};

static int load_or_create(struct store_tx *tx, const struct office_child *child,
                          struct child_file *file)
{
    int result = child_file_load(&tx->view, &child->key, file);
    return result == STORE_NOT_FOUND
               ? child_file_create(&tx->view, &child->key, &child->element, 1, file)
               : result;
}

static int run_relate(struct store_tx *tx, struct store_op *op)
{
    struct household_op *household = CONTAINER_OF(op, struct household_op, op);
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = load_or_create(tx, &household->child, &file);
    if (result == 0) {
        result = families_relate(tx, &file, 1, household->relations, household->count);
    }
    if (result == 0) {
        child_file_save(&tx->view, &file);
    }
    return result;
}

static void run(struct office *office, struct household_op *op,
                int (*function)(struct store_tx *tx, struct store_op *op))
{
    operation_init(&op->op, LANE_GROWS, function);
    assert_int_equal(office_run(office, &op->op, 0), 0);
}

void household_relate(struct office *office, unsigned child, const char *relations)
{
    struct household_op op = {.child = office_child(office, child)};
    char copy[64];
    char *rest = NULL;
    snprintf(copy, sizeof(copy), "%s", relations);
    for (char *tie = strtok_r(copy, " ", &rest); tie != NULL; tie = strtok_r(NULL, " ", &rest)) {
        assert_true(op.count < TIES_MAXIMUM);
        op.relations[op.count++] = relation_of(office, tie);
    }
    run(office, &op, run_relate);
}

static struct identity identity_of(const struct office *office, unsigned child)
{
    struct office_child who = office_child(office, child);
    return (struct identity){who.key, who.element};
}

void household_merge(struct office *office, unsigned into, unsigned from)
{
    struct store_person_event op;
    store_person_event_init(&op);
    op.event = PERSON_REPLACED;
    op.child = identity_of(office, from);
    op.other = identity_of(office, into);
    op.evaluation_key = 1;
    assert_int_equal(office_run(office, &op.op, 0), 0);
}

static int run_forget(struct store_tx *tx, struct store_op *op)
{
    struct household_op *household = CONTAINER_OF(op, struct household_op, op);
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = child_file_load(&tx->view, &household->child.key, &file);
    if (result == 0) {
        result = families_forget(tx, &file);
        child_file_delete(&tx->view, &file);
    }
    return result;
}

void household_forget(struct office *office, unsigned child)
{
    struct household_op op = {.child = office_child(office, child)};
    run(office, &op, run_forget);
}

static int run_renew(struct store_tx *tx, struct store_op *op)
{
    return tie_row_renew(tx, &CONTAINER_OF(op, struct household_op, op)->tie);
}

int household_renew(struct office *office, const char *tie)
{
    struct household_op op = {.tie = relation_of(office, tie).who.key};
    operation_init(&op.op, LANE_SPARES, run_renew);
    return office_run(office, &op.op, 0);
}

static int run_confirm(struct store_tx *tx, struct store_op *op)
{
    struct household_op *household = CONTAINER_OF(op, struct household_op, op);
    CLEANUP(match_found_wipe) struct match_found found = {0};
    int result = match_find(&tx->view, &household->match, &found);
    if (result == 0) {
        found.scope.match->status = MATCH_CONTACTED;
        match_found_save(tx, &found);
    }
    return result;
}

void household_confirm(struct office *office, const struct uuid *match)
{
    struct household_op op = {.match = *match};
    run(office, &op, run_confirm);
}

/* ---- how the rows stand ---- */

struct looking {
    struct arena arena;
    struct store_view view;
};

static void begin_look(struct office *office, struct looking *looking)
{
    arena_init(&looking->arena);
    looking->view = (struct store_view){.arena = &looking->arena, .keys = office->keys};
    assert_int_equal(kv_begin(office->kv, KV_READ, &looking->view.kv), 0);
    assert_int_equal(view_read_head(&looking->view), 0);
}

static void end_look(struct looking *looking)
{
    kv_abort(looking->view.kv);
    arena_finish(&looking->arena);
}

size_t household_tied(struct office *office, const char *tie)
{
    struct family_relation relation = relation_of(office, tie);
    struct looking looking;
    struct tie_row row = {0};
    begin_look(office, &looking);
    int result = tie_row_load(&looking.view, &relation.who.key, &row);
    assert_true(result == 0 || result == STORE_NOT_FOUND);
    if (result == 0) {
        assert_int_equal(row.kind, relation.kind);
        assert_int_equal(row.evaluation_key, 1);
        assert_memory_equal(&row.element, &relation.who.element, sizeof(row.element));
        assert_true(row.child_count > 0);
    }
    end_look(&looking);
    return row.child_count;
}

uint32_t household_epoch(struct office *office, const char *tie)
{
    struct family_relation relation = relation_of(office, tie);
    struct row_key key = layout_child(&relation.who.key, CHILD_TIE);
    struct looking looking;
    struct kv_bytes value;
    begin_look(office, &looking);
    assert_int_equal(kv_get(looking.view.kv, KV_CHILD, row_key_bytes(&key), &value), 0);
    uint32_t epoch = seal_key_id((const uint8_t *)value.data + 8, value.size - 8);
    end_look(&looking);
    return epoch;
}

static bool load_child(struct office *office, struct looking *looking, unsigned child,
                       struct child_file *file)
{
    struct office_child who = office_child(office, child);
    int result = child_file_load(&looking->view, &who.key, file);
    assert_true(result == 0 || result == STORE_NOT_FOUND);
    return result == 0;
}

bool household_is_known(struct office *office, unsigned child)
{
    struct looking looking;
    struct child_file file;
    begin_look(office, &looking);
    bool known = load_child(office, &looking, child, &file);
    end_look(&looking);
    return known;
}

bool household_is_institution(struct office *office, unsigned child)
{
    struct looking looking;
    struct child_file file;
    bool is = false;
    begin_look(office, &looking);
    assert_true(load_child(office, &looking, child, &file));
    assert_int_equal(families_is_institution(&looking.view, &file, &is), 0);
    end_look(&looking);
    return is;
}

size_t household_entries(struct office *office, unsigned child, size_t *ret_ended)
{
    struct looking looking;
    struct child_file file;
    begin_look(office, &looking);
    assert_true(load_child(office, &looking, child, &file));
    *ret_ended = 0;
    for (size_t i = 0; i < file.family_count; i++) {
        struct child_match match;
        assert_int_equal(match_row_open_family(&looking.view, &file.families[i], &match), 0);
        *ret_ended += match.status == MATCH_ENDED ? 1 : 0;
    }
    end_look(&looking);
    return file.family_count;
}

bool household_matched(struct office *office, unsigned one, unsigned other, struct uuid *ret_match)
{
    struct looking looking;
    struct child_file files[2];
    size_t count = 0;
    begin_look(office, &looking);
    bool both = load_child(office, &looking, one, &files[0]) &&
                load_child(office, &looking, other, &files[1]);
    for (size_t i = 0; both && i < files[0].family_count; i++) {
        const struct child_family *entry = &files[0].families[i];
        struct child_match match;
        assert_int_equal(match_row_open_family(&looking.view, entry, &match), 0);
        if (match.status != MATCH_ENDED && tie_row_names(&entry->other, &files[1])) {
            *ret_match = entry->match;
            count++;
        }
    }
    assert_true(count <= 1);
    end_look(&looking);
    return count == 1;
}

static bool same_key(const struct child_key *a, const struct child_key *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* It names the other child by the number that it has now, and so does everything else. */
static void check_entry(struct looking *looking, const struct child_file *file,
                        const struct child_family *entry)
{
    struct child_file other;
    size_t found = 0;
    assert_int_equal(child_file_load(&looking->view, &entry->other, &other), 0);
    assert_true(same_key(&other.key, &entry->other));
    assert_memory_not_equal(&other.key, &file->key, sizeof(other.key));
    for (size_t i = 0; i < other.family_count; i++) {
        if (same_uuid(&other.families[i].match, &entry->match)) {
            found++;
            assert_memory_equal(&other.families[i].other, &file->key, sizeof(file->key));
        }
    }
    assert_int_equal(found, 1);
    struct child_key children[MATCH_FILES_MAXIMUM];
    size_t count;
    assert_int_equal(match_children(&looking->view, &entry->match, children, &count), 0);
    assert_int_equal(count, 2);
    assert_memory_not_equal(&children[0], &children[1], sizeof(children[0]));
    for (size_t i = 0; i < count; i++) {
        assert_true(same_key(&children[i], &file->key) || same_key(&children[i], &other.key));
    }
}

static void check_ties(struct looking *looking, const struct child_file *file)
{
    for (size_t i = 0; i < file->tie_count; i++) {
        struct tie_row row;
        size_t named = 0;
        assert_int_equal(tie_row_load(&looking->view, &file->ties[i].key, &row), 0);
        assert_int_equal(row.kind, file->ties[i].kind);
        for (size_t j = 0; j < row.listed_count; j++) {
            named += same_key(&row.listed[j], &file->key) ? 1 : 0;
        }
        assert_int_equal(named, tie_row_is_crowded(&row) ? 0 : 1);
    }
}

void household_check(struct office *office, unsigned children)
{
    struct looking looking;
    size_t open = 0; /* those of a family twice */
    begin_look(office, &looking);
    for (unsigned child = 0; child < children; child++) {
        struct office_child who = office_child(office, child);
        struct child_file file;
        if (!load_child(office, &looking, child, &file) ||
            memcmp(&file.key, &who.key, sizeof(file.key)) != 0) {
            continue; /* a number that was replaced is met as that which took its place */
        }
        check_ties(&looking, &file);
        open += child_file_open_match(&file) != NULL ? 2 : 0;
        for (size_t i = 0; i < file.family_count; i++) {
            struct child_match match;
            check_entry(&looking, &file, &file.families[i]);
            assert_int_equal(match_row_open_family(&looking.view, &file.families[i], &match), 0);
            open += match.status != MATCH_ENDED ? 1 : 0;
        }
    }
    end_look(&looking);
    assert_int_equal(office_status(office).matches * 2, open);
}
