"""The host as the other modules see it: commands as argument vectors, notes of what was before, one lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

STATE = "/var/lib/siem"
"""Notes of what we changed and what was before, root's own: they outlast a restart of the host."""
RUN = "/run/siem"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS = 8
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class RefusedError(Exception):
    """It must not or can't be done, however often it is tried."""


class FailedError(Exception):
    """It did not work this time."""


def tool(name: str) -> str | None:
    """Return where a program is, None where the host lacks it."""
    return shutil.which(name, path=PATH)


def need(name: str, package: str) -> str:
    found = tool(name)
    if found is None:
        raise RefusedError(f"the host has no {name}: install its package {package}")
    return found


def command(*words: str, given: str = "", accept: tuple[int, ...] = (0,)) -> str:
    """Run an argument vector and return what it wrote. Raises `FailedError` with its own words."""
    try:
        done = subprocess.run(
            words,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
            env={"PATH": PATH, "LC_ALL": "C"},
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise FailedError(f"{os.path.basename(words[0])} took longer than {SECONDS} s") from None
    if done.returncode not in accept:
        said = " ".join((done.stderr or done.stdout).split())[:300]
        raise FailedError(f"{os.path.basename(words[0])}: {said or f'exit code {done.returncode}'}")
    return done.stdout


def key_of(request: dict[str, Any]) -> str:
    """Return the containment's key. Raises `RefusedError` for one that is none of ours."""
    key = request.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise RefusedError("the key is none of ours")
    return key


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the host's lock: what was cut off may still run while it is tried again."""
    os.makedirs(RUN, mode=0o700, exist_ok=True)
    with open(f"{RUN}/lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- notes ---------------------------------------------------------------------------------------


def folder(kind: str) -> str:
    path = f"{STATE}/{kind}"
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def write_note(kind: str, name: str, note: dict[str, Any]) -> None:
    """Write a note so that it is there, whole, whatever dies afterwards."""
    where = folder(kind)
    path = f"{where}/{name}.json"
    with open(path + ".new", "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(note, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    place = os.open(where, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def read_note(kind: str, name: str) -> dict[str, Any] | None:
    try:
        with open(f"{STATE}/{kind}/{name}.json", encoding="utf-8") as file:
            note = json.load(file)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RefusedError(f"{STATE}/{kind}/{name}.json can't be read: {error}") from error
    if not isinstance(note, dict):
        raise RefusedError(f"{STATE}/{kind}/{name}.json is no note of ours")
    return note


def drop_note(kind: str, name: str) -> None:
    """Remove a note, and the folders that only notes were in."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{STATE}/{kind}/{name}.json")
    for path in (f"{STATE}/{kind}", STATE):
        with contextlib.suppress(OSError):  # another note is in it
            os.rmdir(path)


def notes(kind: str) -> list[dict[str, Any]]:
    try:
        names = sorted(os.listdir(f"{STATE}/{kind}"))
    except FileNotFoundError:
        return []
    found = [read_note(kind, name[:-5]) for name in names if name.endswith(".json")]
    return [note for note in found if note is not None]


# --- processes -----------------------------------------------------------------------------------


def ancestors() -> list[int]:
    """Return our own process and those that it hangs on, itself first: never to be ended."""
    found: list[int] = []
    pid = os.getpid()
    while pid > 0 and pid not in found:
        found.append(pid)
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                pid = int(file.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            break
    return found


def family(roots: set[int], known: dict[int, dict[str, Any]]) -> set[int]:
    """Return processes with all that hangs on them."""
    found, grown = set(roots), True
    while grown:
        more = {pid for pid, one in known.items() if one["parent"] in found} - found
        found |= more
        grown = bool(more)
    return found


def every_process() -> dict[int, dict[str, Any]]:
    return {pid: found for pid in processes() if (found := process(pid)) is not None}


def processes() -> list[int]:
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def _is_inside(pid: int) -> bool:
    """Whether a process is in another set of process numbers than ours, as those of containers are: its user is
    somebody else then, whatever the number says. pid_namespaces(7)."""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid") != os.readlink("/proc/self/ns/pid")
    except OSError:
        return False


def process(pid: int) -> dict[str, Any] | None:
    """Return a process's parent, start, real user and program, None where it is gone: proc(5).

    The user is read from ``status``: the folder of a process that may not be dumped, as an sshd that serves
    somebody, is root's.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            name, _, rest = file.read().rpartition(")")
        fields = rest.split()
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            owner = next(int(line.split()[1]) for line in file if line.startswith("Uid:"))
    except (OSError, IndexError, StopIteration):
        return None
    if len(fields) < 20 or fields[0] == "Z":
        return None
    try:
        program = os.readlink(f"/proc/{pid}/exe")
    except OSError:
        program = ""
    return {
        "pid": pid,
        "parent": int(fields[1]),
        "started": int(fields[19]),
        "uid": owner,
        "name": name.partition("(")[2],
        "inside": _is_inside(pid),
        "program": program,
    }
