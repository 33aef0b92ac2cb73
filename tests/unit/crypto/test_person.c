/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "crypto/person.h"

#define RANDOM_ROUNDS 50000

static int parse_bytes(const char *text, size_t length, struct fold_text *ret_name)
{
    return person_parse_family_name(text, length, ret_name);
}

static int parse(const char *text)
{
    struct fold_text name;
    return parse_bytes(text, strlen(text), &name);
}

static void assert_name(const char *text, const char *expected)
{
    struct fold_text name;
    int condition = parse_bytes(text, strlen(text), &name);
    if (condition != FOLD_OK || name.size != strlen(expected) ||
        memcmp(name.bytes, expected, name.size) != 0) {
        fail_msg("%s: condition %d, %.*s instead of %s", text, condition,
                 condition == FOLD_OK ? (int)name.size : 0, (const char *)name.bytes, expected);
    }
}

/* Whatever the input, what is taken for a name stays as it is, and holds none of what is dropped.
 */
static void assert_stable(const char *text, size_t length)
{
    struct fold_text once;
    struct fold_text twice;
    int condition = parse_bytes(text, length, &once);
    assert_in_range(condition, FOLD_OK, FOLD_NO_LETTER);
    if (condition != FOLD_OK) {
        return;
    }
    assert_in_range(once.count, 1, FOLD_TEXT_MAXIMUM);
    assert_int_equal(parse_bytes((const char *)once.bytes, once.size, &twice), FOLD_OK);
    assert_int_equal(twice.size, once.size);
    assert_int_equal(twice.count, once.count);
    assert_memory_equal(twice.bytes, once.bytes, once.size);
    for (size_t i = 0; i < once.size; i++) {
        bool plain = (once.bytes[i] >= 'a' && once.bytes[i] <= 'z') ||
                     (once.bytes[i] >= '0' && once.bytes[i] <= '9');
        assert_true(once.bytes[i] >= 0x80 || plain);
    }
}

static void test_plain_names(void **state)
{
    (void)state;
    assert_name("Jansen", "jansen");
    assert_name("  JANSEN  ", "jansen");
    assert_name("Janßen", "janssen");
    assert_name("\u0132sselstein", "ijsselstein");
    assert_name("IJsselstein", "ijsselstein");
    assert_name("Vries 2", "vries2");
    assert_name("Ｊａｎｓｅｎ", "jansen");
}

static void test_marks_are_dropped(void **state)
{
    (void)state;
    assert_name("M\u00fcller", "muller");
    assert_name("Mu\u0308ller", "muller");
    assert_name("Fran\u00e7ois", "francois");
    assert_name("Nguy\u1ec5n", "nguyen");
    assert_name("\u015eAH\u0130N", "sahin");
    assert_name("Jan\u20dd\u0338sen", "jansen");
}

static void test_letters_that_nfkd_leaves_whole(void **state)
{
    (void)state;
    assert_name("S\u00f8rensen", "sorensen");
    assert_name("S\u01ferensen", "sorensen");
    assert_name("\u00c6r\u00f8", "aero");
    assert_name("C\u0153ur", "coeur");
    assert_name("\u0110or\u0111evi\u0107", "dordevic");
    assert_name("\u0141ukasiewicz", "lukasiewicz");
    assert_name("\u00de\u00f3r\u00f0ard\u00f3ttir", "thordardottir");
    assert_name("Y\u0131lmaz", "yilmaz");
    assert_name("M\u0259mm\u0259dov", "memmedov");
}

static void test_prefixes_in_front(void **state)
{
    (void)state;
    static const char *const bergs[] = {
        "Berg",          "van den Berg",     "VAN DEN BERG", "Van  Den\u00a0Berg",
        "van-den-Berg",  "v.d. Berg",        "v.d.Berg",     "v. d. Berg",
        "v/d Berg",      "vd Berg",          "van 't Berg",  "van\u2019t Berg",
        "'t Berg",       "\u2018t Berg",     "d'Berg",       "D\u2019Berg",
        "d\u02bcBerg",   "d`Berg",           "d\u00b4Berg",  "l'Berg",
        "'s-Berg",       "de la Berg",       "el Berg",      "El-Berg",
        "al-Berg",       "von der Berg",     "ten Berg",     "Ter Berg",
        "van der Berg.", "van \u00f0e Berg", "in het Berg",  "op den Berg",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bergs); i++) {
        assert_name(bergs[i], "berg");
    }
}

static void test_prefixes_elsewhere_stay(void **state)
{
    (void)state;
    assert_name("Vandenberg", "vandenberg");
    assert_name("Jansen-de Vries", "jansendevries");
    assert_name("Jansen - de Vries", "jansendevries");
    assert_name("de Vries-van den Berg", "vriesvandenberg");
    assert_name("Darcy", "darcy");
    assert_name("O'Neill", "oneill");
    assert_name("M'Barek", "mbarek");
}

static void test_a_name_of_prefixes_keeps_its_last_word(void **state)
{
    (void)state;
    assert_name("De", "de");
    assert_name("de la", "la");
    assert_name("Van", "van");
    assert_name("van 't", "t");
    assert_name("de, van", "de");
    assert_name(", van den", "den");
}

static void test_prefixes_behind_a_comma(void **state)
{
    (void)state;
    assert_name("Berg, van den", "berg");
    assert_name("BERG,VAN DEN", "berg");
    assert_name("Berg\uff0c v.d.", "berg");
    assert_name("Artagnan, d'", "artagnan");
    assert_name("Hof, van, 't", "hof");
    assert_name("van Berg, den", "berg");
    assert_name("Berg,", "berg");
    assert_name("Berg, Jan", "bergjan");
    assert_name("Berg, van Dijk", "bergvandijk");
}

static void test_every_apostrophe_and_hyphen_is_the_same(void **state)
{
    (void)state;
    static const char *const between[] = {
        "",       "'",      "`",      "\u00b4", "\u02b9", "\u02bb", "\u02bc", "\u02be", "\u02c8",
        "\u2018", "\u2019", "\u201b", "\u2032", "\u2035", "\uff07", "\ua78c", "\u055a", "\u05f3",
        "-",      "\u00ad", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212",
        "\ufe63", "\uff0d", ".",      "\u00b7", "\u2024", " ",      "\u00a0", "\u2003", "\u3000",
        "\u200b", "\u200d", "\ufeff", "|",      "/",      "\"",     "\u0640",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(between); i++) {
        char text[32];
        snprintf(text, sizeof(text), "O%sNeill", between[i]);
        assert_name(text, "oneill");
    }
}

static void test_other_scripts_pass_through(void **state)
{
    (void)state;
    assert_name("\u0418\u0432\u0430\u043d\u043e\u0432", "\u0438\u0432\u0430\u043d\u043e\u0432");
    assert_name("\u03a0\u03b1\u03c0\u03b1\u03b4\u03cc\u03c2",
                "\u03c0\u03b1\u03c0\u03b1\u03b4\u03bf\u03c3");
    assert_name("\u0645\u064f\u062d\u064e\u0645\u0651\u0640\u062f", "\u0645\u062d\u0645\u062f");
    assert_name("\u738b", "\u738b");
    /* Syllables come apart; vowel signs and voicing marks are letters in all but name. */
    assert_name("\uae40", "\u1100\u1175\u11b7");
    assert_name("\u0930\u093e\u092e", "\u0930\u093e\u092e");
    assert_name("\u304c", "\u304b\u3099");
    assert_name("\u093e\u0930", "\u0930");
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const no_letters[] = {"",   " ",     "-",      "'",      "...",    "|",
                                             "12", "van 3", "\u0301", "\u093e", "\u200d", "\u02bc"};
    for (size_t i = 0; i < ARRAY_LENGTH(no_letters); i++) {
        assert_int_equal(parse(no_letters[i]), FOLD_NO_LETTER);
    }
    static const char *const bad_characters[] = {
        "Jan\tsen", "Jansen\n",    "z\x7f",   "\xc2\x85", "\u2028a", "\u2029a",
        "\ue000a",  "\U000f0000a", "\u0378a", "\ufdd0a",  "\uffffa", "\U0010ffffa",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad_characters); i++) {
        assert_int_equal(parse(bad_characters[i]), FOLD_BAD_CHARACTER);
    }
    struct fold_text name;
    assert_int_equal(parse_bytes("Jan\0sen", 7, &name), FOLD_BAD_CHARACTER);
    static const char *const not_utf8[] = {
        "\xff",
        "a\x80",
        "\xc3",
        "a\xe2\x82",
        "\xc0\xaf",
        "\xc1\x81",
        "\xe0\x80\xaf",
        "\xed\xa0\x80",
        "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(not_utf8); i++) {
        assert_int_equal(parse(not_utf8[i]), FOLD_NOT_UTF8);
    }
    assert_int_equal(parse_bytes(NULL, 0, &name), FOLD_NO_LETTER);
}

/* A block of its own for each text, so that AddressSanitizer sees a byte too many read. */
static int parse_repeated(const char *unit, size_t times)
{
    struct fold_text name;
    size_t size = strlen(unit);
    char *text = malloc(size * times + 1);
    assert_non_null(text);
    for (size_t i = 0; i < times; i++) {
        memcpy(text + i * size, unit, size);
    }
    int condition = parse_bytes(text, size * times, &name);
    free(text);
    return condition;
}

static void test_lengths(void **state)
{
    (void)state;
    assert_int_equal(parse_repeated("a", FOLD_TEXT_MAXIMUM), FOLD_OK);
    assert_int_equal(parse_repeated("a", FOLD_TEXT_MAXIMUM + 1), FOLD_TOO_LONG);
    assert_int_equal(parse_repeated("\U00010400", FOLD_TEXT_MAXIMUM), FOLD_OK);
    assert_int_equal(parse_repeated("\U00010400", FOLD_TEXT_MAXIMUM + 1), FOLD_TOO_LONG);
    assert_int_equal(parse_repeated(" ", FOLD_TEXT_MAXIMUM + 1), FOLD_TOO_LONG);
    assert_int_equal(parse_repeated("a ", FOLD_TEXT_MAXIMUM / 2), FOLD_OK);
    assert_int_equal(parse_repeated("de ", FOLD_TEXT_MAXIMUM / 3), FOLD_OK);
    /* What grows past the limit is refused too, or a name would not pass a second time. */
    assert_int_equal(parse_repeated("\u00df", FOLD_TEXT_MAXIMUM / 2), FOLD_OK);
    assert_int_equal(parse_repeated("\u00df", FOLD_TEXT_MAXIMUM / 2 + 1), FOLD_TOO_LONG);
    assert_int_equal(parse_repeated("\u00e6", FOLD_TEXT_MAXIMUM / 2 + 1), FOLD_TOO_LONG);
    assert_int_equal(parse_repeated("\ufdfa", FOLD_TEXT_MAXIMUM), FOLD_TOO_LONG);
}

static void test_a_refused_name_leaves_the_result_alone(void **state)
{
    (void)state;
    struct fold_text name = {.count = 77, .size = 78};
    assert_int_equal(parse_bytes("Jansen\n", 7, &name), FOLD_BAD_CHARACTER);
    assert_int_equal(parse_bytes("3", 1, &name), FOLD_NO_LETTER);
    assert_int_equal(name.count, 77);
    assert_int_equal(name.size, 78);
}

/* Every code point: alone, within a word, behind a prefix and behind a comma. */
static void test_every_code_point_is_stable(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } places[] = {{"", ""}, {"a", "b"}, {"de ", ""}, {"Berg,", "van"}};
    struct fold_text whole;
    for (int32_t point = 0; point < 0x110000; point++) {
        char text[32];
        if (point >= 0xd800 && point < 0xe000) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
            char *end = stpcpy(text, places[i].before);
            end += utf8proc_encode_char(point, (uint8_t *)end);
            end = stpcpy(end, places[i].after);
            assert_stable(text, (size_t)(end - text));
            /* No single one fills the room for what it becomes. */
            assert_int_not_equal(parse_bytes(text, (size_t)(end - text), &whole), FOLD_TOO_LONG);
        }
    }
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33);
}

static size_t put_random_piece(uint64_t *seed, char *out)
{
    static const char *const pieces[] = {
        "van",    "de",     "DER",    "'t",     "v.d.",   "el",     "d'",     " ",      " ",
        "-",      ",",      ".",      "\u2019", "\u02bc", "\u0301", "\u0308", "\u0345", "\u093c",
        "\u094d", "\u3099", "\u0640", "\u00ad", "\u0e38", "\u0f71", "\u00e6", "\u00df", "\u0130",
        "\u0131", "\u0132", "\ufb03", "\u03c2", "\u0915", "\uac01", "Berg",   "a",      "Z",
    };
    uint32_t choice = next_random(seed);
    if (choice % 4 != 0) {
        const char *piece = pieces[next_random(seed) % ARRAY_LENGTH(pieces)];
        return (size_t)(stpcpy(out, piece) - out);
    }
    int32_t point = (int32_t)(next_random(seed) % (choice % 8 == 0 ? 0x3000 : 0x20000));
    if (utf8proc_category(point) < UTF8PROC_CATEGORY_LU ||
        utf8proc_category(point) >= UTF8PROC_CATEGORY_ZL) {
        point = 'x';
    }
    return (size_t)utf8proc_encode_char(point, (uint8_t *)out);
}

static void test_random_names_are_stable(void **state)
{
    (void)state;
    uint64_t seed = 20240229;
    size_t names = 0;
    for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
        char text[512];
        struct fold_text name;
        size_t length = 0;
        for (uint32_t left = next_random(&seed) % 40; left > 0; left--) {
            length += put_random_piece(&seed, text + length);
        }
        assert_stable(text, length);
        names += parse_bytes(text, length, &name) == FOLD_OK;
    }
    assert_true(names > RANDOM_ROUNDS / 2);
}

static void test_random_bytes_are_stable(void **state)
{
    (void)state;
    uint64_t seed = 19680229;
    for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
        char text[24];
        size_t length = next_random(&seed) % sizeof(text);
        for (size_t i = 0; i < length; i++) {
            text[i] = (char)(next_random(&seed) & (round % 2 == 0 ? 0xff : 0x7f));
        }
        assert_stable(text, length);
    }
}

static void test_birth_dates(void **state)
{
    (void)state;
    char date[PERSON_DATE_LENGTH + 1] = "untouched";
    static const char *const bad[] = {"",           "2012-5-1",    "2012-05-1",   "12-05-2012",
                                      "2012/05/01", "2012-05-01 ", " 2012-05-01", "20120501",
                                      "2012-05-0x", "+012-05-01"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(person_parse_birth_date(bad[i], strlen(bad[i]), date), PERSON_BAD_DATE);
        assert_string_equal(date, "untouched");
    }
    assert_int_equal(person_parse_birth_date("2012-05-01xx", 10, date), PERSON_OK);
    assert_string_equal(date, "2012-05-01");
}

static void test_sexes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char sex;
    } good[] = {
        {"M", 'M'}, {"m", 'M'}, {"male", 'M'}, {"Man", 'M'},     {"MALE", 'M'},     {"V", 'V'},
        {"v", 'V'}, {"F", 'V'}, {"f", 'V'},    {"Female", 'V'},  {"vrouw", 'V'},    {"VROUW", 'V'},
        {"O", 'O'}, {"X", 'O'}, {"x", 'O'},    {"UnKnown", 'O'}, {"onbekend", 'O'},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        char sex = '?';
        assert_int_equal(person_parse_sex(good[i].text, strlen(good[i].text), &sex), PERSON_OK);
        assert_int_equal(sex, good[i].sex);
    }
    static const char *const bad[] = {"", "W", "ma", "mal", "males", " m", "m ", "vrouwen", "0"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char sex = '?';
        assert_int_equal(person_parse_sex(bad[i], strlen(bad[i]), &sex), PERSON_BAD_SEX);
        assert_int_equal(sex, '?');
    }
    char sex;
    assert_int_equal(person_parse_sex("m\0le", 4, &sex), PERSON_BAD_SEX);
}

static void test_texts(void **state)
{
    (void)state;
    for (int condition = PERSON_OK; condition < PERSON_CONDITIONS; condition++) {
        assert_string_not_equal(person_condition_text(condition), person_condition_text(-5));
        for (int other = PERSON_OK; other < condition; other++) {
            assert_string_not_equal(person_condition_text(condition), person_condition_text(other));
        }
    }
    assert_string_equal(person_condition_text(-5), person_condition_text(99));
}

static void test_wiping(void **state)
{
    (void)state;
    struct person person;
    static const struct person zero;
    memset(&person, 0x5a, sizeof(person));
    person_wipe(&person);
    assert_memory_equal(&person, &zero, sizeof(person));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_names),
        cmocka_unit_test(test_marks_are_dropped),
        cmocka_unit_test(test_letters_that_nfkd_leaves_whole),
        cmocka_unit_test(test_prefixes_in_front),
        cmocka_unit_test(test_prefixes_elsewhere_stay),
        cmocka_unit_test(test_a_name_of_prefixes_keeps_its_last_word),
        cmocka_unit_test(test_prefixes_behind_a_comma),
        cmocka_unit_test(test_every_apostrophe_and_hyphen_is_the_same),
        cmocka_unit_test(test_other_scripts_pass_through),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_a_refused_name_leaves_the_result_alone),
        cmocka_unit_test(test_every_code_point_is_stable),
        cmocka_unit_test(test_random_names_are_stable),
        cmocka_unit_test(test_random_bytes_are_stable),
        cmocka_unit_test(test_birth_dates),
        cmocka_unit_test(test_sexes),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_wiping),
    };
    return cmocka_run_group_tests_name("person", tests, support_init, NULL);
}
