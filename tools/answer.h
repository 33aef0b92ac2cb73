/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading JSON: answers of the server, and the records of an exported log. The only file of
 * tools/ that sees jansson, which elsewhere stays in proto/: proto's reader gives requests to
 * handlers and is no library for clients.
 *
 * Strict: duplicate members, NUL in strings, depth beyond ANSWER_DEPTH_MAXIMUM and anything after
 * the value are refused. An answer owns all its values; they live as long as it does. Belongs to
 * one thread.
 */
#ifndef TOOLS_ANSWER_H
#define TOOLS_ANSWER_H

#include <stdbool.h>

#include "tools/text.h"

#define ANSWER_DEPTH_MAXIMUM 32

/* A value inside an answer, or a whole one. NULL is allowed everywhere and means "not there". */
struct answer;

#define ANSWER_MALFORMED 1
/* `length` bytes. 0, ANSWER_MALFORMED, -ENOMEM. */
int answer_parse(const char *json, size_t length, struct answer **ret_answer) MUST_CHECK;
void answer_free(struct answer *answer);
void answer_freep(struct answer **answer); /* for CLEANUP */

/* Makes jansson wipe what it gives back. To be called once, before the first answer_parse(). */
void answer_use_wiping_memory(void);

/* The member at a path of names separated by '/', as names of members may hold dots. */
const struct answer *answer_at(const struct answer *object, const char *path);

/* The member after the one of that name, or the first when `after` is NULL, in the order in which
 * they came; NULL, with `ret_name` untouched, when there is none. The name lives as the answer. */
const struct answer *answer_next_member(const struct answer *object, const char *after,
                                        const char **ret_name);

bool answer_is_object(const struct answer *value);
size_t answer_size(const struct answer *object); /* members; 0 when it is none */
bool answer_is_list(const struct answer *value);
bool answer_is_null(const struct answer *value);
bool answer_is_true(const struct answer *value);
/* The string, which holds no NUL; NULL when the value is none. */
const char *answer_string(const struct answer *value);
/* False when it is no integer; then `ret_integer` is untouched. */
bool answer_integer(const struct answer *value, int64_t *ret_integer) MUST_CHECK;

/* Of a list; 0 and NULL when it is none. */
size_t answer_count(const struct answer *list);
const struct answer *answer_item(const struct answer *list, size_t position);

/* For people: a string as it is, a number, yes or no, "-" for null, a list with commas. */
void answer_describe(const struct answer *value, struct text *text);
/* On one line, members in the order in which they came. */
void answer_dump(const struct answer *value, struct text *text);
/* The same as a member of an object that is being written; NULL is left out. */
void answer_dump_member(const char *name, const struct answer *value, struct text *text);
/*
 * As RFC 8785 writes it: members sorted by their UTF-16 code units, no white space, fewest
 * escapes. ANSWER_MALFORMED for a number that is no integer of at most 2^53-1, which the log never
 * holds; a fault of `text` is left in it.
 */
int answer_canonicalize(const struct answer *value, struct text *text) MUST_CHECK;

#endif
