"""Isolation of the host: only this system, name servers and the lease of its own address get through.

A second table, ``inet siem_isolation``, drops the rest. Before its rules stand, a process of its own waits on the
host to remove them. Each time this system looks (`look`), the wait begins anew; who has cut off his own way in
never looks, and the host comes back. Waits are counted by the kernel's own running time, so a clock that jumps
moves nothing. A restart of the host ends the isolation too: nothing of it is in the files that rules load from.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import Any

from integrations.linux.host.firewall import MARK, list_table, nft
from integrations.linux.host.surroundings import name_servers, plain, who_asks
from integrations.linux.host.system import (
    RUN,
    FailedError,
    RefusedError,
    command,
    drop_note,
    key_of,
    one_at_a_time,
    read_note,
    tool,
    write_note,
)

TABLE = "siem_isolation"
PRIORITY = -20
NOTE = ("isolation", "host")
FIRST = 60
"""Seconds within which this system must have looked for the first time."""
LEASE = f"{RUN}/isolation.lease"
WATCH = f"{RUN}/isolation.watch"
CHAINS = ("input", "forward", "output")


def isolate(request: dict[str, Any]) -> dict[str, Any]:
    key, us = key_of(request), _let_through(request)
    patience, seconds = _patience(request), request.get("seconds")
    note = read_note(*NOTE)
    if note is not None and note["key"] != key and list_table(TABLE) is not None:
        raise RefusedError(f"the host is isolated already, under another mark ({note['key']})")
    ends = None if seconds is None else _running() + max(1, int(seconds))
    write_note(*NOTE, {"key": key, "us": us, "patience": patience, "ends": ends})
    whole = _whole(list_table(TABLE), key, us)
    _wait_at_most(FIRST if not whole else patience, ends)
    if not whole:
        nft(_rules(key, us))
    _end_connections(us)
    return {"changed": not whole}


def release(request: dict[str, Any]) -> dict[str, Any]:
    """Remove the rules, then who waits to do so."""
    key = key_of(request)
    note, table = read_note(*NOTE), list_table(TABLE)
    mark = _mark(table) or (MARK + note["key"] if note is not None else "")
    if mark != MARK + key:
        return {"changed": False}
    if table is not None:
        nft([f"delete table inet {TABLE}"])
        if list_table(TABLE) is not None:
            raise FailedError("nft said nothing, but the rules that isolate the host still stand")
    _stop_waiting()
    drop_note(*NOTE)
    return {"changed": table is not None}


def look(request: dict[str, Any]) -> dict[str, Any]:
    """Ask the kernel; to be asked proves that this system gets through, so the wait begins anew."""
    key = key_of(request)
    table = list_table(TABLE)
    if table is None:
        return {"in_force": False, "why": "it has no rules that isolate it"}
    note = read_note(*NOTE)
    if note is None or note["key"] != key or _mark(table) != MARK + key:
        return {"in_force": False, "why": f"it is isolated under another mark ({_mark(table)[:80]})"}
    if not _whole(table, key, note["us"]):
        return {"in_force": False, "why": "the rules that isolate it are not whole"}
    _wait_at_most(note["patience"], note["ends"])
    return {"in_force": True, "why": "", "us": note["us"], "packets": _dropped(table)}


def marks(request: dict[str, Any]) -> dict[str, Any]:
    del request
    note = read_note(*NOTE)
    table = list_table(TABLE)
    if table is None:
        return {"marks": []}
    key = _mark(table)[len(MARK) :] if note is None else note["key"]
    return {"marks": [{"key": key}]}


def _let_through(request: dict[str, Any]) -> list[str]:
    """Return where this system is: where the request comes from, and what the connection names besides."""
    us = who_asks()
    if us is None:
        raise RefusedError("can't tell where this system is: the request came over no SSH connection")
    others = request.get("us") or []
    try:
        return sorted({us, *(plain(other) for other in others)})
    except (TypeError, ValueError, AttributeError):
        raise RefusedError("the connection's `us` is no list of addresses") from None


def _patience(request: dict[str, Any]) -> int:
    value = request.get("patience")
    if not isinstance(value, int) or isinstance(value, bool) or not FIRST <= value <= 7 * 86400:
        raise RefusedError(f"revert_after must be from {FIRST} s to 7 days")
    return value


def _rules(key: str, us: list[str]) -> list[str]:
    """Return the table as one transaction. ``forward`` drops all: an isolated host routes for nobody."""
    table = f"inet {TABLE}"
    mark = f'comment "{MARK}{key}"'
    lines = [f"add table {table}", f"delete table {table}", f"add table {table}"]
    lines += [
        f"add chain {table} {chain} {{ type filter hook {chain} priority {PRIORITY}; policy drop; }}"
        for chain in CHAINS
    ]
    ways = [("input", "iif", "saddr", "sport"), ("output", "oif", "daddr", "dport")]
    for chain, interface, side, port in ways:
        lines.append(f'add rule {table} {chain} {interface} "lo" accept')
        lines += [f"add rule {table} {chain} {_family(one)} {side} {one} accept" for one in us]
        for server in name_servers():
            way = f"{_family(server)} {side} {server}"
            lines += [
                f"add rule {table} {chain} {way} {protocol} {port} 53 accept" for protocol in ("udp", "tcp")
            ]
        lines.append(
            f"add rule {table} {chain} icmpv6 type "
            "{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, nd-router-solicit } accept"
        )
    for lessor, lessee in ((67, 68), (547, 546)):  # of its address: DHCP and DHCPv6
        lines.append(f"add rule {table} input udp sport {lessor} udp dport {lessee} accept")
        lines.append(f"add rule {table} output udp sport {lessee} udp dport {lessor} accept")
    lines += [f"add rule {table} {chain} counter drop {mark}" for chain in CHAINS]
    return lines


def _family(address: str) -> str:
    return "ip6" if ":" in address else "ip"


def _chains(table: list[dict[str, Any]] | None) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in table or ():
        if "rule" in one:
            found.setdefault(one["rule"]["chain"], []).append(one["rule"])
    return found


def _mark(table: list[dict[str, Any]] | None) -> str:
    rules = _chains(table).get("output", [])
    return str(rules[-1].get("comment", "")) if rules else ""


def _whole(table: list[dict[str, Any]] | None, key: str, us: list[str]) -> bool:
    """Whether each chain has its policy, lets us through, has as many rules as it should and drops the rest."""
    if table is None:
        return False
    hooks = {
        one["chain"]["hook"]
        for one in table
        if "chain" in one and one["chain"].get("policy") == "drop" and one["chain"].get("prio") == PRIORITY
    }
    chains = _chains(table)
    wanted = [line.split()[4] for line in _rules(key, us) if line.startswith("add rule")]
    for chain in CHAINS:
        rules = chains.get(chain, [])
        last = rules[-1] if rules else {}
        drops = last.get("comment") == MARK + key and "drop" in [next(iter(e)) for e in last.get("expr", ())]
        if chain not in hooks or len(rules) != wanted.count(chain) or not drops:
            return False
    return all(f"'{one}'" in str(chains[chain]) for one in us for chain in ("input", "output"))


def _dropped(table: list[dict[str, Any]]) -> int:
    total = 0
    for rules in _chains(table).values():
        for expression in rules[-1]["expr"]:
            total += expression["counter"]["packets"] if "counter" in expression else 0
    return total


def _end_connections(us: list[str]) -> None:
    """End what is open with others: it would go on after the release."""
    program = tool("ss")
    if program is None:
        return
    words = []
    for one in (*us, "127.0.0.0/8", "::1"):
        words += ["and", "not", "dst", f"[{one}]" if ":" in one else one]
    command(program, "-K", "-H", "-n", "-t", "-u", "state", "connected", *words[1:], accept=(0, 1, 255))


# --- who waits to remove the rules ----------------------------------------------------------------


def _running() -> float:
    """Return seconds since the host was started, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _wait_at_most(seconds: float, ends: float | None) -> None:
    deadline = _running() + seconds
    deadline = deadline if ends is None else min(deadline, ends)
    with open(LEASE + ".new", "w", encoding="ascii") as file:
        file.write(f"{deadline}\n")
    os.replace(LEASE + ".new", LEASE)
    _start_watcher()


def _stop_waiting() -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(LEASE)


def _start_watcher() -> None:
    """Start the watcher unless one runs: it holds a lock as long as it lives. Returns when it holds it."""
    with open(WATCH, "a", encoding="ascii") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if (child := os.fork()) == 0:
            _detach(held.fileno())
        os.waitpid(child, 0)


def _detach(lock: int) -> None:
    """Become a process that hangs on nothing, keep the lock that was taken, and watch."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        null = os.open("/dev/null", os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in (0, 1, 2, lock):
                with contextlib.suppress(OSError):
                    os.close(int(name))
        _leave_session()
        _watch(lock)
    finally:
        os._exit(0)


def _leave_session() -> None:
    """Leave the control group of the log-in session: where logind ends what a session leaves behind
    (KillUserProcesses), the watcher must not end with it. cgroups(7)."""
    for place in ("/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/systemd/cgroup.procs"):
        with contextlib.suppress(OSError), open(place, "w", encoding="ascii") as file:
            file.write("0")


def _watch(lock: int) -> None:
    while True:
        left = _left()
        if left is not None and left > 0:
            time.sleep(min(left, 1.0))
            continue
        with one_at_a_time():
            left = _left()
            if left is None:  # released; a new isolation starts a new watcher, once this one has let go
                os.close(lock)
                return
            if left > 0:
                continue
            with contextlib.suppress(Exception):
                nft([f"delete table inet {TABLE}"])
            with contextlib.suppress(Exception):
                if list_table(TABLE) is None:
                    drop_note(*NOTE)
                    _stop_waiting()
                    os.close(lock)
                    return
        time.sleep(1)


def _left() -> float | None:
    """Return the seconds until the rules go, None where nothing waits."""
    try:
        with open(LEASE, encoding="ascii") as file:
            return float(file.read()) - _running()
    except FileNotFoundError:
        return None
    except ValueError:
        return 0.0
