# SPDX-License-Identifier: EUPL-1.2
"""What must not go wrong between two steps: a crowded child, authority that is lost on the way, a
copy that is being made at the end, faults of our own that the operator must hear of."""
import collections
import signal
import threading

from actors import Party, bsn, in_parallel, run_vix, until

CROWD = 190  # professionals on one child: more than one answer holds when many notices are asked


def metric(daemon, name):
    for line in daemon.management("/metrics").text.splitlines():
        if line.startswith(f"verwijsindex_{name} "):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"there is no metric {name}")


def test_large_pages_are_made_smaller(daemon, school):
    for i in range(CROWD):
        school.designate(f"p{i}")
        assert school.signal(bsn(0), f"p{i}").status == 201
    for limit in (500, 300, 100):
        answer = school.get(f"/v1/notices?after=1000&limit={limit}")
        assert answer.status == 200, answer
        notices = answer.json["notices"]
        assert 50 < len(notices) <= min(limit, 150)
        assert [int(n["sequence"]) for n in notices] == list(range(1001, 1001 + len(notices)))
        assert all(len(n["data"]["involved"]) == CROWD - 1 for n in notices)
        assert answer.json["next"] == 1000 + len(notices)
    assert metric(daemon, "internal_errors_total") == 0


def test_no_match_for_who_was_suspended_meanwhile(daemon, operator, pki, admit, auditor):
    """A supplier that is suspended while its posts are under way is shown no match from then on."""
    supplier = admit(pki.new_client(), roles=("supplier",))
    school, care = admit("school"), admit("care")
    operator.mandate(supplier, school)
    school.designate("p")
    care.designate("q")
    children, hands = 200, 8
    for i in range(children):
        assert care.signal(bsn(i), "q").status == 201
    begun = threading.Event()
    statuses = collections.Counter()

    def post_some(first):
        client = Party(daemon, supplier.name, on_behalf_of=school.oin)
        for i in range(first, children, hands):
            statuses[client.signal(bsn(i), "p").status] += 1
            begun.set()

    def suspend():
        begun.wait()
        return int(operator.post(f"/control/parties/{supplier.oin}/_suspend")
                   .headers["log-index"])

    suspended_at = in_parallel([suspend, *(lambda first=first: post_some(first)
                                           for first in range(hands))])[0]
    assert set(statuses) <= {201, 403} and statuses[403] > 0
    later = auditor.log_entries(fromIndex=suspended_at)
    assert later
    for entry in later:
        if entry["record"]["attributes"].get("verwijsindex.party") == supplier.oin:
            assert entry["record"]["name"] == "request-refused"


def test_a_supplier_that_waits_hears_of_its_suspension(daemon, operator, pki, admit):
    supplier, school = admit(pki.new_client(), roles=("supplier",)), admit("school")
    operator.mandate(supplier, school)
    acting = Party(daemon, supplier.name, on_behalf_of=school.oin)
    assert acting.get("/v1/notices").status == 200
    before = operator.status()["operations"]
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(acting.get("/v1/notices?wait=60")))
    waiting.start()
    operator.suspend(supplier)
    waiting.join(30)  # half of what it would wait for
    assert not waiting.is_alive()
    assert (answers[0].status, answers[0].problem) == (403, "party-suspended")
    assert operator.status()["operations"] > before


def test_strangers_take_no_connection_from_parties(start_daemon):
    daemon = start_daemon(limits={"connections": 10})
    strangers = [daemon.anonymous() for _ in range(10)]
    for stranger in strangers:
        assert stranger.get("/v1/openapi.json").status == 200
    until(lambda: metric(daemon, "open_connections") <= 1)  # the one that asks
    daemon.operator.admit("school")
    assert daemon.party("school").get("/v1/parties/self").status == 200


def test_a_fault_of_our_own_is_in_the_log(daemon, operator):
    answer = operator.post("/control/_backup", {"directory": "/nowhere/at/all"})
    assert (answer.status, answer.problem) == (500, "internal-error")
    line = daemon.wait_for_line("status=500")
    assert "route=/control/_backup" in line and "service=control" in line
    assert "nowhere" not in daemon.log
    assert metric(daemon, "internal_errors_total") == 1


def test_stopping_while_a_copy_is_made(monkeypatch, start_daemon):
    """The copy outlasts the drain: it is waited for, and is in the log before the store closes."""
    monkeypatch.setenv("VIX_DEADLINES", "drain=1,linger=1")
    daemon = start_daemon()
    auditor = daemon.operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    for _ in range(300):  # something to verify
        assert auditor.get("/v1/nothing").status == 404
    auditor.close()
    copy = daemon.directory / "copy"
    asking = threading.Thread(
        target=lambda: run_vix("--control", daemon.control, "backup", str(copy)))
    asking.start()
    until((copy / "data.mdb").exists)
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.wait_for_exit() == 0
    asking.join()
    daemon.check_log()
    daemon.start()
    made = daemon.party("auditor").log_entries(event="backup-made")
    assert len(made) == 1
