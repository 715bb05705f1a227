"""``anysecura.lock_computer`` and ``anysecura.isolate_host``: a computer is taken from who sits at it, or off the
network, until the undo.

Nothing of this ran against AnySecura, and the vendor documents no interface: what is sent is what the site
wrote in its connection (`integrations.anysecura.server`). In force is what the server's status says, never
what it answered to the order; a computer that is away waits, which is told and not taken for done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from integrations.anysecura.server import KIND, find_computer, open_server, order, read_state, request_of
from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

HOST = Parameter(name="host", type=ValueType.HOST, description="The computer's name in AnySecura.")


class ComputerOrder(Reversible):
    """An order that the site's server knows, and its opposite."""

    patience = 8.0
    pause = 1.0
    take: ClassVar[str]
    """The connection's setting with the request that takes it away."""
    give: ClassVar[str]
    state: ClassVar[str]
    """The setting that says where the status tells it."""

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_server(site, call.params.get("connection")) as server:
            for setting in (self.take, self.give):
                request_of(server.named, setting)  # who can't give it back takes nothing
            computer = await self._computer(server, call, site)
            meaning, word = await read_state(server, computer, self.state)
        said = f"{call.params['host']} is {word} in AnySecura"
        return Seen(
            meaning == "in_force",
            said,
            {"state": word, **computer},
            moving={"waiting": "in", "leaving": "out"}.get(meaning, ""),  # type: ignore[arg-type]
        )

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        if seen.moving == "out":
            raise ActionRefusedError(f"{seen.said}: somebody is just releasing it")
        await self._order(call, site, self.take)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, object]) -> None:
        del before
        await self._order(call, site, self.give)

    async def _computer(self, server: Http, call: ActionCall, site: Site) -> dict[str, str]:
        """Return the computer that this containment began with: it may have another name by now."""
        known = await self._recall(call, site)
        if known:
            before = known["before"]
            return {"id": str(before["id"]), "host": str(before["host"])}
        return await find_computer(server, call.params["host"])

    async def _order(self, call: ActionCall, site: Site, setting: str) -> None:
        async with open_server(site, call.params.get("connection")) as server:
            computer = await self._computer(server, call, site)
            comment = f"siem {call.key}: {call.reason or 'see its incident'}"[:500]
            await order(server, computer, setting, comment)


class LockComputer(ComputerOrder):
    spec = ActionSpec(
        name="anysecura.lock_computer",
        kind=ActionKind.CONTAINMENT,
        summary="Lock a computer with AnySecura: no keyboard, no mouse, until it is unlocked.",
        parameters=(HOST, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="host",
        noun="lock",
        timeout=20.0,
        connection=KIND,
        permission="Control: Lock Computer, Unlock",
    )
    take, give, state = "lock", "unlock", "lock_state"


class IsolateHost(ComputerOrder):
    """Which traffic stays (the server's own must) is for the policy behind the site's request to say."""

    spec = ActionSpec(
        name="anysecura.isolate_host",
        kind=ActionKind.CONTAINMENT,
        summary="Cut a computer off the network with a network control policy of AnySecura.",
        parameters=(HOST, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="host",
        noun="isolation",
        timeout=20.0,
        connection=KIND,
        permission="network control policies",
    )
    take, give, state = "isolate", "release", "isolation_state"
