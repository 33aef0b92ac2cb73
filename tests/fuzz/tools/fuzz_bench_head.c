/* SPDX-License-Identifier: EUPL-1.2 */
/* Heads of answers: whatever is understood lies within what came. */
#include <stdint.h>
#include <stdlib.h>

#include "tools/load/head.h"
#include "tools/load/tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct bench_head head;
    size_t length;
    if (bench_head_parse(text, size, &head) == 0 &&
        (head.status < 200 || head.status > 999 || head.body_length > BENCH_BODY_MAXIMUM ||
         head.location > size || head.location_length > size - head.location)) {
        abort();
    }
    const char *slug = bench_problem_slug(text, size, &length);
    if (slug != NULL && (slug < text || length == 0 || length > size - (size_t)(slug - text))) {
        abort();
    }
    return 0;
}
