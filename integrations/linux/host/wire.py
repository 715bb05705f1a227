"""The conversation: a request a line in, an answer a line out, in order, until the input ends."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Callable
from typing import Any

from integrations.linux.host import accounts, files, firewall, isolation, running, triage
from integrations.linux.host.system import FailedError, RefusedError, one_at_a_time

LARGEST = 100_000
"""Bytes of a request."""
PROTOCOL = 1
"""Changes when a program of before would answer otherwise."""
ALONE = frozenset({"triage", "sessions", "see_process", "see_file"})
"""These change nothing: they run beside others."""
OPERATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "block": firewall.block,
    "unblock": firewall.unblock,
    "look_blocked": firewall.look,
    "marks_blocked": firewall.marks,
    "sessions": firewall.sessions,
    "isolate": isolation.isolate,
    "release": isolation.release,
    "look_isolated": isolation.look,
    "marks_isolated": isolation.marks,
    "disable": accounts.disable,
    "enable": accounts.enable,
    "look_disabled": accounts.look_disabled,
    "marks_disabled": accounts.marks_disabled,
    "lock": accounts.lock,
    "unlock": accounts.unlock,
    "look_locked": accounts.look_locked,
    "marks_locked": accounts.marks_locked,
    "kill": running.kill,
    "see_process": running.see,
    "forget": running.forget,
    "look_killed": running.look_killed,
    "marks_killed": running.marks_killed,
    "see_file": files.see,
    "quarantine": files.quarantine,
    "restore": files.restore,
    "look_quarantined": files.look_quarantined,
    "marks_quarantined": files.marks_quarantined,
    "triage": triage.collect,
}


def serve(version: str) -> None:
    """Greet with the program's version, then answer."""
    os.umask(0o077)
    os.chdir("/")
    _say({"siem": version, "protocol": PROTOCOL, "root": os.geteuid() == 0})
    for line in sys.stdin.buffer:
        _say(_answer(line))


def _answer(line: bytes) -> dict[str, Any]:
    try:
        if len(line) > LARGEST:
            raise RefusedError("the request is too long")
        request = json.loads(line)
        if not isinstance(request, dict):
            raise RefusedError("that is no request")
        operation = OPERATIONS.get(str(request.get("do")))
        if operation is None:
            raise RefusedError("there is no such operation")
        if request.get("do") in ALONE:
            return {"done": operation(request)}
        came = time.monotonic()
        with one_at_a_time():
            if _is_late(came, request):
                raise FailedError("whoever asked has given up waiting: nothing was done")
            return {"done": operation(request)}
    except RefusedError as error:
        return {"refused": str(error)}
    except (FailedError, OSError) as error:
        return {"failed": str(error)}
    except Exception as error:  # noqa: BLE001 - the one who asked must hear of it
        return {"failed": f"{type(error).__name__}: {error}"}


def _is_late(came: float, request: dict[str, Any]) -> bool:
    """Whether nobody waits for the answer any more. What was asked then must not be done: the opposite may have
    been asked, and done, meanwhile."""
    within = request.get("within")
    if isinstance(within, int | float) and time.monotonic() - came > within:
        return True
    asked = select.poll()
    asked.register(sys.stdin.fileno(), select.POLLHUP | select.POLLRDHUP)
    return any(event & (select.POLLHUP | select.POLLRDHUP | select.POLLERR) for _, event in asked.poll(0))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
