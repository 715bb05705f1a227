"""``linux.isolate_host`` and ``linux.lock_computer``: a whole host, out of the network or out of people's reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import ActionCall
from integrations.linux.response.connection import Host
from integrations.linux.response.single import OnHost, containment, seconds_left
from integrations.ports import Site
from playbooks.actions import Parameter, ValueType


class IsolateHost(OnHost):
    """The host comes back by itself: a minute after it was isolated where this system can't reach it then, later
    when this system has not looked for `revert_after`. It is looked at hourly."""

    spec = containment(
        "linux.isolate_host",
        "Cut a Linux host off the network: only this system and its name servers stay reachable.",
        (
            Parameter(
                name="revert_after",
                type=ValueType.DURATION,
                description="After how long without contact to this system the host comes back by itself: 1m to 7d.",
                required=False,
                default=3 * 3600,
                manner=True,
            ),
        ),
        target="host",
        noun="isolation",
        permission="nftables tables of its own, end TCP connections",
        expires=True,
    )
    apply, look, lift, marked = "isolate", "look_isolated", "release", "marks_isolated"

    def request(self, call: ActionCall, site: Site, host: Host) -> dict[str, Any]:
        us = host.connection.get("us") or []
        return {
            "patience": int(call.params.get("revert_after") or 3 * 3600),
            "seconds": seconds_left(call, site),
            "us": list(us) if isinstance(us, list | tuple) else [us],
        }

    def said(self, call: ActionCall, seen: Mapping[str, Any]) -> str:
        del call
        us, packets = seen.get("us") or [], int(seen.get("packets") or 0)
        return f"only {', '.join(map(str, us))} and name servers reach it, {packets:,} packets dropped so far"


class LockComputer(OnHost):
    """Root's sessions and what runs in the background go on: services, and this system's own way in."""

    spec = containment(
        "linux.lock_computer",
        "Lock a Linux computer: sessions end or are locked, and only root may log in.",
        (),
        target="host",
        noun="lock",
        permission="write /etc/nologin, end sessions",
        returns={"ended": ValueType.INTEGER},
    )
    apply, look, lift, marked = "lock", "look_locked", "unlock", "marks_locked"

    def said(self, call: ActionCall, seen: Mapping[str, Any]) -> str:
        del call, seen
        return "log-ins are refused, and nobody's session but root's is open"
