/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Rows of a real store whose content is anything: the input, sealed as the row's own content is, or
 * bare. Whatever stands there, reading gives an answer or a fault, and so does every operation;
 * nothing crashes, hangs or reads what is not there. The first byte says which row; with its
 * highest bit set, what follows are changes of the content that is there: place (2) || byte.
 *
 * The row is put in transactions that are never committed, and read through them.
 */
#include "tests/fuzz/store/rows_exercise.h"

#define INPUT_MAXIMUM 60000 /* bytes */
#define CHANGES 0x80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The row's own content, with the changes that the input asks for. */
static void change(const struct rows_target *target, const uint8_t *changes, size_t size,
                   uint8_t changed[static ROWS_OWN_MAXIMUM])
{
    memcpy(changed, target->own, sizeof(target->own));
    for (size_t i = 0; i + 3 <= size && target->own_size > 0; i += 3) {
        changed[get_be16(changes + i) % target->own_size] = changes[i + 2];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t changed[ROWS_OWN_MAXIMUM];
    if (size == 0 || size > INPUT_MAXIMUM) {
        return 0;
    }
    const struct rows_target *target = rows_target(data[0] & ~CHANGES);
    struct rows_input input = {.target = target, .data = data + 1, .size = size - 1};
    if ((data[0] & CHANGES) != 0) {
        change(target, data + 1, size - 1, changed);
        input = (struct rows_input){target, changed, target->own_size};
    }
    rows_open_store(&input);
    rows_read(&input);
    rows_operate(&input);
    rows_work(&input);
    return 0;
}
