/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/person.h"

#include <string.h>
#include <strings.h>

#include "crypto/secret.h"

#define SPELLING_MAXIMUM 2
#define PREFIX_MAXIMUM 6

/* A word begins at `start` and ends before `end`; there is none when they are equal. */
struct word {
    size_t start;
    size_t end;
};

/* Most frequent first: these are looked for in order. */
static const char *const prefixes[] = {
    "van",   "de",   "der",   "den", "el",    "al",  "t",   "ten",  "ter",    "te",    "von",
    "d",     "l",    "s",     "v",   "vd",    "la",  "le",  "di",   "da",     "du",    "het",
    "in",    "op",   "aan",   "bij", "uit",   "del", "dos", "des",  "das",    "do",    "della",
    "dei",   "dell", "degli", "dal", "las",   "les", "lo",  "los",  "vander", "vande", "vanden",
    "onder", "over", "voor",  "tot", "to",    "toe", "tho", "thoe", "thor",   "uijt",  "am",
    "auf",   "aus",  "im",    "vom", "unter", "vor", "zu",  "zum",  "zur",
};

/* What NFKD leaves whole, folded. */
static const struct {
    int32_t point;
    char spelling[SPELLING_MAXIMUM + 1];
} spellings[] = {
    {0x00e6, "ae"}, {0x00f0, "d"}, {0x00f8, "o"}, {0x00fe, "th"}, {0x0111, "d"},  {0x0127, "h"},
    {0x0131, "i"},  {0x0138, "k"}, {0x0142, "l"}, {0x014b, "n"},  {0x0153, "oe"}, {0x0167, "t"},
    {0x0192, "f"},  {0x0199, "k"}, {0x01b4, "y"}, {0x01b6, "z"},  {0x01dd, "e"},  {0x01e5, "g"},
    {0x0237, "j"},  {0x0253, "b"}, {0x0254, "o"}, {0x0256, "d"},  {0x0257, "d"},  {0x0259, "e"},
    {0x025b, "e"},  {0x0263, "g"}, {0x0268, "i"}, {0x0269, "i"},  {0x0272, "n"},  {0x0275, "o"},
    {0x0289, "u"},  {0x028b, "v"},
};

/* Letters by their category, but apostrophes or lines by their use. */
static const struct {
    int32_t first, last;
} not_letters[] = {
    {0x02b0, 0x02ff}, {0x0640, 0x0640}, {0x07f4, 0x07f5}, {0xa788, 0xa788}, {0xa78b, 0xa78c}};

static enum fold_kind kind_of(int32_t point)
{
    for (size_t i = 0; i < ARRAY_LENGTH(not_letters); i++) {
        if (point >= not_letters[i].first && point <= not_letters[i].last) {
            return FOLD_OTHER;
        }
    }
    return fold_kind_of(point);
}

/* The plain letters of a code point, or NULL when it stands for itself. */
static const char *spelling_of(int32_t point)
{
    for (size_t i = 0; i < ARRAY_LENGTH(spellings); i++) {
        if (spellings[i].point == point) {
            return spellings[i].spelling;
        }
    }
    return NULL;
}

static void drop_accents(struct fold_points *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < name->count; i++) {
        if (kind_of(name->points[i]) != FOLD_ACCENT) {
            name->points[kept++] = name->points[i];
        }
    }
    name->count = kept;
}

static bool begins_word(int32_t point)
{
    enum fold_kind kind = kind_of(point);
    return kind == FOLD_LETTER || kind == FOLD_NUMBER;
}

/* The first word from `at` up to `limit`. */
static struct word find_word(const struct fold_points *name, size_t at, size_t limit)
{
    while (at < limit && !begins_word(name->points[at])) {
        at++;
    }
    struct word word = {.start = at, .end = at};
    while (word.end < limit && (begins_word(name->points[word.end]) ||
                                kind_of(name->points[word.end]) == FOLD_VOWEL_SIGN)) {
        word.end++;
    }
    return word;
}

static bool is_there(struct word word)
{
    return word.end > word.start;
}

static bool is_prefix(const struct fold_points *name, struct word word)
{
    char spelt[PREFIX_MAXIMUM + SPELLING_MAXIMUM + 1] = "";
    size_t length = 0;
    bool may_be = true;
    for (size_t i = word.start; may_be && i < word.end; i++) {
        const char *spelling = spelling_of(name->points[i]);
        if (spelling != NULL) {
            length = (size_t)(stpcpy(spelt + length, spelling) - spelt);
        } else {
            spelt[length++] = (char)name->points[i];
            may_be = name->points[i] < 0x80;
        }
        may_be = may_be && length <= PREFIX_MAXIMUM;
    }
    spelt[length] = '\0';
    bool found = false;
    for (size_t i = 0; may_be && !found && i < ARRAY_LENGTH(prefixes); i++) {
        found = strcmp(spelt, prefixes[i]) == 0;
    }
    secret_wipe(spelt, sizeof(spelt));
    return found;
}

/* Where the name ends: before its first comma if only prefixes follow, and at its end if not. */
static size_t find_end(const struct fold_points *name)
{
    size_t comma = 0;
    while (comma < name->count && name->points[comma] != ',') {
        comma++;
    }
    struct word word = find_word(name, comma, name->count);
    if (!is_there(find_word(name, 0, comma)) || !is_there(word)) {
        return name->count;
    }
    for (; is_there(word); word = find_word(name, word.end, name->count)) {
        if (!is_prefix(name, word)) {
            return name->count;
        }
    }
    return comma;
}

/* The first word that is not a prefix, or else the last. */
static struct word find_first(const struct fold_points *name, size_t end)
{
    struct word word = find_word(name, 0, end);
    for (;;) {
        struct word next = find_word(name, word.end, end);
        if (!is_there(next) || !is_prefix(name, word)) {
            return word;
        }
        word = next;
    }
}

static bool append_point(struct fold_text *text, int32_t point)
{
    const char *spelling = spelling_of(point);
    if (spelling == NULL) {
        return fold_text_append(text, point);
    }
    bool fits = true;
    for (; fits && *spelling != '\0'; spelling++) {
        fits = fold_text_append(text, *spelling);
    }
    return fits;
}

static int join_words(const struct fold_points *name, struct word word, size_t end,
                      struct fold_text *text)
{
    bool letter = false;
    for (; is_there(word); word = find_word(name, word.end, end)) {
        for (size_t i = word.start; i < word.end; i++) {
            letter = letter || kind_of(name->points[i]) == FOLD_LETTER;
            if (!append_point(text, name->points[i])) {
                return FOLD_TOO_LONG;
            }
        }
    }
    return letter ? FOLD_OK : FOLD_NO_LETTER;
}

int person_parse_family_name(const char *text, size_t length, struct fold_text *ret_name)
{
    CLEANUP(fold_points_wipe) struct fold_points name;
    CLEANUP(fold_text_wipe) struct fold_text joined = {0};

    int condition = fold_decompose(text, length, &name);
    if (condition != FOLD_OK) {
        return condition;
    }
    drop_accents(&name);
    size_t end = find_end(&name);
    condition = join_words(&name, find_first(&name, end), end, &joined);
    if (condition == FOLD_OK) {
        *ret_name = joined;
    }
    return condition;
}

int person_parse_birth_date(const char *text, size_t length,
                            char ret_date[static PERSON_DATE_LENGTH + 1])
{
    static const char form[] = "0000-00-00";
    if (length != PERSON_DATE_LENGTH) {
        return PERSON_BAD_DATE;
    }
    for (size_t i = 0; i < length; i++) {
        bool fits = form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
        if (!fits) {
            return PERSON_BAD_DATE;
        }
    }
    memcpy(ret_date, text, length);
    ret_date[length] = '\0';
    return PERSON_OK;
}

int person_parse_sex(const char *text, size_t length, char *ret_sex)
{
    static const struct {
        const char *word;
        char sex;
    } words[] = {
        {"M", 'M'}, {"male", 'M'},    {"man", 'M'},      {"V", 'V'},
        {"F", 'V'}, {"O", 'O'},       {"female", 'V'},   {"vrouw", 'V'},
        {"X", 'O'}, {"unknown", 'O'}, {"onbekend", 'O'},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strlen(words[i].word) == length && strncasecmp(words[i].word, text, length) == 0) {
            *ret_sex = words[i].sex;
            return PERSON_OK;
        }
    }
    return PERSON_BAD_SEX;
}

const char *person_condition_text(int condition)
{
    switch (condition) {
    case PERSON_BAD_DATE:
        return "A birth date is written YYYY-MM-DD.";
    case PERSON_BAD_SEX:
        return "Sex is one of M, V, F, O, X, male, female, man, vrouw, unknown and onbekend.";
    default:
        return fold_condition_text(condition);
    }
}

void person_wipe(struct person *person)
{
    secret_wipe(person, sizeof(*person));
}
