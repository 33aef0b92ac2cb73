# SPDX-License-Identifier: EUPL-1.2
"""What the machine is, and who used its processors meanwhile: from /proc."""
import os
import pathlib
import platform
import resource
import subprocess

TICK = os.sysconf("SC_CLK_TCK")


def processors():
    return os.cpu_count() or 1


def machine_times(text=None):
    """Seconds that all processors together were busy (stolen ones too), and idle."""
    line = (text or pathlib.Path("/proc/stat").read_text()).splitlines()[0].split()
    user, nice, system, idle, waiting, interrupts, soft, stolen = map(int, line[1:9])
    return ((user + nice + system + interrupts + soft + stolen) / TICK, (idle + waiting) / TICK)


def read_stat(pid):
    """(parent, CPU seconds with those of its ended children) of one process; None: it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15])) / TICK


def tree_seconds(roots):
    """CPU seconds of the processes and of all that descend from them."""
    known = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            found = read_stat(name)
            if found:
                known[int(name)] = found
    children = {}
    for pid, (parent, _) in known.items():
        children.setdefault(parent, []).append(pid)
    total, todo, seen = 0.0, list(roots), set()
    while todo:
        pid = todo.pop()
        if pid in known and pid not in seen:
            seen.add(pid)
            total += known[pid][1]
            todo += children.get(pid, [])
    return total


def rss_anonymous(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


class Window:
    """From its making to close(): the share of the processors that neither the measured servers nor
    this program and the load generators that it has waited for took."""

    def __init__(self, servers):
        self.servers = [process.pid for process in servers]
        self.before = self._now()

    def _now(self):
        own = sum(sum(resource.getrusage(who)[:2])
                  for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return machine_times(), own, tree_seconds(self.servers)

    def close(self):
        """(share of others, CPU seconds of the servers)"""
        (busy, idle), own, served = self._now()
        (busy0, idle0), own0, served0 = self.before
        whole = busy - busy0 + idle - idle0
        others = busy - busy0 - (own - own0) - (served - served0)
        return (max(0.0, min(1.0, others / whole)) if whole > 0 else 0.0), served - served0


def _said(*words):
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _first(path, name):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return ""


def facts(top, directory):
    """What a reader needs to know to repeat it."""
    versions = _said("dpkg-query", "-W", "-f", "${Package} ${Version}\\n", "liblmdb0",
                     "libsodium23", "libssl3", "libevent-2.1-7", "postgresql-15", "postgresql-17",
                     "redis-server", "nginx-light", "gcc").splitlines()
    release = pathlib.Path("/etc/os-release").read_text()
    pretty = [line.split("=", 1)[1].strip('"') for line in release.splitlines()
              if line.startswith("PRETTY_NAME=")]
    return {
        "processors": processors(),
        "processor": _first("/proc/cpuinfo", "model name"),
        "memoryBytes": int(_first("/proc/meminfo", "MemTotal").split()[0]) * 1024,
        "kernel": platform.release(),
        "system": pretty[0] if pretty else "",
        "fileSystem": _said("findmnt", "-n", "-o", "FSTYPE,SOURCE,OPTIONS", "-T", str(directory)),
        "load": os.getloadavg()[0],
        "revision": _said("git", "-C", str(top), "rev-parse", "HEAD"),
        "changed": bool(_said("git", "-C", str(top), "status", "--porcelain", "-uno")),
        "packages": versions,
    }
