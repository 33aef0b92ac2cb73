/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The newest head of the log that a witness has cosigned: one row, the signed head as it was sealed
 * with the batch, and behind it a line of each witness that has cosigned just that head. A newer
 * cosigned head takes its place; an older one never does. The face of it is in store/store.h.
 */
#ifndef STORE_LOG_COSIGN_H
#define STORE_LOG_COSIGN_H

#define COSIGN_ROW_NAME "cosigned"

#endif
