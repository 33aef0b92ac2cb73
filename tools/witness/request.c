/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/witness/request.h"

#include <string.h>

#define OLD "old "
#define SIZE_DIGITS 19

/* A line without its LF. False when there is no LF any more. */
static bool take_line(const char **at, const char *end, const char **ret_line, size_t *ret_length)
{
    const char *found = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (found == NULL) {
        return false;
    }
    *ret_line = *at;
    *ret_length = (size_t)(found - *at);
    *at = found + 1;
    return true;
}

/* Decimal without leading zeroes, as sizes stand in checkpoints. */
static bool parse_old(const char *line, size_t length, uint64_t *ret_size)
{
    const size_t word = sizeof(OLD) - 1;
    uint64_t size = 0;
    if (length <= word || length > word + SIZE_DIGITS || memcmp(line, OLD, word) != 0 ||
        (line[word] == '0' && length > word + 1)) {
        return false;
    }
    for (size_t i = word; i < length; i++) {
        if (line[i] < '0' || line[i] > '9') {
            return false;
        }
        size = size * 10 + (unsigned)(line[i] - '0');
    }
    *ret_size = size;
    return size <= INT64_MAX;
}

int witness_request_parse(const char *body, size_t size, struct witness_request *ret_request)
{
    const char *at = body;
    const char *end = body + size;
    const char *line;
    size_t length;
    struct witness_request request = {0};
    if (size > WITNESS_BODY_MAXIMUM || !take_line(&at, end, &line, &length) ||
        !parse_old(line, length, &request.old_size)) {
        return WITNESS_REQUEST_MALFORMED;
    }
    for (;;) {
        if (!take_line(&at, end, &line, &length)) {
            return WITNESS_REQUEST_MALFORMED;
        }
        if (length == 0) {
            break;
        }
        if (request.proof.count == WITNESS_PROOF_MAXIMUM ||
            checkpoint_hash_parse(line, length, &request.proof.hashes[request.proof.count]) != 0) {
            return WITNESS_REQUEST_MALFORMED;
        }
        request.proof.count++;
    }
    request.note = at;
    request.note_size = (size_t)(end - at);
    if (checkpoint_parse(request.note, request.note_size, &request.checkpoint) != 0) {
        return WITNESS_REQUEST_MALFORMED;
    }
    *ret_request = request;
    return 0;
}
