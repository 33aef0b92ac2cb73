/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Which youth a command is about: the one with this BSN, or one who has none, known by family
 * name, birth date and sex.
 */
#ifndef TOOLS_CHILD_H
#define TOOLS_CHILD_H

#include "tools/bsn_file.h"

#define CHILD_NAME_MAXIMUM 256 /* bytes */

/* Personal data: wipe it. */
struct child {
    struct bsn_text bsn;
    struct text name; /* of a youth without BSN; else without bytes */
    const char *birth_date;
    const char *sex;
};

/*
 * By the options of CHILD_OPTIONS and --birth-date, which the command must all have. 0, or
 * VIX_USAGE after saying what is wrong.
 */
int child_read(const struct invocation *invocation, struct child *ret_child) MUST_CHECK;
/* The same for --person alone, beside which a command may have a --bsn-file of another meaning. */
int child_read_person(const struct invocation *invocation, struct child *ret_child) MUST_CHECK;
void child_wipe(struct child *child); /* for CLEANUP */

/* The member `bsn` or `person` of a request. */
void child_add(const struct child *child, struct text *body);

#define PERSON_OPTIONS(required)                                                                   \
    {"person", "NAME", "family name, or - to read it from standard input", required, NULL},        \
    {                                                                                              \
        "sex", "SEX", "of a youth without BSN: M, V or X", required, NULL                          \
    }
/* Needs `.one_of = CHILD_ONE_OF`, and a row for --birth-date. */
#define CHILD_OPTIONS BSN_FILE_OPTION(false), PERSON_OPTIONS(false), BSN_REFUSED_OPTION
#define CHILD_ONE_OF                                                                               \
    {                                                                                              \
        "bsn-file", "person"                                                                       \
    }
#define PERSON_BIRTH_DATE_OPTION                                                                   \
    {                                                                                              \
        "birth-date", "DATE", "of a youth without BSN, as in 2012-05-01", false, NULL              \
    }
#define CHILD_DETAILS                                                                              \
    BSN_FILE_DETAILS                                                                               \
    "\nA youth without BSN is named by --person with the family name, --sex and --birth-date.\n"   \
    "Spelling matters less than it seems: capitals, accents, prefixes, hyphens and apostrophes\n"  \
    "are evened out by the index. With --person - the name is read from standard input, where\n"   \
    "other users of the machine cannot see it."

#endif
