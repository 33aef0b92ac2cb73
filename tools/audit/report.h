/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a check of a log has found: collected rather than printed, so that all of it can be told at
 * once, and beside it what was checked at all.
 */
#ifndef TOOLS_AUDIT_REPORT_H
#define TOOLS_AUDIT_REPORT_H

#include <stdbool.h>

#include "crypto/checkpoint.h"

#define AUDIT_FINDINGS_MAXIMUM 50
#define AUDIT_FINDING_SIZE 256
#define AUDIT_TIME_SIZE 32
#define AUDIT_WITNESSES_MAXIMUM 16

/* What is checked of a log, in the order in which it is told. */
enum audit_part {
    AUDIT_PART_HEAD,      /* the head is signed by the log */
    AUDIT_PART_COMPLETE,  /* every entry below it is there, once and in order */
    AUDIT_PART_RECORDS,   /* every record fits its commitment */
    AUDIT_PART_TIMES,     /* times never go backwards */
    AUDIT_PART_TREE,      /* the tree of the commitments has the signed root */
    AUDIT_PART_SINCE,     /* the log has only been added to since an earlier checkpoint */
    AUDIT_PART_WITNESSES, /* what witnesses have cosigned is this log */
    AUDIT_PARTS,
};

enum audit_state { AUDIT_NOT_CHECKED = 0, AUDIT_GOOD, AUDIT_BAD };

struct audit_finding {
    bool has_index;
    uint64_t index; /* of the entry that it is about */
    char what[AUDIT_FINDING_SIZE];
};

/* What one witness has put its name to. */
struct audit_cosignature {
    char name[CHECKPOINT_NAME_MAXIMUM + 1];
    size_t witness; /* which of those that are believed */
    uint64_t size;  /* of the tree */
    uint64_t time;  /* seconds since 1970, by the witness's clock */
    bool is_before; /* of a tree that ends before this export begins: not held against it */
};

struct audit_report {
    struct checkpoint checkpoint; /* once it was found good */
    bool has_checkpoint;
    uint64_t first_index; /* of the export */
    uint64_t entries;
    uint64_t destroyed;        /* of them, as they say after their term: the commitment is left */
    uint64_t destroyed_later;  /* of those, behind an entry of which the record is still there */
    uint64_t destroyed_unsaid; /* and those of which no entry here says that they were (gone.h) */
    uint64_t unseen;           /* entries behind the newest head that a believed witness cosigned */
    uint64_t unseen_since;     /* when it did, in seconds since 1970 */
    const char *unreadable;    /* on a fault, the file that it is about; NULL: none */
    bool has_oldest;
    int64_t oldest; /* instant of the first entry of which the record is there */
    bool has_since;
    uint64_t since_size;
    bool is_wind_down; /* of an index that is no more (wind_down.h) */
    char wound_down_at[AUDIT_TIME_SIZE];
    enum audit_state parts[AUDIT_PARTS];
    size_t cosignature_count;
    struct audit_cosignature cosignatures[AUDIT_WITNESSES_MAXIMUM];
    size_t finding_count; /* all of them; the first AUDIT_FINDINGS_MAXIMUM are kept */
    struct audit_finding findings[AUDIT_FINDINGS_MAXIMUM];
};

/* Adds a finding, as printf would print it; the part is bad for good. */
void audit_find(struct audit_report *report, enum audit_part part, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* The same about an entry. */
void audit_find_in_entry(struct audit_report *report, enum audit_part part, uint64_t index,
                         const char *format, ...) PRINTF_LIKE(4, 5);
/* The part was looked at to its end: it is good, unless something was found. */
void audit_pass(struct audit_report *report, enum audit_part part);

/*
 * Opens a signed note, or finds what is wrong with it and returns false. `which` names it in the
 * finding: "checkpoint". Without a key it is read, and no signature looked at.
 */
bool audit_open_note(struct audit_report *report, enum audit_part part, const char *which,
                     const char *note, const struct checkpoint_vkey *vkey,
                     struct checkpoint *ret_checkpoint);

#endif
