#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Holds the sources to the rules that no compiler knows.

  includes   folders are layers, and a library is visible in one of them only
  headers    every header compiles on its own
  licence    every file names it in its first lines
  format     clang-format has nothing to change
  size       no file grows into a hall
  problems   every problem type is explained in proto/PROBLEMS.md, and no other
  events     every event of the log is listed in store/LOG.md

One rule is named on the command line; exit status 1 and a line for each fault.
"""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ("crypto", "store", "proto", "daemon", "tools")

# What each folder may include of the others: includes only go down.
MAY_INCLUDE = {
    "crypto": {"crypto"},
    "store": {"crypto", "store"},
    "proto": {"crypto", "store", "proto"},
    "daemon": {"crypto", "store", "proto", "daemon"},
    "tools": {"crypto", "proto", "tools"},
}

# Which headers of which library are visible where; a file name narrows it further.
LIBRARIES = {
    r"sodium(\.h|/)": ("crypto/",),
    r"utf8proc\.h": ("crypto/fold.c",),
    r"lmdb\.h": ("store/kv/lmdb.c",),
    r"jansson\.h": ("proto/", "tools/answer", "tools/load/", "tools/audit/"),
    r"llhttp\.h": ("daemon/",),
    r"ini\.h": ("daemon/",),
    r"curl/": ("tools/client", "daemon/witness/"),
    r"event2/": ("daemon/", "tools/load/", "tools/witness/"),
    r"openssl/": ("crypto/sha256.c", "daemon/", "tools/load/", "tools/witness/"),
}

# What goes another way than down: a witness is a server that reads requests as the daemon does.
EXCEPTIONS = {"tools/witness/http.h": {"daemon/http1.h"}}

LINES_MAXIMUM = 600
TEST_LINES_MAXIMUM = 700  # a test is read one function at a time


def sources(*endings):
    for folder in LAYERS + ("tests",):
        for path in sorted((TOP / folder).rglob("*")):
            if path.is_file() and path.name.endswith(endings) and "corpus_" not in str(path):
                yield path, str(path.relative_to(TOP))


def check_includes():
    for path, name in sources(".c", ".h"):
        layer = name.split("/")[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+([<"])([^">]+)[">]', line)
            if not found:
                continue
            kind, what = found.groups()
            top = what.split("/")[0]
            if kind == '"' and layer in MAY_INCLUDE:
                if top not in LAYERS:
                    yield f"{name}:{number}: {what} is not rooted at the top"
                elif top not in MAY_INCLUDE[layer] and what not in EXCEPTIONS.get(name, ()):
                    yield f"{name}:{number}: {layer} may not include {what}"
            for pattern, places in LIBRARIES.items():
                if kind == "<" and re.match(pattern, what) and layer != "tests":
                    if not any(name.startswith(place) for place in places):
                        yield f"{name}:{number}: {what} is not visible here"


def check_headers():
    flags = ["-std=gnu11", "-D_GNU_SOURCE", f"-I{TOP}", "-fsyntax-only", "-Wall", "-Werror"]
    packages = ["libevent", "openssl", "libsodium", "jansson", "libcurl", "cmocka"]
    flags += subprocess.run(["pkg-config", "--cflags", *packages], capture_output=True, text=True,
                            check=True).stdout.split()
    flags += ["-I/usr/share/include/llhttp"]
    for path, name in sources(".h"):
        test = f'#include "{name}"\n#include "{name}"\n'
        done = subprocess.run(["cc", "-x", "c", *flags, "-"], input=test, capture_output=True,
                              text=True, cwd=TOP)
        if done.returncode != 0:
            yield f"{name}: does not compile on its own: {done.stderr.splitlines()[0]}"


def check_licence():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True)
    for name in listed.stdout.split("\0"):
        path = TOP / name
        if (not name or "corpus_" in name or path.suffix in (".json", ".md", ".pem", ".svg")
                or not path.is_file() or path.name == ".gitignore"):
            continue
        if "SPDX-License-Identifier: EUPL-1.2" not in "\n".join(
                path.read_text(errors="replace").splitlines()[:4]):
            yield f"{name}: no SPDX line in its first four lines"


def check_format():
    names = [str(path) for path, _ in sources(".c", ".h")]
    done = subprocess.run(["clang-format", "--style=file", "--dry-run", "-Werror", *names],
                          cwd=TOP, capture_output=True, text=True)
    faulty = sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line})
    for name in faulty:
        yield f"{pathlib.Path(name).relative_to(TOP)}: clang-format would change it"
    if done.returncode != 0 and not faulty:
        yield f"clang-format failed: {done.stderr[:300]}"


def check_size():
    for path, name in sources(".c", ".h"):
        lines = len(path.read_text().splitlines())
        most = TEST_LINES_MAXIMUM if name.startswith("tests/") else LINES_MAXIMUM
        if lines > most:
            yield f"{name}: {lines} lines are more than {most}"


def check_problems():
    table = (TOP / "proto/problem.c").read_text()
    there = set(re.findall(r'^    \{"([a-z-]+)", (\d{3}),', table, re.MULTILINE))
    page = (TOP / "proto/PROBLEMS.md").read_text()
    told = set(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", page, re.MULTILINE))
    if not there:
        yield "proto/problem.c: no problem was found in it"
    for slug, status in sorted(there ^ told):
        yield f"{slug} {status} is in only one of proto/problem.c and proto/PROBLEMS.md"


def check_events():
    names = set(re.findall(r'\[LOG_[A-Z_]+\] = "([a-z-]+)"',
                           (TOP / "store/log/record.c").read_text()))
    page = (TOP / "store/LOG.md").read_text()
    if not names:
        yield "store/log/record.c: no event was found in it"
    for name in sorted(names):
        if f"`{name}`" not in page:
            yield f"the event {name} is not in store/LOG.md"


def main():
    rule = sys.argv[1]
    faults = list(globals()[f"check_{rule}"]())
    for fault in faults:
        print(fault)
    print(f"{rule}: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
