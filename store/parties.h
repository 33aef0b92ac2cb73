/* SPDX-License-Identifier: EUPL-1.2 */
/* Parties and their professionals: the rows, and the questions the other rules ask of them. */
#ifndef STORE_PARTIES_H
#define STORE_PARTIES_H

#include "store/tx.h"

/* 0, STORE_NOT_FOUND or a fault. Notes that the party was read. */
int party_load(struct store_view *view, uint32_t number, struct party *ret_party) MUST_CHECK;
int party_find(struct store_view *view, const struct oin *oin, uint32_t *ret_number) MUST_CHECK;
/* The party that is this municipality; 0 when it has not joined. */
int party_of_municipality(struct store_view *view, uint16_t code, uint32_t *ret_number) MUST_CHECK;

bool party_has_agreement(const struct party *party, int32_t day);
bool party_has_agreement_with(const struct party *party, uint16_t municipality, int32_t day);

/* Writes the profile; the row's revision tells every reader that the party has changed. */
void party_save(struct store_tx *tx, const struct party *party);

int professional_load(struct store_view *view, uint32_t party, uint32_t number,
                      struct professional *ret_professional) MUST_CHECK;
void professional_save(struct store_tx *tx, uint32_t party,
                       const struct professional *professional);
struct row_key professional_id_key(const struct store_view *view, uint32_t party, const char *id);
int professional_find(struct store_view *view, uint32_t party, const char *id,
                      uint32_t *ret_number) MUST_CHECK;

#endif
