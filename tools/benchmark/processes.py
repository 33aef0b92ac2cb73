# SPDX-License-Identifier: EUPL-1.2
"""Processes and temporary directories of one benchmark, and their certain end.

Whatever a Keeper has started is ended, and its directory removed, when the program ends in any
way: normally, by an exception, by SIGINT or SIGTERM; and, by a helper that sees its parent go, when
it is killed. With `keep` the directory stays.
"""
import atexit
import ctypes
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
PATIENCE = 60  # seconds for a server to begin or to end
LIBC = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """Something that could not be started or measured, in a sentence."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def last_lines(path, count=5):
    try:
        lines = pathlib.Path(path).read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return " | ".join(lines[-count:])


class Keeper:
    def __init__(self, keep=False, directory=None):
        self.keep = keep
        self.running = []
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vix-benchmark-", dir=directory))
        # A database server runs as another user below it; what is secret has directories of its own.
        self.directory.chmod(0o711)
        self.remover = None
        if not keep:
            self.remover = subprocess.Popen(
                ["/bin/sh", "-c", 'trap "" INT TERM; cat > /dev/null; '
                 'for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$1" && exit; sleep 1; done',
                 "remover", str(self.directory)],
                stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        atexit.register(self.close)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupted)

    def _interrupted(self, number, _frame):
        sys.exit(128 + number)

    def path(self, name):
        return self.directory / name

    def start(self, name, words, stop=signal.SIGTERM, user=None, **settings):
        """A server: its output goes to NAME.log. `stop` ends it, also when this program dies."""
        log = self.path(name + ".log")
        with open(log, "ab") as out:
            process = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=lambda: tie(stop),
                **as_user(user), **settings)
        process.name, process.log, process.stop = name, log, stop
        self.running.append(process)
        return process

    def end(self, process, number=None, patience=PATIENCE):
        """How many seconds it took to end."""
        began = time.monotonic()
        if process.poll() is None:
            process.send_signal(process.stop if number is None else number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.running:
            self.running.remove(process)
        return time.monotonic() - began

    def close(self):
        for process in reversed(list(self.running)):
            self.end(process, patience=10)
        if self.remover is not None:
            self.remover.stdin.close()
            self.remover.wait()
            self.remover = None
            shutil.rmtree(self.directory, ignore_errors=True)


def tie(number):
    """The child that calls this gets the signal when its parent dies."""
    LIBC.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def as_user(user):
    if user is None or os.geteuid() != 0:
        return {}
    return {"user": user, "group": user, "extra_groups": []}


def run(words, user=None, accept=(0,), patience=None, **settings):
    """Runs to its end and returns what it wrote to stdout; else Failure, with what it said."""
    words = [str(word) for word in words]
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=patience,
                              preexec_fn=lambda: tie(signal.SIGTERM), **as_user(user), **settings)
    except FileNotFoundError:
        raise Failure(f"{words[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"{words[0]} did not end within {patience} s") from None
    if done.returncode not in accept:
        said = " | ".join((done.stderr + done.stdout).strip().splitlines()[-4:])
        raise Failure(f"{os.path.basename(words[0])} ended with {done.returncode}: {said[-500:]}")
    return done.stdout


def wait_for(process, ready, what):
    """Until ready() is true; the process may not end before."""
    began = time.monotonic()
    while not ready():
        if process.poll() is not None:
            raise Failure(f"{what} ended with {process.returncode}: {last_lines(process.log)}")
        if time.monotonic() - began > PATIENCE:
            raise Failure(f"{what} was not ready in {PATIENCE} s: {last_lines(process.log)}")
        select.select([], [], [], 0.005)
    return time.monotonic() - began


def find_program(*names):
    """The first of the programs that is there; a name may be a pattern of paths."""
    for name in names:
        if name.startswith("/"):
            found = sorted(pathlib.Path("/").glob(name.lstrip("/")), reverse=True)
            if found:
                return str(found[0])
        elif shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    raise Failure(f"{names[0]} is not installed (tools/install-packages --bench)")
