/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Elements for signals in blinded mode, made before the clock starts: with the evaluation key on
 * all processors, which only a development index should ever let out of its hands; or, as a client
 * does, by blinding and having the index evaluate, as fast as its limits allow.
 */
#ifndef TOOLS_LOAD_ELEMENTS_H
#define TOOLS_LOAD_ELEMENTS_H

#include "tools/load/work.h"

#define BENCH_EVALUATED_MAXIMUM 20000 /* by the index; at 600 a minute for each party */

/* Fill in elements, element_count, key_id. An enum vix_exit. */
int bench_elements_compute(struct bench_stock *stock, size_t count) MUST_CHECK;
int bench_elements_evaluate(struct bench_stock *stock, size_t count) MUST_CHECK;

#endif
