# SPDX-License-Identifier: EUPL-1.2
"""The auditor's page, as a person meets it: what the tests of it share."""
import base64
import contextlib
import subprocess

from actors import bsn
from verifier import sha256

SCHOOL_PROFESSIONAL, CARE_PROFESSIONAL = "ib-1", "wijk-7"
LAPTOP, TABLET = (1366, 768), (820, 1180)
VIEWS = ("entries", "child", "party", "flags", "checkpoint")
CASE = "toezicht-2026-7"


class World:
    """A daemon with a history in which there is something to see: matches, notices, a peek, an
    access request, refusals, and more entries than one tile holds."""

    def __init__(self, daemon, pki, children=27):
        self.daemon = daemon
        operator = daemon.operator
        self.operator = operator
        self.school, self.care = operator.admit("school"), operator.admit("care")
        self.doctor = operator.admit(pki.named("doctor"))
        self.town = operator.admit("municipality", roles=("municipality",))
        self.auditor = operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
        self.school.designate(SCHOOL_PROFESSIONAL)
        self.care.designate(CARE_PROFESSIONAL)
        self.doctor.designate("e")
        for i in range(children):
            self.school.reports(bsn(i), SCHOOL_PROFESSIONAL)
            self.care.reports(bsn(i), CARE_PROFESSIONAL)
            self.school.notices()
        peek = self.doctor.reports(bsn(0), "e")["id"]
        assert self.doctor.withdraw(peek, "wrongful").status == 204
        assert self.town.ask_access(bsn(0)).status == 200
        assert self.school.get("/v1/nothing").status == 404

    @property
    def size(self):
        return self.operator.status()["logSize"]


class Page:
    def __init__(self, browser, world):
        self.browser, self.world = browser, world
        self.url = world.daemon.url + "/audit/"

    def begin(self):
        """As on a first visit."""
        self.world.daemon.close_clients()  # which may have been idle for too long
        self.browser.console()
        self.browser.metrics(*LAPTOP)
        self.browser.media()
        self.forget()

    def forget(self):
        """What the page has kept in the browser."""
        self.browser.open("about:blank")
        self.browser.devtools("Storage.clearDataForOrigin", origin=self.world.daemon.url,
                              storageTypes="local_storage")

    def go(self, view="entries", fresh=False):
        """To a view; `fresh`: the page itself is loaded again."""
        if fresh:
            self.browser.open("about:blank")
        self.browser.open(f"{self.url}#/{view}")
        self.browser.wait("return document.querySelector('.view:not([hidden])')?.className"
                          ".includes(arguments[0])", "view-" + view.split("/", maxsplit=1)[0])

    def visit(self, view="entries"):
        self.go(view, fresh=True)
        self.browser.wait("return document.querySelector('#standing a') !== null")

    def shown(self, selector):
        """The texts of all that is shown in the present view."""
        return self.browser.run("return [...document.querySelectorAll('.view:not([hidden]) ' + "
                                "arguments[0])].filter((e) => e.checkVisibility())"
                                ".map((e) => e.innerText.trim())", selector)

    def is_checked(self):
        """Waits until all that is shown was checked, or found wrong; what was said of it."""
        self.browser.wait("return document.querySelector('.view:not([hidden]) .tally') !== null"
                          " && !document.querySelector('.view:not([hidden]) .panel-busy')")
        return self.shown(".tally")[0]

    def settle(self):
        """A visit, until the page asks and draws nothing by itself any more; what was said of all
        that is shown."""
        self.visit()
        return self.is_checked()

    def rows(self):
        """[(index, event, mark, reason)] of the table of entries."""
        return self.browser.run("""
            return [...document.querySelectorAll('.view:not([hidden]) tr.entry')].map((row) => [
                Number(row.dataset.index), row.querySelector('.event').innerText,
                row.querySelector('.mark').className.split('-').pop(),
                row.querySelector('.reason')?.innerText ?? ''])""")

    def standing(self):
        return self.browser.text("#standing")

    def submit(self):
        self.browser.click(".view:not([hidden]) form button.main")

    def fill(self, **fields):
        """By what the fields are called: underscores are spaces."""
        for label, value in fields.items():
            self.browser.run("""
                const label = [...document.querySelectorAll('.view:not([hidden]) label')]
                    .find((one) => one.textContent === arguments[0]);
                label.closest('details')?.setAttribute('open', '');
                const input = document.getElementById(label.htmlFor);
                input.focus();
                input.value = arguments[1];
                input.dispatchEvent(new Event('input', {bubbles: true}));
                input.dispatchEvent(new Event('change', {bubbles: true}));""",
                             label.replace("_", " "), value)

    @contextlib.contextmanager
    def answers(self, change):
        """The index answers as `change` has it, a function's body of path, response and the
        options of fetch, with alter(response, how) for JSON: a lying index, or a broken one."""
        name = self.browser.inject("""
            const real = window.fetch;
            const alter = async (response, how) => {
              const json = await response.json();
              return new Response(JSON.stringify(await how(json) ?? json),
                {status: response.status, headers: response.headers});
            };
            const change = async (path, response, options) => {""" + change + """};
            window.fetch = async (path, options) => {
              const response = await real(path, options);
              return await change(String(path), response, options) ?? response;
            };""")
        try:
            yield
        finally:
            self.browser.uninject(name)


class Witness:
    """A witness's key, and what it signs (C2SP tlog-cosignature)."""

    def __init__(self, name, directory):
        self.name, self.directory = name, directory
        self.key = directory / f"{name.replace('/', '-')}.key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key],
                       check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"],
                                check=True, capture_output=True).stdout[-32:]
        data = b"\x04" + public
        self.key_id = sha256(name.encode(), b"\n", data)[:4]
        self.vkey = f"{name}+{self.key_id.hex()}+{base64.b64encode(data).decode()}"

    def line(self, text, time):
        """The line for a checkpoint's text."""
        message = self.directory / "message"
        message.write_bytes(f"cosignature/v1\ntime {time}\n{text}".encode())
        signature = subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-inkey", self.key, "-rawin", "-in", message],
            check=True, capture_output=True).stdout
        payload = self.key_id + time.to_bytes(8, "big") + signature
        return f"\u2014 {self.name} {base64.b64encode(payload).decode()}\n"
