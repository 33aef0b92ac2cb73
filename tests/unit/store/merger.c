/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/merger.h"

#include "store/base/layout.h"

void merger_open(struct office *office, struct merger_schools *schools)
{
    *office = (struct office){.faulty = true};
    office_open(office);
    schools->big = office_reporter(office);
    schools->small = office_reporter(office);
    schools->care = office_reporter(office);
    office_hire(office, schools->big, "ann");
    office_hire(office, schools->small, "ann");
    office_hire(office, schools->small, "bea");
    office_hire(office, schools->care, "cor");
}

void merger_fill(struct store_party_merge *op, uint32_t from, uint32_t into)
{
    store_party_merge_init(op);
    op->from = office_oin(from);
    op->into = office_oin(into);
    op->op.by = office_attribution(0);
}

int merger_run(struct office *office, uint32_t from, uint32_t into)
{
    struct store_party_merge op;
    merger_fill(&op, from, into);
    int result = office_run(office, &op.op, 0);
    if (result == 0) {
        assert_int_equal(op.number, into);
        assert_true(op.op.logged);
    }
    return result;
}

int merger_change(struct office *office, uint32_t party, enum party_action action,
                  const struct store_party_change *what)
{
    struct store_party_change op;
    office_change(&op, party, action);
    op.roles = what->roles;
    op.permissions = what->permissions;
    op.agreement = what->agreement;
    op.other = what->other;
    return office_run(office, &op.op, 0);
}

void merger_agree(struct office *office, uint32_t party, uint16_t municipality, int32_t until_day)
{
    struct store_party_change what = {.agreement = {municipality, until_day}};
    assert_int_equal(merger_change(office, party, PARTY_AGREEMENT_ADD, &what), 0);
}

void merger_mandate(struct office *office, uint32_t holder, uint32_t party, int days)
{
    struct store_party_change what = {.other = office_oin(party),
                                      .agreement = {0, office_today() + days}};
    assert_int_equal(merger_change(office, holder, PARTY_MANDATE, &what), 0);
}

struct party merger_see(struct office *office, uint32_t number)
{
    struct party party;
    assert_int_equal(store_get_party(office_look(office), number, &party), 0);
    return party;
}

int32_t merger_agreed_until(const struct party *party, uint16_t municipality)
{
    for (size_t i = 0; i < party->agreement_count; i++) {
        if (party->agreements[i].municipality == municipality) {
            return party->agreements[i].until_day;
        }
    }
    return 0;
}

bool merger_is_gone(struct office *office, uint32_t number)
{
    struct oin oin = office_oin(number);
    struct party party;
    int result = store_find_party(office_look(office), &oin, &party);
    assert_true(result == 0 || result == STORE_NOT_FOUND);
    return result == STORE_NOT_FOUND;
}

void merger_check_gone(struct office *office, uint32_t number)
{
    struct party party;
    const struct party *list;
    size_t count;
    assert_true(merger_is_gone(office, number));
    assert_int_equal(store_get_party(office_look(office), number, &party), STORE_NOT_FOUND);
    for (int kind = PARTY_PROFILE; kind <= PARTY_TRANSFER; kind++) {
        assert_int_equal(office_count_rows(office, number, kind), 0);
    }
    assert_int_equal(store_list_parties(office_look(office), 0, 100, &list, &count), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(list[i].number, number);
    }
}

size_t merger_count(struct office *office, uint32_t party, const char *professional,
                    unsigned status)
{
    struct signal_page page = office_signals(office, party, status);
    size_t count = 0;
    for (size_t i = 0; i < page.count; i++) {
        count += strcmp(page.signals[i].professional, professional) == 0 ? 1 : 0;
    }
    return count;
}
