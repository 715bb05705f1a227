"""``blocklist.block_ip``: put an address on a list that firewalls poll.

The list is a document in the state store; the API serves it, one address a line. Applied means
written, in force means that the served feed shows it: `verify` reads the feed over HTTP like any
firewall, and says which consumers have the version that it saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from typing import Any

from integrations.blocklist.blast import blast_of
from integrations.blocklist.entries import add_entry, read_entries, remove_entry
from integrations.blocklist.feed import Consumer, FeedClient, open_feed
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError, Mark
from integrations.ports import Site, StoreError, StoreUnavailableError
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType, Verification

CONFIRM_PAUSES = (0.004, 0.008, 0.012, 0.02)
"""Seconds before each look at consumers that wait for a change: they have it within moments."""

SPEC = ActionSpec(
    name="blocklist.block_ip",
    kind=ActionKind.CONTAINMENT,
    summary="Block an address on the firewalls that poll the blocklist.",
    parameters=(
        Parameter(name="ip", type=ValueType.IP, description="The address to block."),
        Parameter(
            name="list",
            type=ValueType.TEXT,
            description="Which of the site's blocklists.",
            required=False,
            default="default",
        ),
    ),
    target="ip",
    place="list",
    noun="block",
    timeout=10.0,
)


class BlockIp:
    """The containment. Raises `ActionRefusedError` for a list that the site does not have, and
    `ActionUnavailableError` where the store or the service is away."""

    @property
    def spec(self) -> ActionSpec:
        return SPEC

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Write the entry, or a later end for it; idempotent by `call.key`."""
        name = _list_of(call)
        async with open_feed(site, name) as feed:
            if await feed.consumers() is None:
                raise ActionRefusedError(f"the site has no blocklist {name!r}")
            entry = {
                "until": call.until.isoformat() if call.until is not None else None,
                "incident": call.incident or "",
                "key": call.key,
                "added": site.clock.now().isoformat(),
            }
            with _store_errors():
                version = await add_entry(site.state, name, call.params["ip"], entry)
            await _hurry(feed)
        return {"version": version}

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        """Read the feed as it is served, and ask who has it."""
        name, address = _list_of(call), call.params["ip"]
        async with open_feed(site, name) as feed:
            served, consumers = await asyncio.gather(feed.served(), feed.consumers())
            if served is None or consumers is None:
                return Verification(in_force=False, detail=f"there is no blocklist {name!r}")
            there = address in served.addresses
            consumers = await _confirmed(feed, consumers, served.version)
        says = "shows" if there else "does not show"
        return Verification(
            in_force=there,
            detail=f"the served blocklist {name!r} (version {served.version}) {says} {address}; "
            + _holders(consumers, served.version),
        )

    async def marks(self, site: Site) -> Sequence[Mark]:
        """Return the entries of all lists: each carries the key of the containment that put it there."""
        found = []
        for key in await site.state.keys("blocklist/"):
            name = key.removeprefix("blocklist/")
            for address, entry in (await read_entries(site.state, name)).items():
                params = {"ip": address, "list": name}
                found.append(Mark(str(entry.get("key", "")), params, f"{address} on the blocklist {name}"))
        return found

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Take the address off; harmless where it is not on it."""
        name = _list_of(call)
        with _store_errors():
            version = await remove_entry(site.state, name, call.params["ip"], site.clock.now())
        async with open_feed(site, name) as feed:
            await _hurry(feed)
        return {"version": version}

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Say who logged in from the address in the last days, and where."""
        with _store_errors():
            return await blast_of(call.params["ip"], call.incident, site)


def _list_of(call: ActionCall) -> str:
    name = str(call.params.get("list", "default"))
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
        raise ActionRefusedError(f"{name!r} is no name of a blocklist")
    return name


async def _hurry(feed: FeedClient) -> None:
    with contextlib.suppress(ActionUnavailableError):  # the service also finds changes by itself
        await feed.poke()


async def _confirmed(feed: FeedClient, consumers: Sequence[Consumer], version: int) -> Sequence[Consumer]:
    """Return the consumers, after a moment for those who are just being told."""
    for pause in CONFIRM_PAUSES:
        if not any(one.is_learning(version) for one in consumers):
            break
        await asyncio.sleep(pause)
        consumers = await feed.consumers() or ()
    return consumers


def _holders(consumers: Sequence[Consumer], version: int) -> str:
    if not consumers:
        return "nobody polls it yet"
    having = [one.name for one in consumers if one.has(version)]
    lacking = [one.name for one in consumers if not one.has(version)]
    said = f"{len(having)} of {len(consumers)} who poll it have it ({_names(having)})" if having else ""
    late = f"not yet known to have it: {_names(lacking)}" if lacking else ""
    return "; ".join(part for part in (said, late) if part)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


@contextlib.contextmanager
def _store_errors() -> Any:
    try:
        yield
    except StoreUnavailableError as error:
        raise ActionUnavailableError(f"the store does not answer: {error}") from error
    except StoreError as error:
        raise ActionRefusedError(str(error)) from error
