/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What goes into the function of crypto/pseudonym.h for each kind of identity. The prefixes differ,
 * so that a parent is never a child, even of the same number:
 *
 *   a child           "NL:BSN:"     nine digits
 *   a parent          "NL:PARENT:"  nine digits
 *   a home address    "NL:ADDRESS:" the normalised address
 *   a youth without   "NL:PERSON:"  normalised family name "|" YYYY-MM-DD "|" M, V or O
 *     BSN                           (crypto/person.h; no normalised name holds a "|")
 */
#ifndef CRYPTO_IDENTITY_H
#define CRYPTO_IDENTITY_H

#include "crypto/person.h"
#include "crypto/pseudonym.h"

#define IDENTITY_INPUT_MAXIMUM                                                                     \
    (sizeof(PSEUDONYM_PREFIX_PERSON) + FOLD_TEXT_BYTES + PERSON_DATE_LENGTH + 3)

/* As telling as what it is made of, and so is its hash: wipe it. */
struct identity_input {
    size_t size;
    uint8_t bytes[IDENTITY_INPUT_MAXIMUM];
};

void identity_from_child(const struct bsn *bsn, struct identity_input *ret_input);
void identity_from_parent(const struct bsn *bsn, struct identity_input *ret_input);
/* All members must have been parsed by crypto/person.h. */
void identity_from_person(const struct person *person, struct identity_input *ret_input);
/*
 * An address is whatever string the population register uses for one home; it is not understood
 * here, only folded (crypto/fold.h; accents stay), with runs of spaces (category Zs) made one
 * U+0020, and none at its ends. FOLD_OK, _NOT_UTF8, _TOO_LONG, _BAD_CHARACTER, or _EMPTY when
 * there is not one letter or number in it.
 */
int identity_from_address(const char *text, size_t length,
                          struct identity_input *ret_input) MUST_CHECK;

void identity_input_wipe(struct identity_input *input);

#endif
