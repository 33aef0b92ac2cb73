/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The readers of stored values, in any order: the first byte says how many of the next say what to
 * read from the rest. Nothing is read beyond the end, and a fault stays one.
 */
#include <stdlib.h>
#include <string.h>

#include "store/base/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void read_one(struct codec_reader *reader, struct arena *arena, uint8_t what)
{
    uint8_t bytes[64];
    bool had_failed = reader->failed;
    size_t left = reader->left;
    switch (what % 8) {
    case 0:
        (void)codec_get_u8(reader);
        break;
    case 1:
        (void)codec_get_u16(reader);
        break;
    case 2:
        (void)codec_get_u32(reader);
        break;
    case 3:
        (void)codec_get_u64(reader);
        break;
    case 4:
        (void)codec_get_i32(reader);
        break;
    case 5:
        (void)codec_get_i64(reader);
        break;
    case 6:
        codec_get_bytes(reader, bytes, what / 8);
        break;
    default: {
        const char *text = codec_get_text(reader, arena, (size_t)what * 4);
        require(text != NULL && strlen(text) <= (size_t)what * 4);
        break;
    }
    }
    require(reader->left <= left && (!had_failed || (reader->failed && reader->left == left)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size == 0 || size - 1 < data[0]) {
        return 0;
    }
    size_t steps = data[0];
    struct codec_reader reader = {.data = data + 1 + steps, .left = size - 1 - steps};
    arena_init(&arena);
    for (size_t i = 0; i < steps; i++) {
        read_one(&reader, &arena, data[1 + i]);
    }
    require(codec_done(&reader) == (!reader.failed && reader.left == 0));
    arena_finish(&arena);
    return 0;
}
