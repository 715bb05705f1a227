"""What an investigator asks of a host first: processes, sockets, log-ins, scheduled work, hashes. Bounded."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from typing import Any

from integrations.linux.host.system import FailedError, command, process, processes, tool

MOST = 2000
"""Entries of one kind."""
TEXT = 2000
"""Characters of one entry."""
HASHED = 200_000_000
"""Bytes of all programs that are hashed."""
SCHEDULED = ("/etc/crontab", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/var/spool/cron")
KEYS = (".ssh/authorized_keys", ".ssh/authorized_keys2")
"""Histories of shells are left out: people type passwords into them."""
LARGEST = 4_000_000
"""Characters of everything."""


def collect(request: dict[str, Any]) -> dict[str, Any]:
    """Return ``{part: [entries]}`` and the names of the parts that were cut."""
    del request
    parts: dict[str, list[Any]] = {
        "host": [
            " ".join(os.uname()),
            f"taken {time.time():.0f}, up {time.clock_gettime(time.CLOCK_BOOTTIME):.0f} s",
        ],
        "processes": _processes(),
        "sockets": _lines("ss", "-H", "-a", "-n", "-p", "-t", "-u"),
        "logged_in": _lines("who", "-a"),
        "logins": _lines("last", "-i", "-n", "200"),
        "scheduled": _scheduled(),
        "access": _access(),
        "firewall": _lines("nft", "list", "ruleset"),
        "modules": _file("/proc/modules"),
    }
    parts["hashes"] = _hashes(parts["processes"])
    cut = {name for name, entries in parts.items() if len(entries) > MOST}
    left = LARGEST
    for name, entries in parts.items():
        kept = []
        for entry in entries[:MOST]:
            left -= len(str(entry))
            if left < 0:
                cut.add(name)
                break
            kept.append(entry)
        parts[name] = kept
    return {"parts": parts, "cut": sorted(cut)}


def _processes() -> list[Any]:
    found = []
    for pid in processes():
        one = process(pid)
        if one is None:
            continue
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            one["arguments"] = file.read(TEXT).replace(b"\0", b" ").decode("utf-8", "replace").strip()
        found.append(one)
    return found


def _lines(name: str, *arguments: str) -> list[Any]:
    program = tool(name)
    if program is None:
        return [f"the host has no {name}"]
    try:
        text = command(program, *arguments)
    except FailedError as error:
        return [f"failed: {error}"]
    return [line[:TEXT] for line in text.splitlines() if line.strip()]


def _file(path: str) -> list[Any]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n")[:TEXT] for line, _ in zip(file, range(MOST + 1))]  # noqa: B905
    except OSError as error:
        return [f"failed: {error.strerror}"]


def _scheduled() -> list[Any]:
    found = []
    for place in SCHEDULED:
        if os.path.isfile(place):
            found += [f"{place}: {line}" for line in _file(place)]
        for folder, _, names in os.walk(place):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    found += [f"{path}: {line}" for line in _file(path)]
    return found[: MOST + 1]


def _access() -> list[Any]:
    """Return the accounts, and of each the keys that open it."""
    found = []
    for line in _file("/etc/passwd"):
        found.append(line)
        home = (line.split(":") + [""] * 6)[5]
        for name in KEYS:
            path = os.path.join(home, name)
            if home and os.path.isfile(path) and not os.path.islink(path):
                found += [f"{path}: {entry}" for entry in _file(path)[-100:]]
    return found[: MOST + 1]


def _hashes(found: list[Any]) -> list[Any]:
    left = HASHED
    known: dict[str, str] = {}
    for one in found:
        program, pid = one["program"], one["pid"]
        if not program or program in known:
            continue
        try:
            size = os.stat(f"/proc/{pid}/exe").st_size
            if size > left:
                known[program] = "not hashed: too large"
                continue
            left -= size
            digest = hashlib.sha256()
            with open(f"/proc/{pid}/exe", "rb") as file:  # also of a program that was deleted
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
            known[program] = digest.hexdigest()
        except OSError as error:
            known[program] = f"not hashed: {error.strerror}"
    return [f"{digest}  {program}" for program, digest in sorted(known.items())]
