/* SPDX-License-Identifier: EUPL-1.2 */
/* JSON from a server, and its canonical form: which must be one that does not change again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void canonicalize_again(const struct text *first)
{
    CLEANUP(answer_freep) struct answer *answer = NULL;
    CLEANUP(text_finish) struct text second = {0};
    if (answer_parse(first->bytes, first->length, &answer) != 0 ||
        answer_canonicalize(answer, &second) != 0 || second.fault != 0 ||
        second.length != first->length || memcmp(second.bytes, first->bytes, first->length) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(answer_freep) struct answer *answer = NULL;
    CLEANUP(text_finish) struct text canonical = {0};
    CLEANUP(text_finish) struct text described = {0};
    if (answer_parse((const char *)data, size, &answer) != 0) {
        return 0;
    }
    answer_describe(answer, &described);
    (void)answer_at(answer, "record/attributes/verwijsindex.index");
    if (answer_canonicalize(answer, &canonical) == 0 && canonical.fault == 0) {
        canonicalize_again(&canonical);
    }
    return 0;
}
