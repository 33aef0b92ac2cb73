# SPDX-License-Identifier: EUPL-1.2
"""The auditor's page in a real browser, on the real daemon."""
import http.server
import json
import re
import shutil
import threading
import types

import pytest

import witnesses
from accessible import check_view, contrast_faults
from actors import SOURCE, Daemon, bsn, eleven_proof, kept_port, new_directory, until
from browser import Browser, Policy
from page import CASE, LAPTOP, TABLET, VIEWS, Page, Witness, World
from verifier import checkpoint_of, commitment_of, root_of, sha256


@pytest.fixture(scope="module")
def policy():
    with Policy():
        yield


@pytest.fixture(scope="module")
def world(pki):
    daemon = Daemon(pki, new_directory()).start()
    try:
        made = World(daemon, pki)
        assert made.size > 400
        yield made
    finally:
        daemon.close_clients()
        if daemon.process is not None:
            daemon.stop()
        shutil.rmtree(daemon.directory)


@pytest.fixture(scope="module")
def browser(pki, policy):  # pylint: disable=unused-argument
    browser = Browser(pki, "auditor")
    yield browser
    browser.close()


@pytest.fixture
def page(browser, world):
    page = Page(browser, world)
    page.begin()
    return page


def events_of(world, since):
    """What the auditor did since: the names, oldest first. Not what was refused, which is counted
    and written down each minute, and so may stand anywhere."""
    names = [entry["record"]["name"] for entry in world.auditor.log_entries(
        fromIndex=since, party=world.auditor.oin)]
    return [name for name in names if name != "refusals-counted"]


# ---- the parts, by themselves ----

def test_canonical_form(page):
    """RFC 8785, section 3.2.2 and 3.2.3 and appendix B."""
    page.go()
    cases = [
        ('{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
         '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",'
         '"literals":[null,true,false]}',
         '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
         '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
        ('{"\\u20ac":1,"\\r":2,"\\ufb33":3,"1":4,"\\ud83d\\ude00":5,"\\u0080":6,"\\u00f6":7}',
         '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'),
        ('-0', '0'), ('[]', '[]'), ('{"b":{"d":1,"c":[{"z":0,"a":null}]},"a":""}',
                                   '{"a":"","b":{"c":[{"a":null,"z":0}],"d":1}}'),
    ]
    for text, canonical in cases:
        assert page.browser.run("const {canonical} = await import('/audit/canonical.js');"
                                "return canonical(JSON.parse(arguments[0]))", text) == canonical


def test_tree(page):
    """Roots, paths and consistency, by the vectors and over sizes that cross every boundary."""
    page.go()
    vectors = json.loads((SOURCE / "tests" / "vectors" / "tlog.json").read_text())
    roots = page.browser.run("""
        const {fromHex, toHex} = await import('/audit/checkpoint.js');
        const {hashAll, hashLeaf} = await import('/audit/merkle.js');
        const leaves = await Promise.all(arguments[0].map((leaf) => hashLeaf(fromHex(leaf))));
        const roots = await Promise.all([...leaves.keys()].map((i) =>
            hashAll(leaves.slice(0, i + 1))));
        return [toHex(await hashAll([])), ...roots.map(toHex)]""", vectors["leaves"])
    assert roots == [vectors["empty_root"], *(vectors["roots"][str(i)] for i in range(1, 9))]

    # A log whose tiles repeat, so that large ones cost little here: leaf i is of tile and place.
    sizes = [1, 2, 3, 255, 256, 257, 511, 512, 513, 700, 65535, 65536, 65537, 66000]
    leaves = [sha256(b"\0", bytes([i // 256 % 3, i % 256])) for i in range(max(sizes))]
    roots = {size: root_of(leaves[:size]).hex() for size in [0, *sizes]}
    faults = page.browser.run("""
        const [roots, sizes] = arguments;
        const {toHex} = await import('/audit/checkpoint.js');
        const {hashAll, hashLeaf, climb, Tree, TILE_WIDTH} = await import('/audit/merkle.js');
        const kinds = await Promise.all([0, 1, 2].map((kind) => Promise.all(
            Array.from({length: TILE_WIDTH}, (_, i) => hashLeaf(Uint8Array.of(kind, i))))));
        const tops = await Promise.all(kinds.map(hashAll));
        const second = Array.from({length: TILE_WIDTH + 1}, (_, i) => tops[i % 3]);
        const third = [await hashAll(second.slice(0, TILE_WIDTH))];
        const asked = [];
        const read = async (level, number, width) => {
            asked.push([level, number, width]);
            return level === 0 ? kinds[number % 3].slice(0, width) :
                [second, third][level - 1].slice(number * TILE_WIDTH, number * TILE_WIDTH + width);
        };
        const faults = [];
        for (const size of sizes) {
            const tree = new Tree(size, read);
            if (toHex(await tree.range(0, size)) !== roots[size]) {
                faults.push(['root', size]);
            }
            for (const first of [0, 256, 512, 65280, 65536].filter((one) => one < size)) {
                const end = Math.min(first + TILE_WIDTH, size);
                const path = await tree.path(first, end);
                const leaves = await tree.tile(0, first / TILE_WIDTH);
                const root = toHex(await climb(await hashAll(leaves), path));
                const other = toHex(await climb(await hashAll([...leaves].reverse()), path));
                if (root !== roots[size] || (end - first > 1 && other === root)) {
                    faults.push(['path', size, first]);
                }
            }
            for (const before of [0, ...sizes].filter((one) => one <= size)) {
                const both = await tree.bothRoots(before);
                if (toHex(both.before) !== roots[before] || toHex(both.now) !== roots[size]) {
                    faults.push(['both', before, size]);
                }
            }
        }
        return asked.every(([level, number, width]) => width > 0 && width <= TILE_WIDTH &&
            (number * TILE_WIDTH + width) * TILE_WIDTH ** level <= Math.max(...sizes)) ?
            faults : [...faults, 'a tile that is not there'];""", roots, sizes)
    assert faults == []


def test_addresses_numbers_and_times(page):
    page.go()
    addresses = page.browser.run("""
        const {tileAddress} = await import('/audit/tiles.js');
        return [[0, 0, 256], [0, 0, 1], [1, 1234067, 256], [5, 1000, 255]]
            .map((one) => tileAddress(...one))""")
    assert addresses == ["/tlog/tile/0/000", "/tlog/tile/0/000.p/1",
                         "/tlog/tile/1/x001/x234/067", "/tlog/tile/5/x001/000.p/255"]
    numbers = [f"{n:09d}" for n in range(949999990, 950000100)] + ["000000000", "123456782"]
    told = page.browser.run("const {isBsn} = await import('/audit/forms.js');"
                            "return arguments[0].map(isBsn)", numbers)
    assert told == [eleven_proof(number) for number in numbers]
    short = page.browser.run("const {isBsn} = await import('/audit/forms.js');"
                             "return ['12345672', '1234567', '95000001x', '0123456720'].map(isBsn)")
    assert short == [eleven_proof("012345672"), False, False, False]
    # Across both changes of the clock in 2026, and an hour that there is twice.
    instants = page.browser.run("""
        const {instantOf} = await import('/audit/forms.js');
        return ['2026-01-15T12:00', '2026-07-15T12:00', '2026-03-29T01:59', '2026-03-29T03:00',
            '2026-10-25T01:59', '2026-10-25T03:00', ''].map(instantOf)""")
    assert instants == ["2026-01-15T11:00:00.000Z", "2026-07-15T10:00:00.000Z",
                        "2026-03-29T00:59:00.000Z", "2026-03-29T01:00:00.000Z",
                        "2026-10-24T23:59:00.000Z", "2026-10-25T02:00:00.000Z", ""]


# ---- entries ----

def test_entries_are_checked_here(page, world):
    before = world.size
    page.visit()
    assert page.is_checked().startswith("✓\nNagerekend\nAlle 50 hier nagerekend")
    rows = page.rows()
    assert [row[0] for row in rows] == list(range(before - 1, before - 51, -1))
    assert {row[2] for row in rows} == {"good"}
    assert f"Deze inzage is regel {before}." in page.shown(".about")[0]
    # What the details say was computed is what another verifier computes.
    page.browser.click("tr.entry button.more")
    page.browser.wait("return document.querySelector('.whole .steps') !== null")
    steps = page.browser.run("return [...document.querySelectorAll('.steps dd')]"
                             ".map((one) => one.innerText)")
    entry = world.auditor.entry(rows[0][0])
    assert steps[2] == steps[3] == commitment_of(entry).hex()
    (canonical,) = page.browser.run("return [...document.querySelectorAll('.whole pre')]"
                                    ".map((one) => one.textContent)")
    assert json.loads(canonical) == entry["record"]
    page.browser.click("tr.entry button.more")
    assert page.shown(".whole") == []
    # One reading was logged for the page, none for checking it.
    assert events_of(world, before)[:1] == ["log-read"]
    assert "log-proved" not in events_of(world, before)
    assert page.browser.console() == []


def test_paging_and_filters(page, world):
    page.settle()
    first = page.rows()
    page.browser.click(".pager button:last-child")
    page.browser.wait("return document.querySelector('.about').innerText.includes('Pagina 2')")
    page.is_checked()
    assert [row[0] for row in page.rows()] == [row[0] - 50 for row in first]
    assert page.browser.run("return document.activeElement.tagName") == "H3"
    size = world.size
    page.browser.click(".pager button:first-child")  # what was read is not read again
    page.browser.wait("return document.querySelector('.about').innerText.includes('Pagina 1')")
    assert (page.is_checked(), page.rows()) and page.rows()[0][0] == first[0][0]
    assert events_of(world, size) == []

    page.fill(Gebeurtenis="signal-posted", Regels_per_pagina="25")
    page.submit()
    page.browser.wait("return [...document.querySelectorAll('tr.entry .event')]"
                      ".every((one) => one.innerText === 'Signaal gegeven')")
    assert "Alle 25" in page.is_checked()
    page.fill(Gebeurtenis="", Uitkomst="not-found")
    page.submit()
    page.browser.wait("return document.querySelectorAll('tr.entry').length === 1")
    assert page.shown("tr.entry .refused") == ["Geweigerd: niet gevonden"]
    page.fill(Uitkomst="storage-full")
    page.submit()
    page.browser.wait("return document.querySelector('.message').innerText.includes("
                      "'Geen regel voldoet aan deze filters')")
    assert page.shown("tr.entry") == []
    page.browser.click(".view-entries button[type=reset]")

    # Who signalled what is nobody's business but the auditor's: posted, with a reason.
    page.fill(Professional="e")
    page.submit()
    assert page.shown(".fault") == ["Geef het OIN van de partij van deze professional op."]
    page.fill(**{"Partij_(OIN)": world.doctor.oin})
    page.submit()
    assert page.shown(".fault") == ["Geef een zaakkenmerk op: het komt in het logboek."]
    page.fill(Zaakkenmerk=CASE)
    page.submit()
    page.browser.wait("return document.querySelectorAll('tr.entry').length > 0 && "
                      "[...document.querySelectorAll('tr.entry')].every((row) => "
                      "row.innerText.includes('professional e'))")
    assert page.is_checked().startswith("✓")
    asked = page.browser.run("return performance.getEntriesByType('resource').map((e) => e.name)")
    assert not any("professional" in name or CASE in name for name in asked)
    (search,) = world.auditor.log_entries(fromIndex=size, event="log-searched")
    assert search["record"]["attributes"]["verwijsindex.case_reference"] == CASE
    page.browser.click(".view-entries button[type=reset]")

    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert world.school.get("/v1/signals", headers={
        "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}).status == 200
    page.fill(**{"Trace-id": trace.upper()})
    page.submit()
    page.browser.wait("return document.querySelectorAll('tr.entry').length === 1")
    assert page.rows()[0][1] == "Signalen opgevraagd"

    page.go("entries/100")
    page.browser.wait("return document.querySelector('tr.marked')?.dataset.index === '100'")
    assert [row[0] for row in page.rows()] == list(range(110, 89, -1))
    assert page.is_checked().startswith("✓")


FORGERIES = {
    "a record that says something else": ("""
        if (path.startsWith('/v1/log-entries')) {
          return alter(response, ({logEntries}) => {
            logEntries[3].record.attributes['verwijsindex.party'] = '00000003999999990000';
          });
        }""", 3, "Dit is niet wat is vastgelegd"),
    "with a commitment that fits it": ("""
        if (path.startsWith('/v1/log-entries')) {
          return alter(response, async ({logEntries: [entry]}) => {
            const {commitmentOf} = await import('/audit/verify.js');
            entry.record.name = 'signal-erased';
            entry.commitment = btoa(String.fromCharCode(...await commitmentOf(entry)));
          });
        }""", 0, "staat op deze plaats iets anders"),
    "whom it is about": ("""
        if (path.startsWith('/v1/log-entries')) {
          return alter(response, ({logEntries}) => {
            logEntries[2].subject = '00112233445566778899aabbccddeeff';
          });
        }""", 2, "Dit is niet wat is vastgelegd"),
    "an entry in another's place": ("""
        if (path.startsWith('/v1/log-entries')) {
          return alter(response, ({logEntries}) => {
            Object.assign(logEntries[1], {...logEntries[5], index: logEntries[1].index});
          });
        }""", 1, "noemt een ander nummer"),
    "one that is called destroyed": ("""
        if (path.startsWith('/v1/log-entries')) {
          return alter(response, ({logEntries}) => {
            logEntries[4].destroyed = true;
            logEntries[4].record.name = 'signal-read';
          });
        }""", 4, "Dit is niet wat is vastgelegd"),
    "no commitment": ("""
        if (path.startsWith('/v1/log-entries')) {
          return alter(response, ({logEntries}) => {
            logEntries[0].commitment = 7;
          });
        }""", 0, "niet de vorm"),
    "a hash of a tile": ("""
        if (path.startsWith('/tlog/tile/0/001')) {
          const bytes = new Uint8Array(await response.arrayBuffer());
          bytes[40] ^= 1;
          return new Response(bytes);
        }""", None, "leiden niet naar de wortel"),
    "the root": ("""
        if (path === '/tlog/checkpoint') {
          const lines = (await response.text()).split('\\n');
          lines[2] = btoa('x'.repeat(32));
          return new Response(lines.join('\\n'));
        }""", None, "leiden niet naar de wortel"),
    "a note that is none": ("""
        if (path === '/tlog/checkpoint') {
          return new Response('ok');
        }""", None, "niet de vorm"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_tampering_is_seen(page, what):
    change, place, reason = FORGERIES[what]
    with page.answers(change):
        page.visit() if "note" not in what else page.go(fresh=True)
        tally = page.is_checked()
        rows = page.rows()
    assert re.match(r"✗\nKlopt niet\n\d+ van \d+: nr\. \d", tally)
    wrong = [i for i, row in enumerate(rows) if row[2] == "bad"]
    if place is None:
        assert len(wrong) > 20
    else:
        assert wrong == [place]
    assert all(reason in rows[i][3] for i in wrong)


def test_destroyed_entries(browser, new_daemon):
    """When their term is over: no record, the same place in the tree, and it was announced."""
    daemon = new_daemon().start()
    operator = daemon.operator
    auditor = operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    operator.advance((5 * 366 + 40) * 86400)
    until(lambda: "destroyed" in auditor.log_entries()[1])
    page = Page(browser, types.SimpleNamespace(daemon=daemon))
    page.begin()
    page.visit("entries/0")
    tally = page.is_checked()
    gone = [row for row in page.rows() if row[1] == "Regel vernietigd"]
    assert len(gone) >= 2 and {row[2:] for row in map(tuple, gone)} == {
        ("good", "de plaats; de inhoud is vernietigd")}
    assert tally.startswith("✓") and f"Van {len(gone)} is dat alleen de plaats" in tally
    page.browser.click("tr.entry:nth-last-of-type(2) button.more")
    page.browser.wait("return document.querySelector('.whole .steps') !== null")
    assert "blijft in de boom staan" in page.shown(".whole")[0]
    # It need not be on the first page, nor on the second.
    with page.answers("""
            if (path.includes('event=records-destroyed')) {
              window.asked = (window.asked ?? 0) + 1;
              return window.asked < 3
                ? new Response(JSON.stringify({logEntries: [], next: 'more'}))
                : await real(path.replace('&cursor=more', ''), options);
            }"""):
        page.visit("entries/0")
        assert page.is_checked().startswith("✓")
    assert page.browser.run("return window.asked") == 3
    # Without the announcement nobody can say that it was their time.
    with page.answers("""
            if (path.includes('event=records-destroyed')) {
              return alter(response, (json) => { json.logEntries = []; });
            }"""):
        page.visit("entries/0")
        assert page.is_checked().startswith("–")
    unsaid = [row for row in page.rows() if row[1] == "Regel vernietigd"]
    assert {row[2] for row in unsaid} == {"open"}
    assert all("geen aankondiging" in row[3] for row in unsaid)


GONE = """if (path.startsWith('/v1/log-entries?')) {
      return alter(response, ({logEntries}) => {
        const gone = {destroyed: true, record: null, salt: null, subject: null, subjectSalt: null};
        %s
      });
    }"""


def test_what_is_only_called_destroyed(page):
    """By whoever would rather not show it: never green."""
    for change, places, state, reason in (
            ("Object.assign(logEntries[1], gone);", [1], "bad", "die ouder is, staat er nog"),
            ("logEntries.forEach((one) => Object.assign(one, gone));", range(50), "open",
             "geen aankondiging"),
            ("Object.assign(logEntries[1], gone, {destroyed: undefined});", [1], "bad",
             "niet de vorm"),
            ("Object.assign(logEntries[1], gone, {subject: '00112233445566778899aabbccddeeff'});",
             [1], "bad", "niet de vorm"),
            ("logEntries[1].destroyed = true;", [1], "bad", "niet de vorm")):
        with page.answers(GONE % change):
            tally = page.settle()
        rows = page.rows()
        assert [i for i, row in enumerate(rows) if row[2] != "good"] == list(places), change
        assert {rows[i][2] for i in places} == {state}, change
        assert all(reason in rows[i][3] for i in places), change
        assert tally.startswith("✗" if state == "bad" else "–")


def test_what_an_announcement_covers(page):
    """From its first on, to its last; never itself or what comes after it. It is looked for as long
    as there is more, up to a bound."""
    page.settle()
    found = page.browser.run("""
        const {Verifier} = await import('/audit/verify.js');
        const real = window.fetch;
        const judge = async (pages, indices) => {
          const one = new Verifier();
          let asked = 0;
          one.head = {size: 1000};
          one.check = async () => ({state: 'good'});
          window.fetch = async () => {
            asked += 1;
            return new Response(JSON.stringify(pages(asked)));
          };
          const found = await Promise.all(indices.map(async (index) =>
            (await one.checkDestroyed({index}, Infinity, {})).reason.split('.')[1]));
          return [found, asked];
        };
        const said = (index, object, count) => ({logEntries: [{index, record: {
          name: 'records-destroyed',
          attributes: {'verwijsindex.object': object, 'verwijsindex.count': count}}}], next: null});
        const none = {logEntries: [], next: 'more'};
        try {
          return [
            await judge(() => said(500, 'entry:0', 10), [0, 9, 10]),
            await judge(() => said(500, 'entry:5', 10), [0, 4, 5, 14, 15]),
            await judge(() => said(12, 'entry:5', 10), [11, 12, 13]),
            await judge(() => said(500, 'entry:x', 10), [0]),
            await judge((asked) => asked < 7 ? none : said(500, 'entry:0', 10), [3]),
            await judge(() => ({...none, next: null}), [3]),
            await judge(() => none, [3, 4]),
          ];
        } finally {
          window.fetch = real;
        }""")
    yes, no = "destroyed", "unannounced"
    assert found == [[[yes, yes, no], 1], [[no, no, yes, yes, no], 1], [[yes, no, no], 1],
                     [[no], 1], [[yes], 7], [[no], 1], [["unsought", "unsought"], 100]]


def test_a_tile_that_does_not_come(page):
    """Is asked for again, past the cache of the browser; no other is."""
    page.settle()
    faults = ("Promise.reject(new TypeError('no'))", "new Response(new Uint8Array(31))")
    for fault in faults:
        asked = page.browser.run("""
            const {Tiles} = await import('/audit/tiles.js');
            const {Tree} = await import('/audit/merkle.js');
            const real = window.fetch;
            const asked = [];
            let fails = true;
            window.fetch = async (path, {cache}) => {
              asked.push([path, cache]);
              if (fails && path === '/tlog/tile/0/001') {
                return """ + fault + """;
              }
              const width = Number(/[.]p[/]([0-9]+)$/.exec(path)?.[1] ?? 256);
              return new Response(new Uint8Array(32 * width));
            };
            const root = (tiles) => new Tree(700, tiles.read, tiles.nodes).path(512, 700)
              .then(() => new Tree(700, tiles.read, tiles.nodes).tile(0, 1))
              .then(() => new Tree(700, tiles.read, tiles.nodes).node(3, 32))
              .then(() => 'done', () => 'failed');
            const tiles = new Tiles();
            try {
              const told = [await root(tiles)];
              fails = false;
              const before = asked.length;
              told.push(await root(tiles), asked.slice(before));
              tiles.kept.delete('/tlog/tile/0/001');
              const again = asked.length;
              told.push(await root(tiles), asked.slice(again), tiles.isFresh);
              return told;
            } finally {
              window.fetch = real;
            }""")
        one = "/tlog/tile/0/001"
        assert asked == ["failed", "done", [[one, "reload"]], "done", [[one, "default"]], False]
    # A hash that was made of it is not kept as a failure either.
    told = page.browser.run("""
        const {Tree} = await import('/audit/merkle.js');
        let fails = true;
        const tree = new Tree(256, async () => {
          if (fails) { throw new RangeError('no'); }
          return Array.from({length: 256}, () => new Uint8Array(32));
        });
        const first = await tree.node(3, 0).catch(() => 'failed');
        fails = false;
        return [first, (await tree.node(3, 0)).length];""")
    assert told == ["failed", 32]


def test_tiles_that_the_browser_has_kept(page):
    """After a restore they are those of another tree: read past the cache before it is called
    wrong, and no more than that."""
    stale = """
        if (path.startsWith('/tlog/tile/') && options.cache !== 'reload') {
          window.stale = true;
          const bytes = new Uint8Array(await response.arrayBuffer());
          bytes.fill(7);
          return new Response(bytes);
        }"""
    with page.answers(stale):
        page.visit()
        assert page.is_checked().startswith("✓")
        assert page.browser.run("return window.stale")
        page.world.school.get("/v1/signals")
        page.visit()  # the last visit's checkpoint is held against this one
        assert page.is_checked().startswith("✓")
    assert "is niets gewijzigd" in page.standing()


def test_begun_anew_nothing_is_kept(page):
    page.settle()
    asked = page.browser.run("""
        const {Verifier} = await import('/audit/verify.js');
        const one = new Verifier();
        await one.refresh();
        const before = one.tiles.isFresh;
        await one.tiles.read(0, 0, 256);
        await one.acceptHead();
        return [before, one.tiles.isFresh, one.tiles.kept.size]""")
    assert asked == [False, True, 0]


def test_begun_anew_while_others_are_at_work(page):
    """Not with an answer that was on its way before; and they keep the head that they have."""
    page.settle()
    held, told = page.browser.run("""
        const {Verifier} = await import('/audit/verify.js');
        const one = new Verifier();
        await one.refresh();
        one.head.history = {state: 'bad', reason: 'history.now', values: {}};
        const real = window.fetch;
        const answers = [];
        window.fetch = async (path, options) => {
          const response = await real(path, options);
          await new Promise((go) => answers.push(go));
          return response;
        };
        try {
          const before = one.head;
          const all = [one.refresh(), one.acceptHead()];
          const held = [];
          for (let i = 0; i < all.length; i += 1) {
            while (answers.length === 0) { await new Promise((go) => setTimeout(go, 5)); }
            held.push(answers.length, one.head === before, one.head.history.state);
            answers.pop()();
            await all[i];
          }
          return [held, [one.head !== before, one.head.history.state]];
        } finally {
          window.fetch = real;
        }""")
    assert held == [1, True, "bad"] * 2 and told == [True, "open"]


# ---- the checkpoint ----

def test_signature(page, world):
    page.visit("checkpoint")
    assert "Niet nagerekend geef bij Controlepunt" in page.standing().replace("\n", " ")
    page.browser.type("textarea", "not a key")
    page.submit()
    page.browser.wait("return document.querySelector('.fault') !== null")
    page.browser.type("textarea", world.daemon.vkey)
    page.submit()
    page.browser.wait("return document.querySelector('#standing .mark-good') !== null")
    assert "is van de logsleutel die u hebt opgegeven" in page.standing()
    page.visit()  # kept
    assert "is van de logsleutel die u hebt opgegeven" in page.standing()

    # The key of another log of the same name: whatever is shown stands on nothing.
    other = Daemon(world.daemon.pki, new_directory())
    page.go("checkpoint")
    page.browser.type("textarea", other.vkey)
    shutil.rmtree(other.directory)
    page.submit()
    page.browser.wait("return document.querySelector('.standing.alarm') !== null")
    page.go("entries")
    page.browser.wait("return document.querySelectorAll('.view-entries .mark-bad').length > 50")
    assert "De handtekening van het controlepunt klopt niet." in page.rows()[0][3]


def test_keys_of_one_name(page, world):
    """A log that has got another key: the one that has signed counts, wherever it stands."""
    other = Daemon(world.daemon.pki, new_directory())
    shutil.rmtree(other.directory)
    keys = [other.vkey, world.daemon.vkey]
    page.visit()
    for lines in (keys, keys[::-1]):
        page.browser.run("localStorage.setItem('verwijsindex.keys', arguments[0])",
                         "\n".join(lines))
        page.visit()
        assert "is van de logsleutel die u hebt opgegeven" in page.standing()
    # A signature that is not its own is wrong, whatever other keys there are.
    with page.answers("""
            if (path === '/tlog/checkpoint') {
              const note = await response.text();
              const [line] = note.split('\\n').slice(-2);
              const [dash, name, encoded] = line.split(' ');
              const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
              bytes[9] ^= 1;
              return new Response(note.replace(line,
                [dash, name, btoa(String.fromCharCode(...bytes))].join(' ')));
            }"""):
        page.visit()
        page.browser.wait("return document.querySelector('.standing.alarm') !== null")


def test_only_the_line_of_the_key_is_verified(page, world):
    """Another signature under the name of the log, and one like it that is not the one checked."""
    with page.answers("""
            if (path === '/tlog/checkpoint') {
              const note = await response.text();
              const [line] = note.split('\\n').slice(-2);
              const [dash, name, encoded] = line.split(' ');
              const other = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
              other[9] ^= 1;
              const again = btoa(String.fromCharCode(...other));
              other[0] ^= 1;
              const unknown = btoa(String.fromCharCode(...other));
              return new Response(note + [unknown, again].map((one) =>
                `${dash} ${name} ${one}\\n`).join(''));
            }"""):
        page.visit()
        page.browser.run("localStorage.setItem('verwijsindex.keys', arguments[0])",
                         world.daemon.vkey)
        page.visit("checkpoint")
        page.browser.wait("return document.querySelector('table.plain .mark-good') !== null")
        rows = page.shown("table.plain:not(.witnesses) tbody tr")
    assert ["✓" in row for row in rows] == [True, False, False]
    assert all("Onbekend" in row for row in rows[1:])


def test_a_browser_without_ed25519(page, world):
    page.visit()
    name = page.browser.inject("""
        const real = SubtleCrypto.prototype.importKey;
        SubtleCrypto.prototype.importKey = function (format, key, kind, ...more) {
          return kind === 'Ed25519' ? Promise.reject(new DOMException('', 'NotSupportedError')) :
            real.call(this, format, key, kind, ...more);
        };""")
    page.browser.run("localStorage.setItem('verwijsindex.keys', arguments[0])", world.daemon.vkey)
    page.visit()
    page.browser.uninject(name)
    assert "deze browser kent Ed25519 niet" in page.standing()
    assert page.is_checked().startswith("✓")


def test_since_the_last_visit(page, world):
    page.visit("checkpoint")
    assert "het eerste bezoek met deze browser" in page.standing()
    for _ in range(3):
        world.school.get("/v1/signals")
        page.settle()
    assert re.search(r"sinds uw bezoek van .* is niets gewijzigd of verwijderd \(toen "
                     r"\d+ regels\)", page.standing())
    keep = page.browser.run("return localStorage.getItem('verwijsindex.seen')")

    def recall(change):
        page.browser.run("localStorage.setItem('verwijsindex.seen', arguments[0])", change(keep))
        page.visit()
        assert page.is_checked().startswith("✗")
        alarm = page.browser.run("return document.querySelector('.standing.alarm') !== null")
        # What was seen before stays, as the evidence that it is.
        kept = page.browser.run("return localStorage.getItem('verwijsindex.seen')")
        assert alarm and kept == change(keep)
        return page.standing()

    def altered(line, to):
        return lambda text: "\n".join(to(old) if i == line else old
                                      for i, old in enumerate(text.split("\n")))
    assert "is gewijzigd" in recall(altered(3, lambda root: "A" + root[1:] if root[0] != "A"
                                            else "B" + root[1:]))
    assert "is gewijzigd" in recall(altered(2, lambda n: str(int(n) - 1)))
    assert "is korter dan" in recall(altered(2, lambda n: str(int(n) + 1000)))
    assert "een ander logboek" in recall(altered(1, lambda origin: origin + "2"))
    # Once it was looked at, one can begin anew.
    page.go("checkpoint")
    page.browser.wait("return document.querySelector('.facts .buttons') !== null")
    page.browser.click(".facts .buttons button:last-child")
    page.browser.wait("return document.querySelector('.standing.alarm') === null")
    # The button is gone; who pressed it is where it stood.
    page.browser.wait("return document.activeElement.querySelector('.facts') !== null && "
                      "document.activeElement !== document.body")


def test_a_log_that_is_rewritten_while_one_looks(page):
    with page.answers("""
            if (path === '/tlog/checkpoint') {
              const note = await response.text();
              window.told ??= note;
              const lines = note.split('\\n');
              lines[2] = note === window.told ? lines[2] : btoa('x'.repeat(32));
              return new Response(lines.join('\\n'));
            }"""):
        page.visit("checkpoint")
        page.world.school.get("/v1/signals")
        page.browser.click(".view-checkpoint button.main")
        page.browser.wait("return document.querySelector('.standing.alarm') !== null")
    assert "is gewijzigd terwijl u keek" in page.standing()


def test_witnesses(page, world, tmp_path):
    page.visit("checkpoint")
    page.browser.wait("return document.querySelector('.view-checkpoint .panel') !== null && "
                      "!document.querySelector('.view-checkpoint .panel-busy')")
    assert "Geen getuige heeft" in page.shown(".panel")[-1]
    signers = [Witness(f"getuige.example/{name}", tmp_path) for name in ("a", "b", "c")]
    text, signatures = checkpoint_of(world.school).split("\n\n")
    text += "\n"
    world.school.get("/v1/signals")
    lines = [signers[0].line(text, 1790000000), signers[1].line(text, 1790000100),
             signers[2].line(text.replace("\n", "x\n", 1), 1790000200)]
    note = json.dumps(text + "\n" + signatures + "".join(lines))
    with page.answers("if (path === '/tlog/witnessed-checkpoint') {"
                      f"return new Response({note}); }}"):
        page.visit("checkpoint")
        page.browser.wait("return document.querySelectorAll('.view-checkpoint table').length === 2")
        page.browser.type("textarea", "\n".join(
            [world.daemon.vkey, signers[0].vkey, signers[2].vkey]))
        page.submit()
        page.browser.wait("return document.querySelectorAll("
                          "'table.witnesses .mark-bad').length === 1")
    rows = page.shown("table.witnesses tbody tr")
    assert ["✓" in row for row in rows] == [True, False, False]
    assert "u hebt geen sleutel van deze getuige" in rows[1] and "klopt niet" in rows[2]
    # What came after, nobody saw; and a line of another key is nobody's.
    (reach,) = page.browser.run("""return [...document.querySelectorAll('.facts dd')]
        .map((one) => one.innerText).filter((one) => one.includes('nog door geen getuige'))""")
    today = int(re.search(r"Controlepunt: ([\d.]+)", page.standing())[1].replace(".", ""))
    behind = today - int(text.split("\n")[1])
    assert behind > 0 and f"regels daarna: {behind}." in reach and "Niet nagerekend" in reach
    assert "21 sep 2026" in rows[0] and "getuige.example/a" in rows[0]
    assert "staan ongewijzigd aan het begin" in page.browser.text(".view-checkpoint")


def test_a_real_witness(browser, new_daemon):
    daemon = new_daemon()
    witness = witnesses.Witness("getuige.example/gemeente", daemon.vkey).start()
    try:
        daemon.write_config(log={"witness_interval": 1, "witness": witness.setting})
        daemon.start()
        auditor = daemon.operator.admit("auditor", roles=("auditor",), municipality=None,
                                        until=None)
        until(lambda: auditor.get("/tlog/witnessed-checkpoint").status == 200)
        page = Page(browser, types.SimpleNamespace(daemon=daemon))
        page.begin()
        page.visit("checkpoint")
        browser.wait("return document.querySelectorAll('.view-checkpoint table').length === 2")
        browser.type("textarea", f"{daemon.vkey}\n{witness.vkey}")
        page.submit()
        browser.wait("return document.querySelector('table.witnesses .mark-good') !== null")
    finally:
        witness.remove()
    assert "getuige.example/gemeente" in page.shown("table.witnesses tbody tr")[0]
    assert "staan ongewijzigd aan het begin" in browser.text(".view-checkpoint")


# ---- one child ----

def test_one_child(page, world):
    """The number goes to the index once, and is nowhere afterwards."""
    page.visit("child")
    for wrong in ("950000013", "000000000", "1234", "95000001a"):
        page.fill(BSN=wrong, Zaakkenmerk=CASE)
        page.submit()
        assert "Dit is geen BSN" in page.shown(".fault")[0]
    page.fill(BSN=bsn(0), Zaakkenmerk="")
    page.submit()
    assert page.shown(".fault") == ["Geef een zaakkenmerk op: het komt in het logboek."]
    size = world.size
    page.fill(Zaakkenmerk=CASE)
    page.submit()
    assert page.is_checked().startswith("✓")
    moments = page.shown(".moment")
    answer = world.auditor.post("/v1/log-entries/_search", {"bsn": bsn(0), "caseReference": CASE})
    expected = [entry["index"] for entry in answer.json["logEntries"]][1:]
    assert page.browser.run("return [...document.querySelectorAll('.moment')]"
                            ".map((one) => Number(one.dataset.index))") == expected
    assert any("Vermoeden van gluren" in moment for moment in moments)
    searches = world.auditor.log_entries(fromIndex=size, event="log-searched")
    assert [one["record"]["attributes"]["verwijsindex.case_reference"] for one in searches] == [
        CASE, CASE]
    page.browser.click(".moment button.more")
    page.browser.wait("return document.querySelector('.moment .steps') !== null")
    left = page.browser.run("""return JSON.stringify([document.documentElement.outerHTML,
        location.href, history.state, history.length, {...localStorage}, {...sessionStorage},
        performance.getEntries().map((e) => e.name),
        [...document.querySelectorAll('input, textarea')].map((e) => e.value), document.title])""")
    assert CASE in left and bsn(0) not in left
    assert bsn(0) not in world.daemon.log

    page.fill(BSN=f"{bsn(60)[:4]} {bsn(60)[4:]}")  # as people write it
    page.submit()
    page.browser.wait("return document.querySelector('.message .panel:not(.panel-busy)') !== null")
    assert "Over dit nummer is niets vastgelegd" in page.shown(".message")[0]
    assert page.shown(".moment") == []
    page.fill(BSN=bsn(1))
    page.go("flags")
    page.go("child")
    assert page.browser.run("return document.querySelector('.view-child input').value") == ""


# ---- one party, flags ----

def test_one_party(page, world):
    page.visit("party/" + world.school.oin)
    size = world.size
    page.submit()
    page.browser.wait("return document.querySelector('.view-party p .mark-good') !== null")
    entries = world.auditor.log_entries(party=world.school.oin, to=world.daemon.now()
                                        .isoformat().replace("+00:00", "Z"))
    count = sum(entry["index"] < size for entry in entries)
    assert f"{count} regels van {world.school.oin}; {count} hier nagerekend." in (
        page.shown(".results > p")[0])
    bars = page.browser.run("return [...document.querySelectorAll('.chart .bar')]"
                            ".map((one) => one.getBoundingClientRect().height)")
    assert bars and max(bars) > 100
    assert "Lines" not in page.shown("table")[0]
    days = page.shown(".numbers:first-child tbody tr")
    assert sum(int(row.split("\t")[1].replace(".", "")) for row in days) == count
    assert any(row.startswith("Bericht aangeboden\t") for row in page.shown(
        ".numbers:last-child tbody tr"))
    title = page.browser.run("return document.querySelector('.chart > title').textContent")
    assert title == f"Regels van {world.school.oin} per dag"
    page.fill(Een_staaf_per="month")
    assert page.browser.run("return document.querySelector('.chart > title').textContent"
                            ).endswith("per maand")
    page.fill(**{"Partij_(OIN)": "00000009999999990000"})
    page.submit()
    page.browser.wait("return document.querySelector('.view-party .message')"
                      ".innerText.includes('geen regel')")
    page.fill(**{"Partij_(OIN)": "123"})
    page.submit()
    assert page.shown(".fault") == ["Een OIN heeft twintig letters en cijfers."]


def test_a_party_of_which_nothing_holds(page, world):
    """Neither what is wrong, nor what has no record, nor another's, is counted as checked."""
    for change, tables in (
            ("logEntries.forEach((one) => { one.commitment = 'A'.repeat(43); });", 0),
            ("logEntries.forEach((one) => { Object.assign(one, gone, "
             "{commitment: 'A'.repeat(43)}); });", 1),
            ("logEntries.forEach((one) => Object.assign(one, gone));", 1)):
        with page.answers(GONE % change):
            page.visit("party/" + world.school.oin)
            page.submit()
            page.browser.wait("return document.querySelector('.view-party p .mark-bad') !== null")
        assert "; 0 hier nagerekend" in page.shown(".results > p")[0]
        assert len(page.shown("tr.gone")) == tables
        assert page.browser.run("return document.querySelectorAll('.numbers .mark-good').length"
                                ) == 0
    with page.answers(f"""if (path.includes('party={world.school.oin}')) {{
            return await real(path.replace('{world.school.oin}', '{world.care.oin}'), options);
            }}"""):
        page.visit("party/" + world.school.oin)
        page.submit()
        page.browser.wait("return document.querySelector('.view-party p .mark-bad') !== null")
    assert "; 0 hier nagerekend" in page.shown(".results > p")[0]


def test_another_event_than_was_asked(page):
    with page.answers("""if (path.includes('event=signal-posted')) {
            return await real(path.replace('signal-posted', 'notice-offered'), options); }"""):
        page.settle()
        page.fill(Gebeurtenis="signal-posted")
        page.submit()
        page.browser.wait("return document.querySelector('.tally-bad') !== null")
    rows = page.rows()
    assert rows and {(row[1], row[2], row[3]) for row in rows} == {
        ("Bericht aangeboden", "bad", "Deze regel voldoet niet aan wat is gevraagd.")}


def test_entries_of_other_children(page, world):
    """Each with its own number, and said so; what is on no child at all is not one of these."""
    others = world.auditor.log_entries()
    wanted = json.dumps([[one for one in others if one["subject"]][:40],
                         [one for one in others if not one["subject"]][:2]])
    with page.answers("if (path.endsWith('/_search')) { return alter(response, (json) => {"
                      f"const [of, none] = {wanted};"
                      "json.logEntries = window.which ? none : of; json.next = null; }); }"):
        page.visit("child")
        page.fill(BSN=bsn(0), Zaakkenmerk=CASE)
        page.submit()
        page.is_checked()
        assert "verschillende betrokkenen" in page.shown(".about .mark-open + .reason")[0]
        subjects = {one["subject"] for one in json.loads(wanted)[0]}
        assert len(subjects) > 1 and set(page.shown(".about .code")) == subjects
        assert {text.split()[-1] for text in page.shown(".moment .child")} == {
            one[:8] for one in subjects}
        page.browser.run("window.which = true")
        page.fill(BSN=bsn(1))
        page.submit()
        page.browser.wait("return document.querySelector('.view-child .tally-bad') !== null")
        assert "2 van 2" in page.is_checked()


def test_a_second_click(page, world):
    """Asks, shows and logs nothing."""
    page.visit("child")
    size = world.size
    page.fill(BSN=bsn(0), Zaakkenmerk=CASE)
    twice = """const one = document.querySelector(arguments[0]); one.click(); one.click();
        return arguments[0]"""
    page.browser.run(twice, ".view-child form button.main")
    page.is_checked()
    assert page.shown(".fault") == []
    assert len(world.auditor.log_entries(fromIndex=size, event="log-searched")) == 1
    page.settle()
    with page.answers("""if (path.endsWith('/_search') || path.includes('event=')) {
            return alter(response, (json) => {
              window.count = (window.count ?? 0) + 1;
              json.next = 'again';
            }); }"""):
        page.visit("child")
        page.fill(BSN=bsn(0), Zaakkenmerk=CASE)
        page.submit()
        page.is_checked()
        shown = len(page.shown(".moment"))
        page.browser.run("const real = window.fetch; window.fetch = (path, options) => {"
                         "window.asked = (window.asked ?? 0) + 1; "
                         "return Promise.reject(new TypeError('no')); }")
        page.browser.run(twice, ".view-child .results .buttons button")
        page.browser.wait("return document.querySelector('.view-child .panel-bad') !== null")
        assert page.browser.run("return window.asked") == 1
        assert len(page.shown(".moment")) == shown
    page.visit("flags")
    page.is_checked()
    size = world.size
    page.browser.run(twice, ".view-flags form button.main")
    page.browser.wait("return !document.querySelector('.view-flags .panel-busy')")
    assert len(world.auditor.log_entries(fromIndex=size, event="log-read",
                                         party=world.auditor.oin)) == 3
    indices = [row[0] for row in page.rows()]
    assert len(set(indices)) == len(indices)


READINGS = """
    window.readings = 0;
    const real = window.fetch;
    window.fetch = (path, options) => {
      window.readings += String(path).startsWith('/v1/log-entries') ? 1 : 0;
      return real(path, options);
    };
    window.twice = (selector) => {
      const one = document.querySelector(selector);
      one.focus();
      one.click();
      one.click();
      return one.disabled;
    };"""


def test_a_second_click_on_a_search(page, world):
    """Of entries, of older ones, and of a party: each asks, and logs, once."""
    page.settle()
    page.browser.run(READINGS)
    size = world.size

    def twice(selector):
        before = page.browser.run("return window.readings")
        assert page.browser.run("return window.twice(arguments[0])", selector)
        page.browser.wait("return !document.querySelector(arguments[0]).disabled", selector)
        assert page.browser.run("return window.readings") == before + 1

    def focus():
        return page.browser.run("return document.activeElement.tagName")
    for selector in (".view-entries form button.main", ".view-entries .pager button:last-child"):
        twice(selector)
        assert page.is_checked().startswith("✓") and focus() == "H3"
    page.go("party/" + world.school.oin)
    twice(".view-party form button.main")
    page.browser.wait("return document.querySelector('.view-party p .mark-good') !== null")
    assert focus() == "H3"
    assert len(world.auditor.log_entries(fromIndex=size, event="log-read",
                                         party=world.auditor.oin)) == 3
    # Where there is nothing to go to, who pressed it stays there.
    page.fill(**{"Partij_(OIN)": "00000009999999990000"})
    twice(".view-party form button.main")
    page.browser.wait("return document.querySelector('.view-party .message')"
                      ".innerText.includes('geen regel')")
    assert focus() == "BUTTON"
    # After a failure it can be pressed again.
    page.browser.run("window.real = window.fetch;"
                     "window.fetch = () => Promise.reject(new TypeError('no'))")
    for view in ("party", "entries"):
        page.go(view)
        page.submit()
        page.browser.wait("return document.querySelector('.view:not([hidden]) .panel-bad') !== null")
        assert not page.browser.run("return document.querySelector('.view:not([hidden]) "
                                    "form button.main').disabled")
    page.browser.run("window.fetch = window.real")
    page.submit()
    assert page.is_checked().startswith("✓")


def test_a_year_of_five_digits(page, world):
    page.settle()
    for view in ("entries", "party/" + world.school.oin, "flags", "child"):
        page.go(view)
        if view == "child":
            page.fill(BSN=bsn(0), Zaakkenmerk=CASE)
        page.browser.wait("return !document.querySelector('.view:not([hidden]) .panel-busy')")
        size = world.size
        page.fill(Vanaf="12026-01-01T00:00")
        page.submit()
        assert page.shown(".fault") == [
            "Geef een datum en tijd tussen 1900 en 9999, of laat het veld leeg."]
        assert events_of(world, size) == []
        page.fill(Vanaf="2020-01-01T00:00")
    assert page.browser.run("return document.querySelector('input[type=datetime-local]').max"
                            ) == "9999-12-31T23:59"


def test_names_of_the_prototype(page):
    for name in ("constructor", "toString", "__proto__"):
        page.browser.open("about:blank")
        page.browser.open(f"{page.url}#/{name}")
        page.browser.wait("return document.querySelector('.view-entries') !== null")
        assert page.browser.run("return location.hash") == "#/entries"
    page.go("party")
    assert page.browser.run("const {has, firstLanguage} = await import('/audit/i18n.js');"
                            "return [has('constructor'), has('title')]") == [False, True]


def test_flags(page):
    page.visit("flags")
    assert page.is_checked().startswith("✓")
    rows = page.rows()
    assert [row[1] for row in rows] == ["Inzage gevraagd", "Vermoeden van gluren"]
    page.fill(Soort="peek-suspected")
    page.submit()
    page.browser.wait("return document.querySelectorAll('.view-flags tr.entry').length === 1")
    page.browser.click(".view-flags tr.entry a")
    page.browser.wait("return document.querySelector('.view-entries tr.marked') !== null")
    around = {row[1] for row in page.rows()}
    assert {"Vermoeden van gluren", "Signaal ingetrokken als onterecht"} <= around
    page.go("flags")
    page.fill(Soort="notices-counted")
    page.submit()
    page.browser.wait("return document.querySelector('.view-flags .panel:not(.panel-busy)') "
                      "!== null")
    assert page.shown(".message") == ["Geen attenties in deze periode."]


# ---- when it does not work ----

def test_refused(pki, policy, world):  # pylint: disable=unused-argument
    """Another's certificate, and none: a page that can be read, of the right status."""
    for name, status, dutch, english in (
            ("school", 403, "Alleen voor toezichthouders", "Role missing"),
            (None, 401, "Een certificaat is nodig", "A client certificate is required")):
        browser = Browser(pki, name, "en")
        try:
            browser.open(world.daemon.url + "/audit/")
            text = browser.text()
            assert dutch in text and english in text and str(status) in text
            assert contrast_faults(browser) == []
            assert browser.run("return getComputedStyle(document.querySelector('main'))"
                               ".maxWidth") != "none"  # its style was let through
        finally:
            browser.close()


def test_problems_are_explained(page):
    page.settle()
    page.fill(Professional="e", Zaakkenmerk=bsn(3), **{"Partij_(OIN)": page.world.doctor.oin})
    page.submit()
    page.browser.wait("return document.querySelector('.panel-bad') !== null")
    (panel,) = page.shown(".panel-bad")
    assert "De index neemt dit niet aan" in panel and "#/caseReference" in panel
    assert "400 Invalid request" in panel
    assert page.browser.run("return document.activeElement.className") == "panel panel-bad"

    with page.answers("""
            if (path.startsWith('/v1/log-entries')) {
              return new Response(JSON.stringify({type: 'x/rate-limited', title: 'Too many',
                detail: 'Later.'}), {status: 429, headers: {'Retry-After': window.later ?? '3600',
                'Content-Type': 'application/problem+json'}});
            }"""):
        page.visit()
        page.browser.wait("return document.querySelector('.panel-bad button') !== null")
        assert "over" in page.browser.text(".panel-bad button")
        assert page.browser.run("return document.querySelector('.panel-bad button').disabled")
        page.browser.run("window.later = '1'")
        page.submit()
        page.browser.wait("return document.querySelector('.panel-bad button')?.disabled === false")
    for status, slug, title in ((401, "certificate-required", "Een certificaat is nodig"),
                                (403, "role-missing", "Alleen voor toezichthouders"),
                                (500, "", "Broken")):
        problem = json.dumps(json.dumps({"type": f"x/{slug}", "title": "Broken", "detail": "So."}))
        with page.answers(f"""if (path.startsWith('/v1/log-entries')) {{
                return new Response({problem}, {{status: {status}, headers: {{
                'Content-Type': 'application/problem+json'}}}}); }}"""):
            page.visit()
            page.browser.wait("return document.querySelector('.panel-bad h3') !== null")
            assert page.browser.text(".panel-bad h3") == title
    with page.answers("if (path.startsWith('/v1/log-entries')) { return new Response('{'); }"):
        page.visit()
        page.browser.wait("return document.querySelector('.panel-bad h3') !== null")
        assert page.browser.text(".panel-bad h3") == "Het antwoord is niet te lezen"


def test_the_daemon_stops_while_one_looks(pki, browser):
    """What is shown stays; when the index is back, so is the page."""
    daemon = Daemon(pki, new_directory())
    daemon.write_config(server={"listen": f"127.0.0.1:{kept_port()}"})
    daemon.start()
    try:
        world = World(daemon, pki, children=7)
        page = Page(browser, world)
        page.begin()
        page.settle()
        rows = page.rows()
        daemon.close_clients()
        daemon.stop()
        browser.click(".pager button:last-child")
        browser.wait("return document.querySelector('.panel-bad') !== null")
        assert "De index is niet te bereiken" in page.shown(".panel-bad")[0]
        assert page.rows() == rows
        daemon.start()
        browser.click(".panel-bad button")
        browser.wait("return document.querySelector('.about').innerText.includes('Pagina 2')")
        assert page.is_checked().startswith("✓")
    finally:
        if daemon.process is not None:
            daemon.close_clients()
            daemon.stop()
        shutil.rmtree(daemon.directory)


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Another site."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def test_a_page_of_another_site(browser, new_daemon):
    """It can make the auditor's browser ask, with the certificate; nothing is done for it."""
    daemon = new_daemon().start()
    auditor = daemon.operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    size = daemon.operator.status()["logSize"]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.open(f"http://127.0.0.1:{server.server_address[1]}/")
        told = browser.run("""
            const [url, body] = arguments;
            const options = {mode: 'no-cors', credentials: 'include'};
            const answers = await Promise.all([fetch(url + '/v1/log-entries', options),
              fetch(url + '/v1/notices/_acknowledge', {...options, method: 'POST', body})]);
            return answers.map((one) => [one.type, one.status])""", daemon.url, '{"upTo":1}')
        server.shutdown()
    assert told == [["opaque", 0], ["opaque", 0]]
    assert daemon.operator.status()["logSize"] == size
    daemon.close_clients()
    daemon.stop()  # which writes down what was counted
    daemon.start()
    (counted,) = auditor.log_entries(fromIndex=size, event="refusals-counted")
    attributes = counted["record"]["attributes"]
    assert (attributes["verwijsindex.party"], attributes["verwijsindex.outcome"],
            attributes["verwijsindex.count"]) == (auditor.oin, "not-permitted", 2)


# ---- languages, keyboard, looks ----

def test_languages(page, browser):
    page.settle()
    text = browser.text()
    browser.click("[data-language=en]")
    assert browser.run("return document.documentElement.lang") == "en"
    assert "Checked" in page.shown(".tally")[0] and "Entries" in browser.text("nav")
    assert browser.run("return document.title") == "Entries · Verwijsindex"
    size = page.world.size
    page.visit()  # kept
    assert browser.run("return document.documentElement.lang") == "en"
    browser.click("[data-language=nl]")
    page.is_checked()
    assert browser.text().split("Regels, het")[0].count("\n") == text.split("Regels, het")[
        0].count("\n")
    assert len(events_of(page.world, size)) == 1  # a page, and nothing for the languages
    # The browser's own, when nothing was chosen.
    for wanted, found in (("en-GB", "en"), ("nl-BE", "nl"), ("de", "en")):
        page.forget()
        browser.devtools("Emulation.setUserAgentOverride", userAgent="test",
                         acceptLanguage=wanted)
        page.visit()
        assert browser.run("return document.documentElement.lang") == found, wanted
    browser.devtools("Emulation.setUserAgentOverride", userAgent="test", acceptLanguage="nl")


def test_keyboard(page, browser):
    """Tab reaches all that can be used, in order, with a focus that can be seen; Enter works."""
    page.settle()
    page.fill(Regels_per_pagina="25")
    page.submit()
    page.browser.wait("return document.querySelectorAll('tr.entry').length === 25")
    page.is_checked()  # from here on nothing is drawn anew
    browser.run("document.activeElement.blur(); window.scrollTo(0, 0);"
                "document.getElementById('skip').focus()")
    assert browser.text(":focus") == "Naar de inhoud"
    reachable = browser.run("""
        window.reached = [document.activeElement];
        return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, '
          + '[tabindex="0"]')].filter((one) => one.checkVisibility() && !one.disabled).length""")
    for _ in range(reachable * 6):
        browser.press("tab")
        ends = browser.run("""
            const now = document.activeElement;
            const known = window.reached.includes(now);
            if (!known && now !== document.body) {
              window.reached.push(now);
              const style = getComputedStyle(now);
              if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) {
                throw new Error('no visible focus: ' + now.outerHTML);
              }
            }
            return now === document.body || now === window.reached[0];""")
        if ends:
            break
    order = browser.run("""
        const all = window.reached;
        return [all.length, all.every((one, i) => i === 0 || (all[i - 1]
          .compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0)]""")
    assert order == [reachable, True]

    browser.run("document.getElementById('skip').focus()")
    browser.press("enter")
    browser.wait("return document.activeElement.id === 'content'")
    browser.run("document.querySelector('[data-view=child]').focus()")
    browser.press("enter")
    browser.wait("return document.activeElement.matches('.view-child h2')")
    browser.press("tab", *bsn(2), "tab", *CASE, "enter")
    assert page.is_checked().startswith("✓")
    browser.run("document.querySelector('.moment button.more').focus()")
    browser.press("enter")
    browser.wait("return document.querySelector('.moment .steps') !== null")
    browser.press("space")
    browser.wait("return document.querySelector('.moment .details').hidden")


def fill_view(page, view):
    """Has the view show something."""
    page.go(view)
    if view == "child":
        page.browser.run("const [a, b] = document.querySelectorAll('.view-child input');"
                         "a.value = arguments[0]; b.value = arguments[1];", bsn(0), CASE)
        page.submit()
    elif view == "party":
        page.browser.run("document.querySelector('.view-party input').value = arguments[0]",
                         page.world.school.oin)
        page.submit()
    if view == "party":
        page.browser.wait("return document.querySelector('.view-party p .mark-good') !== null")
    elif view == "checkpoint":
        page.browser.wait("return document.querySelector('.facts') !== null && "
                          "document.querySelector('.view-checkpoint .panel:not(.panel-busy)')")
    else:
        page.is_checked()
        page.browser.click(".view:not([hidden]) button.more")
        page.browser.wait("return document.querySelector('.view:not([hidden]) .steps')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(page, browser, scheme):
    """Names, roles, headings, tables, contrast; and nothing is wider than the window."""
    browser.media(prefers_color_scheme=scheme)
    page.visit()
    for view in VIEWS:
        fill_view(page, view)
        for chosen, sizes in (("nl", (LAPTOP, TABLET)), ("en", (TABLET, LAPTOP))):
            browser.run("document.querySelector(arguments[0]).click()",
                        f"[data-language={chosen}]")
            assert check_view(browser) == []
            assert contrast_faults(browser) == []
            for size in sizes:
                browser.metrics(*size)
                assert browser.run("return document.documentElement.scrollWidth") <= size[0]
                assert browser.run("""return [...document.querySelectorAll('.scroll')]
                    .filter((one) => one.scrollWidth > one.clientWidth).length""") == 0
    assert [line for line in browser.console() if "witnessed-checkpoint" not in line] == []


def test_motion(page, browser):
    browser.media(prefers_reduced_motion="reduce")
    page.visit()
    names = browser.run("""
        const one = document.createElement('span');
        one.className = 'spinner';
        document.body.append(one);
        return getComputedStyle(one).animationName""")
    assert names == "none"


def test_printed(page, browser):
    page.settle()
    page.browser.click("tr.entry button.more")
    page.browser.wait("return document.querySelector('.whole .steps') !== null")
    browser.media("print")
    hidden = browser.run("""return ['.views', '.languages', '.filters', '.pager button', '.more',
        '.skip'].filter((one) => document.querySelector(one).checkVisibility())""")
    assert hidden == []
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    text = browser.text()
    assert "Nagerekend" in text and "Afgedrukt op" in text and "Wortel van het controlepunt" in text
    browser.media()
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF") and len(pdf) > 20000


def test_long_texts_stay_within(page, browser, world):
    """The longest that a record can hold."""
    longest = "w" * 64
    world.doctor.designate(longest)
    world.doctor.reports(bsn(40), longest)
    world.town.ask_access(bsn(41), case_reference="z" * 64)
    page.settle()
    for size in (LAPTOP, TABLET):
        browser.metrics(*size)
        assert browser.run("return document.documentElement.scrollWidth") <= size[0]
    page.fill(Regels_per_pagina="250")
    page.submit()
    page.browser.wait("return document.querySelectorAll('tr.entry').length === 250")
    assert "Alle 250" in page.is_checked()
