/* SPDX-License-Identifier: EUPL-1.2 */
/* Parties and their professionals: the rows, and the questions the other rules ask of them. */
#ifndef STORE_PARTY_PARTIES_H
#define STORE_PARTY_PARTIES_H

#include "store/tx.h"

/* 0, STORE_NOT_FOUND or a fault. Notes that the party was read. */
int party_load(struct store_view *view, uint32_t number, struct party *ret_party) MUST_CHECK;
int party_find(struct store_view *view, const struct oin *oin, uint32_t *ret_number) MUST_CHECK;
/* The party that is this municipality; 0 when it has not joined. */
int party_of_municipality(struct store_view *view, uint16_t code, uint32_t *ret_number) MUST_CHECK;

/* Whose follow-up a signal is: the municipality of the residence if that has joined, else the one
 * under whose agreement it was made; 0 when that has not joined either. */
int party_of_follow_up(struct store_view *view, uint16_t residence, uint16_t municipality,
                       uint32_t *ret_number) MUST_CHECK;

/* The agreement with a municipality, live or ended; NULL when there was none. */
const struct agreement *party_find_agreement(const struct party *party, uint16_t municipality);
/* Adds, prolongs or shortens one, with its term; the caller saves. STORE_TOO_MANY. */
int party_set_agreement(struct store_tx *tx, struct party *party,
                        const struct agreement *agreement) MUST_CHECK;
/* Takes one away as if it had never been; the caller saves. */
void party_drop_agreement(struct store_tx *tx, struct party *party, uint16_t municipality);
/* Whether there is a live agreement for what was made under this municipality's: with it, or with
 * the one that it has become part of. */
int party_is_covered(struct store_view *view, const struct party *party, uint16_t municipality,
                     int32_t day, bool *ret_covered) MUST_CHECK;

/* The code by which a municipality goes today: of what it has become, if it went into another. */
int party_municipality_today(struct store_view *view, uint16_t code, uint16_t *ret_code) MUST_CHECK;

bool party_has_agreement(const struct party *party, int32_t day);
bool party_has_agreement_with(const struct party *party, uint16_t municipality, int32_t day);

/* Which party stands under an organisation's key. */
void party_put_organisation(struct store_tx *tx, const struct row_key *key, uint32_t number);
/* Writes the profile; the row's revision tells every reader that the party has changed. */
void party_save(struct store_tx *tx, const struct party *party);

int professional_load(struct store_view *view, uint32_t party, uint32_t number,
                      struct professional *ret_professional) MUST_CHECK;
void professional_save(struct store_tx *tx, uint32_t party,
                       const struct professional *professional);
/* A new one: gives it a number. */
int professional_add(struct store_tx *tx, uint32_t party,
                     struct professional *professional) MUST_CHECK;
struct row_key professional_id_key(const struct store_view *view, uint32_t party, const char *id);
int professional_find(struct store_view *view, uint32_t party, const char *id,
                      uint32_t *ret_number) MUST_CHECK;

#endif
