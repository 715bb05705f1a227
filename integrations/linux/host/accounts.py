"""Accounts: one disabled with its sessions ended, or everybody but root kept out of the host.

What was there before is noted on the host first. shadow(5), usermod(8), nologin(5), pam_nologin(8).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import signal
import stat
import time
from typing import Any

from integrations.linux.host.system import (
    FailedError,
    RefusedError,
    ancestors,
    command,
    drop_note,
    every_process,
    family,
    key_of,
    need,
    notes,
    process,
    read_note,
    tool,
    write_note,
)

USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
EXPIRED = "1"
"""The account's last day, counted from 1970: what we set, and by which an undo knows it for ours."""
NOLOGIN = "/etc/nologin"
SERVERS = ("sshd", "sshd-session")
"""Processes that serve a session: sshd, before and since OpenSSH 9.8."""
GRACE = 1.0
"""Seconds that a process has to end by itself."""
ROUNDS = 3
"""How often processes are looked for: one may start another while it is ended."""


def disable(request: dict[str, Any]) -> dict[str, Any]:
    """Lock the password and let the account expire, so that keys don't open it either; end what it runs."""
    key, user = key_of(request), _user(request)
    _refuse_our_own(user)
    password, expires = _shadow(user)
    name = f"{user.pw_name}.{key}"
    if read_note("users", name) is None:
        before = {"locked": password.startswith("!"), "open": not password, "expires": expires}
        write_note("users", name, {"key": key, "user": user.pw_name, "before": before})
    changed = not password.startswith("!") or expires != EXPIRED
    if changed:
        command(need("usermod", "passwd"), "--lock", "--expiredate", EXPIRED, user.pw_name)
    ended = 0
    for _ in range(ROUNDS):
        left = _running(user)
        ended += end_processes(left)
        if not left:
            break
    return {"changed": changed, "ended": ended}


def enable(request: dict[str, Any]) -> dict[str, Any]:
    """Give back what was there before, each half where it is still as we left it."""
    name = _noted(request)
    note = read_note("users", name) if name else None
    if note is None:
        return {"changed": False}
    user = _user(request)
    before, program = note["before"], need("usermod", "passwd")
    password, expires = _shadow(user)
    if expires == EXPIRED and before["expires"] != EXPIRED:
        command(program, "--expiredate", before["expires"], user.pw_name)
    if password.startswith("!") and not before["locked"]:
        if before["open"]:  # usermod --unlock refuses to leave an account without a password
            command(program, "--password", "", user.pw_name)
        else:
            command(program, "--unlock", user.pw_name)
    password, expires = _shadow(user)
    if (password.startswith("!") and not before["locked"]) or expires == EXPIRED != before["expires"]:
        raise FailedError(f"usermod said nothing, but {user.pw_name} is still disabled")
    drop_note("users", name)
    return {"changed": True}


def look_disabled(request: dict[str, Any]) -> dict[str, Any]:
    name = _noted(request)
    if not name or read_note("users", name) is None:
        return {"in_force": False, "why": "it is not disabled by this containment"}
    user = _user(request)
    password, expires = _shadow(user)
    if not password.startswith("!"):
        return {"in_force": False, "why": "its password is not locked"}
    if expires != EXPIRED:
        return {"in_force": False, "why": "it is not expired"}
    if left := _running(user):
        return {"in_force": False, "why": f"{len(left)} of its processes still run"}
    return {"in_force": True, "why": ""}


def marks_disabled(request: dict[str, Any]) -> dict[str, Any]:
    del request
    return {"marks": [{"key": note["key"], "user": note["user"]} for note in notes("users")]}


def lock(request: dict[str, Any]) -> dict[str, Any]:
    """Refuse all log-ins but root's, lock graphical sessions, and end those that nothing can lock."""
    key = key_of(request)
    if login_user() not in ("", "root"):
        raise RefusedError(
            "log-ins of this system's own user would be refused too: let the connection log in as root, with a "
            "forced command (`siem connections setup linux`)"
        )
    note = read_note("lock", "host")
    if note is not None and note["key"] != key and _nologin() == _said(note["key"]):
        raise RefusedError(f"the host is locked already, under another mark ({note['key']})")
    there = _nologin()
    if there != _said(key):
        mode = stat.S_IMODE(os.stat(NOLOGIN).st_mode) if there is not None else None
        if note is None or note["key"] != key:
            write_note("lock", "host", {"key": key, "before": there, "mode": mode})
        _write_nologin(_said(key), 0o644)
    if os.path.isdir("/run/systemd/system") and tool("loginctl"):
        command("loginctl", "lock-sessions", accept=(0, 1))
    ended = end_processes(_sessions())
    return {"changed": there != _said(key), "ended": ended}


def unlock(request: dict[str, Any]) -> dict[str, Any]:
    key = key_of(request)
    note = read_note("lock", "host")
    if note is None or note["key"] != key:
        return {"changed": False}
    if _nologin() == _said(key):
        if note["before"] is None:
            os.unlink(NOLOGIN)
        else:
            _write_nologin(note["before"], note["mode"])
    drop_note("lock", "host")
    return {"changed": True}


def look_locked(request: dict[str, Any]) -> dict[str, Any]:
    key = key_of(request)
    if _nologin() != _said(key):
        return {"in_force": False, "why": "log-ins are not refused by this containment"}
    left = _sessions()
    if left:
        return {"in_force": False, "why": f"{len(left)} processes of sessions still run"}
    return {"in_force": True, "why": ""}


def marks_locked(request: dict[str, Any]) -> dict[str, Any]:
    del request
    return {"marks": [{"key": note["key"]} for note in notes("lock")]}


def end_processes(pids: list[int]) -> int:
    """End processes, first politely. Never ourselves nor what we hang on. Returns how many there were."""
    ours = ancestors()
    known: dict[int, int] = {}
    for pid in pids:
        found = process(pid)
        if found is not None and pid not in ours and pid != 1:
            known[pid] = found["started"]
    for way in (signal.SIGTERM, signal.SIGKILL):
        for pid, started in known.items():
            if _runs(pid, started):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, way)
        end = time.monotonic() + GRACE
        while time.monotonic() < end and any(_runs(pid, started) for pid, started in known.items()):
            time.sleep(0.02)
    return len(known)


def _runs(pid: int, started: int) -> bool:
    found = process(pid)
    return found is not None and found["started"] == started


def _noted(request: dict[str, Any]) -> str:
    """Return the name of the note about an account, empty where there can be none: what was never an account
    was never disabled."""
    key, name = key_of(request), request.get("user")
    return f"{name}.{key}" if isinstance(name, str) and USER.fullmatch(name) else ""


def _user(request: dict[str, Any]) -> pwd.struct_passwd:
    name = request.get("user")
    if not isinstance(name, str) or not USER.fullmatch(name):
        raise RefusedError(f"{str(name)[:40]!r} is no name of a Linux account")
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise RefusedError(f"the host has no account {name}") from None
    if user.pw_uid == 0:
        raise RefusedError(f"{name} is root itself: nobody could undo it")
    return user


def _refuse_our_own(user: pwd.struct_passwd) -> None:
    if user.pw_name == login_user() or user.pw_uid in {_owner(pid) for pid in ancestors()}:
        raise RefusedError(f"this system itself comes in as {user.pw_name}")


def login_user() -> str:
    """Return the account that this connection logged in as, empty where that can't be told."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or os.environ.get("LOGNAME") or ""


def _owner(pid: int) -> int | None:
    found = process(pid)
    return None if found is None else found["uid"]


def _running(user: pwd.struct_passwd) -> list[int]:
    """Return the account's processes and what hangs on them: a root's shell that sudo opened for it too."""
    known = every_process()
    mine = {pid for pid, one in known.items() if one["uid"] == user.pw_uid and not one["inside"]}
    return sorted(family(mine, known) - set(ancestors()))


def _shadow(user: pwd.struct_passwd) -> tuple[str, str]:
    """Return the account's password field and its last day, as shadow(5) has them."""
    with open("/etc/shadow", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields = line.rstrip("\n").split(":")
            if fields[0] == user.pw_name and len(fields) > 7:
                return fields[1], fields[7]
    raise RefusedError(f"{user.pw_name} is in another directory than this host's own /etc/shadow")


def _said(key: str) -> str:
    return f"This computer is locked by its security team (siem:{key}).\n"


def _nologin() -> str | None:
    try:
        with open(NOLOGIN, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(10_000)
    except FileNotFoundError:
        return None


def _write_nologin(text: str, mode: int) -> None:
    with open(NOLOGIN + ".siem", "w", encoding="utf-8", errors="surrogateescape") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    os.replace(NOLOGIN + ".siem", NOLOGIN)


def _sessions() -> list[int]:
    """Return the processes of everybody's sessions over SSH and on consoles but root's. An sshd that still asks
    who is there (it runs as the account ``sshd``) is none."""
    known = every_process()
    asking = {one.pw_uid for one in pwd.getpwall() if one.pw_name == "sshd"}
    roots = {
        pid
        for pid, one in known.items()
        if one["uid"] and one["uid"] not in asking and not one["inside"]
        and (one["name"] in SERVERS or known.get(one["parent"], {}).get("name") == "login")
    }  # fmt: skip
    return sorted(family(roots, known) - set(ancestors()))
