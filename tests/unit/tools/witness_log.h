/* SPDX-License-Identifier: EUPL-1.2 */
/* A log for the tests of a witness, of which every tree is at hand, and another one that has the
 * same name and key but other entries from some point on. */
#ifndef TESTS_UNIT_TOOLS_WITNESS_LOG_H
#define TESTS_UNIT_TOOLS_WITNESS_LOG_H

#include "tools/witness/request.h"

#define ORIGIN "log.example/log"
#define LEAVES 20
#define BODY_SIZE 16384

struct witness_log_world {
    struct checkpoint_signer log;
    struct checkpoint_signer other_key; /* of the same log */
    struct checkpoint_signer witness;
    uint64_t forked_at; /* entries from here on are of another history; LEAVES: none */
};
/* As a group's setup: `*state` is a static struct witness_log_world. */
int witness_log_set_up(void **state);

struct merkle_hash witness_log_root(const struct witness_log_world *world, uint64_t size);
struct merkle_proof witness_log_proof(const struct witness_log_world *world, uint64_t old_size,
                                      uint64_t size);
/* Both are good until the next call. */
const char *witness_log_head(const struct witness_log_world *world, uint64_t size);
const char *witness_log_body(uint64_t old_size, const struct merkle_proof *proof, const char *note);

/* The request of an honest log of this history. */
const char *witness_log_request(const struct witness_log_world *world, uint64_t old_size,
                                uint64_t size);

#endif
