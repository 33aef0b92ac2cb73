/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/notice_print.h"

#include <string.h>

#include "tools/involved.h"

/* What a notice says to whom; NULL where it is never sent to such a one, or says the same. */
struct meaning {
    const char *type;
    const char *own;    /* to who has a signal on the child */
    const char *family; /* the same, of a match of two children of one family */
    const char *other;  /* to a municipality or an auditor, who have none */
};

static const struct meaning meanings[] = {
    {"match-formed", "others are involved with this child too: contact them",
     "others are involved with another child of this family: contact them",
     "these are involved with one child or family: see that they contact each other"},
    {"match-joined", "somebody else became involved with this child: contact them",
     "somebody else became involved with another child of this family: contact them",
     "somebody else became involved: see that they contact each other"},
    {"match-retracted", "a signal was made in error: this match is no longer one", NULL, NULL},
    {"match-ended", "this match ended: fewer than two are still involved", NULL, NULL},
    {"archived-involvement",
     "this professional was involved with the child before, and was not told of you; you are told "
     "only once",
     NULL, NULL},
    {"signal-renewal-due",
     "this signal ends on the date below; if the involvement goes on, renew it (vix signal renew)",
     NULL, NULL},
    {"signal-removed",
     "this signal reached its last day and is in the archive; if the involvement goes on, signal "
     "the child again",
     NULL, NULL},
    {"follow-up-stalled", NULL, NULL,
     "nobody confirmed in time that these contacted each other: see that they do"},
    {"youth-moved", "this child now lives in another municipality", NULL,
     "a child of this match now lives in your municipality, which follows it up from now on"},
    {"peek-suspected", NULL, NULL,
     "a signal was made, its match or notices were seen, and it was withdrawn soon after: look "
     "into the log entry"},
    {"access-requested", NULL, NULL,
     "a municipality asked what is held on a youth: look into the log entry"},
    {"notices-counted", NULL, NULL,
     "an organisation counted the notices that a list of children would send: look into the log "
     "entry"},
};

/* "nl.verwijsindex.match-formed.v1" is "match-formed" to people. */
static void shorten_type(const struct answer *notice, char out[static 64])
{
    static const char prefix[] = "nl.verwijsindex.";
    const char *type = answer_string(answer_at(notice, "type"));
    type = type != NULL ? type : "?";
    if (strncmp(type, prefix, strlen(prefix)) == 0) {
        type += strlen(prefix);
    }
    snprintf(out, 64, "%.*s", (int)strcspn(type, "."), type);
}

static const char *find_meaning(const char *type, const struct answer *data)
{
    const char *kind = answer_string(answer_at(data, "kind"));
    bool is_family = kind != NULL && strcmp(kind, "family") == 0;
    bool is_own = answer_is_object(answer_at(data, "ownSignal"));
    for (size_t i = 0; i < ARRAY_LENGTH(meanings); i++) {
        const struct meaning *meaning = &meanings[i];
        if (strcmp(meaning->type, type) != 0) {
            continue;
        }
        if (is_own && is_family && meaning->family != NULL) {
            return meaning->family;
        }
        const char *mine = is_own ? meaning->own : meaning->other;
        const char *theirs = is_own ? meaning->other : meaning->own;
        return mine != NULL ? mine : theirs;
    }
    return NULL;
}

static void print_organisation(FILE *out, const struct answer *organisation)
{
    print_field_if(out, "organisation", answer_at(organisation, "name"));
    print_field_if(out, "  oin", answer_at(organisation, "oin"));
}

void notice_print(FILE *out, const struct answer *notice)
{
    char type[64];
    const struct answer *data = answer_at(notice, "data");
    shorten_type(notice, type);
    const char *meaning = find_meaning(type, data);
    print_text_field(out, "notice", type);
    if (meaning != NULL) {
        print_text_field(out, "  meaning", meaning);
    }
    print_field(out, "  sequence", answer_at(notice, "sequence"));
    print_field(out, "  time", answer_at(notice, "time"));
    print_field_if(out, "match key", answer_at(data, "matchKey"));
    print_field_if(out, "  kind", answer_at(data, "kind"));
    print_field_if(out, "  match", answer_at(data, "matchId"));
    involved_print_own(out, answer_at(data, "ownSignal"));
    print_field_if(out, "removal", answer_at(data, "removalDate"));
    print_field_if(out, "municipality", answer_at(data, "municipality"));
    print_field_if(out, "log entry", answer_at(data, "logIndex"));
    print_organisation(out, answer_at(data, "organisation"));
    involved_print(out, answer_at(data, "involved"));
    involved_print_unread(out, answer_at(data, "unread"));
}
