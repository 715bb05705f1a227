"""One process ended, known by its number, its start and its program: a number alone may be somebody else's."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import time
from typing import Any

from integrations.linux.host.system import (
    RefusedError,
    ancestors,
    drop_note,
    every_process,
    key_of,
    notes,
    process,
    read_note,
    write_note,
)

WAIT = 2.0
"""Seconds that the kernel has to end a process that was killed."""
NEEDED = frozenset({"sshd", "systemd", "init", "dbus-daemon", "systemd-logind", "systemd-journald"})
SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib/")
"""Where those lie: a program elsewhere that calls itself so is none of them."""


def kill(request: dict[str, Any]) -> dict[str, Any]:
    """Kill it (SIGKILL). The note keeps which one it was, so that a retry can't hit its successor."""
    key, pid = key_of(request), _pid(request)
    note = read_note("killed", key)
    if note is None:
        found = process(pid)
        if found is None:
            raise RefusedError(f"no process {pid} runs")
        system = found["uid"] == 0 and found["name"] in NEEDED and found["program"].startswith(SYSTEM)
        if pid == 1 or pid in ancestors() or system:
            raise RefusedError(f"process {pid} ({found['name']}) keeps the host, or this system's way in")
        if not found["program"]:
            raise RefusedError(f"process {pid} is the kernel's own")
        wanted = request.get("program")
        if wanted is not None and found["program"].replace(" (deleted)", "") != wanted:
            raise RefusedError(f"process {pid} runs {found['program'][:200]} now, not {str(wanted)[:200]}")
        note = {"key": key, **found}
        write_note("killed", key, note)
    elif note["pid"] != pid:
        raise RefusedError(f"process {note['pid']} was killed under this mark, not {pid}")
    changed = _end(note)
    return {"changed": changed, "program": note["program"], "name": note["name"], "uid": note["uid"]}


def see(request: dict[str, Any]) -> dict[str, Any]:
    """Return what a process is, for who decides."""
    pid = _pid(request)
    found = process(pid)
    if found is None:
        raise RefusedError(f"no process {pid} runs")
    try:
        found["user"] = pwd.getpwuid(found["uid"]).pw_name
    except KeyError:
        found["user"] = str(found["uid"])
    found["children"] = sum(one["parent"] == pid for one in every_process().values())
    return found


def forget(request: dict[str, Any]) -> dict[str, Any]:
    """There is nothing to give back: the note goes."""
    key = key_of(request)
    there = read_note("killed", key) is not None
    drop_note("killed", key)
    return {"changed": there}


def look_killed(request: dict[str, Any]) -> dict[str, Any]:
    note = read_note("killed", key_of(request))
    if note is None:
        return {"in_force": False, "why": "nothing was killed under this mark"}
    if _runs(note):
        return {"in_force": False, "why": f"process {note['pid']} ({note['name']}) still runs"}
    return {"in_force": True, "why": "", "program": note["program"], "name": note["name"]}


def marks_killed(request: dict[str, Any]) -> dict[str, Any]:
    del request
    return {"marks": [{"key": note["key"], "pid": note["pid"]} for note in notes("killed")]}


def _end(note: dict[str, Any]) -> bool:
    if not _runs(note):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(note["pid"]), signal.SIGKILL)
    end = time.monotonic() + WAIT
    while _runs(note) and time.monotonic() < end:
        time.sleep(0.01)
    return True


def _runs(note: dict[str, Any]) -> bool:
    found = process(int(note["pid"]))
    return found is not None and found["started"] == note["started"]


def _pid(request: dict[str, Any]) -> int:
    pid = request.get("pid")
    if not isinstance(pid, int) or isinstance(pid, bool) or not 1 <= pid <= 4_194_304:
        raise RefusedError("that is no number of a process")
    return pid
