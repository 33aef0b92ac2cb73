/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The rows that take the input of fuzz_rows.c. What is sealed is there twice: its plain content,
 * to be sealed as the store does, and the whole value, as it stands in the file.
 */
#ifndef TESTS_FUZZ_STORE_ROWS_TARGETS_H
#define TESTS_FUZZ_STORE_ROWS_TARGETS_H

#include "tests/fuzz/store/rows_office.h"

#define ROWS_OWN_MAXIMUM 1024 /* bytes of the largest row as it is */
#define ROWS_CLEAR_MAXIMUM 80

struct rows_target {
    enum kv_table table;
    struct row_key key;
    bool sealed;
    size_t clear_size; /* of the row as it is, kept in front of what is sealed */
    uint8_t clear[ROWS_CLEAR_MAXIMUM];
    uint32_t key_id;
    uint8_t secret[SEAL_KEY_BYTES];
    size_t own_size; /* its content as it is */
    uint8_t own[ROWS_OWN_MAXIMUM];
};

/* The targets of an office; any number leads to one. */
const struct rows_target *rows_target(unsigned number);

/* Puts a content in its place, in this transaction. */
struct rows_input {
    const struct rows_target *target;
    const uint8_t *data;
    size_t size;
};
void rows_put(struct store_view *view, const struct rows_input *input);

#endif
