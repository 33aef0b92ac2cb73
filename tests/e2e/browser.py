# SPDX-License-Identifier: EUPL-1.2
"""A real browser for the tests of the auditor's page: headless Chromium of Debian, with a client
certificate in a throw-away home, driven by chromedriver (W3C WebDriver) with nothing but Python's
http.client.

Chromium asks which certificate to offer, unless a policy of the machine says so. There is one place
for those, so that this must be root (as in a container of tests) or be able to write there.
"""
import base64
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from actors import DEADLINE

POLICIES = Path("/etc/chromium/policies/managed")
# Whichever certificate there is: each home has one. The same in every file, so that tests that run
# at the same time do not overrule each other.
POLICY = {"AutoSelectCertificateForUrls": [json.dumps({"pattern": "https://localhost",
                                                       "filter": {}})]}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # of the W3C's standard
# With these a driver says that it has done nothing: just then the page was being drawn.
NOT_YET = ("stale element reference", "no such element", "element not interactable",
           "element click intercepted")
KEYS = {"tab": "\ue004", "enter": "\ue007", "shift": "\ue008", "escape": "\ue00c",
        "space": " "}


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=DEADLINE, check=False, **more)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


class Refused(AssertionError):
    """What the driver would not do; `why` is the W3C's name of it."""

    def __init__(self, method, path, value):
        super().__init__(f"{method} {path}: {value}")
        self.why = value["error"]


class Policy:
    """The policy file, as long as it is needed."""

    def __enter__(self):
        try:
            POLICIES.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=POLICIES, prefix="vix-e2e-", suffix=".json")
        except PermissionError:
            if os.geteuid() == 0:
                raise
            pytest.skip("only root may tell Chromium which certificate to offer")
        self.path = Path(name)
        os.write(descriptor, json.dumps(POLICY).encode())
        os.close(descriptor)
        self.path.chmod(0o644)
        return self

    def __exit__(self, *_):
        self.path.unlink()


def make_home(directory, pki, name):
    """A home whose certificate database trusts the authority and holds one client certificate, or
    none (name None)."""
    database = directory / ".pki" / "nssdb"
    database.mkdir(parents=True)
    at = ("-d", f"sql:{database}")
    run("certutil", "-N", "--empty-password", *at)
    run("certutil", "-A", "-n", "authority", "-t", "C,,", "-i", pki.ca, *at)
    if name is not None:
        packed = directory / "client.p12"
        run("openssl", "pkcs12", "-export", "-in", pki.cert(name), "-inkey", pki.key(name),
            "-name", name, "-passout", "pass:", "-out", packed)
        run("pk12util", "-i", packed, "-W", "", *at)
        packed.unlink()


class Browser:
    """One Chromium with one profile. `name` is of a certificate of the pki, or None."""

    def __init__(self, pki, name, language="nl", size=(1366, 768)):
        self.directory = Path(tempfile.mkdtemp(prefix="vix-browser-"))
        make_home(self.directory, pki, name)
        self.size = size
        self.driver, self.connection, self.session = None, None, None
        try:
            self._start(language)
        except BaseException:
            self.close()
            raise

    def _start(self, language):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory),
                       "LANGUAGE": language, "XDG_CONFIG_HOME": str(self.directory / ".config"),
                       "XDG_CACHE_HOME": str(self.directory / ".cache")}
        port = self._start_driver(environment)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        arguments = ["--headless=new", f"--window-size={self.size[0]},{self.size[1]}",
                     f"--accept-lang={language}", f"--lang={language}", "--disable-gpu",
                     "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update",
                     f"--user-data-dir={self.directory / 'profile'}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # which root cannot have
        made = self.command("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "timeouts": {"script": DEADLINE * 1000},
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments, "binary": "/usr/bin/chromium"}}}})
        self.session = "/session/" + made["sessionId"]
        self.metrics(*self.size)

    def _start_driver(self, environment):
        """The port that it listens on, as it says. It takes one that is free in IPv6, and ends when
        another has the same in IPv4: then once more."""
        path = self.directory / "chromedriver.log"
        word = b"started successfully on port "
        ended = True
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if ended:
                with open(path, "wb") as log:
                    self.driver = subprocess.Popen(["chromedriver", "--port=0"], env=environment,
                                                   stdin=subprocess.DEVNULL, stdout=log,
                                                   stderr=subprocess.STDOUT,
                                                   start_new_session=True)
            ended = self.driver.poll() is not None
            said = path.read_bytes()
            if word in said:
                return int(said.split(word)[1].split(b".")[0])
            assert not ended or b"in use" in said, said.decode()
            time.sleep(0.02)
        raise AssertionError(path.read_text())

    def close(self):
        if self.session is not None:
            self.command("DELETE", self.session)
            self.session = None
        if self.connection is not None:
            self.connection.close()
        if self.driver is not None:
            self.driver.terminate()
            self.driver.wait(DEADLINE)
        shutil.rmtree(self.directory, ignore_errors=True)

    # ---- WebDriver ----

    def command(self, method, path, body=None):
        data = None if method != "POST" else json.dumps(body or {})
        self.connection.request(method, path, body=data,
                                headers={"Content-Type": "application/json"})
        response = self.connection.getresponse()
        value = json.loads(response.read())["value"]
        if response.status != 200:
            raise Refused(method, path, value)
        return value

    def post(self, path, **body):
        return self.command("POST", self.session + path, body)

    def devtools(self, command, **parameters):
        return self.post("/goog/cdp/execute", cmd=command, params=parameters)

    def open(self, url):
        self.post("/url", url=url)

    def run(self, script, *arguments):
        """The value of a function's body in the page; it may await."""
        return self.post("/execute/sync", script=f"return (async () => {{{script}}})()",
                         args=list(arguments))

    def wait(self, script, *arguments, why=""):
        """Until it is true; its value."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.03)
        raise AssertionError(f"never: {why or script}\n{self.text()}")

    def on(self, selector, act):
        """`act` with the path of an element that can be used. As a person does, it waits for one
        that is not there yet, or disabled, and turns to the one that has taken its place."""
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                found = self.post("/element", using="css selector", value=selector)
                path = f"/element/{found[ELEMENT]}"
                if self.command("GET", f"{self.session}{path}/enabled"):
                    return act(path)
                why = "disabled"
            except Refused as refused:
                if refused.why not in NOT_YET:
                    raise
                why = str(refused)
            assert time.monotonic() < deadline, f"{selector}: {why}\n{self.text()}"
            time.sleep(0.03)

    def type(self, selector, text):
        def act(path):
            self.post(f"{path}/clear")
            self.post(f"{path}/value", text=text)
        self.on(selector, act)

    def inject(self, script):
        """Runs before anything of the pages that are opened from now on; the name to take it away
        by."""
        return self.devtools("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]

    def uninject(self, name):
        self.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=name)

    def click(self, selector):
        self.on(selector, lambda path: self.post(f"{path}/click"))

    def press(self, *names):
        """Keys, as if typed, to whatever has the focus; "shift+tab" holds the first."""
        actions = []
        for name in names:
            keys = [KEYS.get(part, part) for part in name.split("+")] if len(name) > 1 else [name]
            actions += [{"type": "keyDown", "value": key} for key in keys]
            actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self.post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def text(self, selector="body"):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def console(self):
        """What the browser had to complain about, since it was last asked."""
        return [entry["message"] for entry in self.post("/se/log", type="browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    # ---- looks ----

    def metrics(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=False)

    def media(self, media="", **features):
        self.devtools("Emulation.setEmulatedMedia", media=media, features=[
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def picture(self, path, whole=True):
        """A PNG of the page, all of it unless only the window is asked."""
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def pdf(self):
        return base64.b64decode(self.devtools("Page.printToPDF", preferCSSPageSize=True)["data"])
