"""Containments of one host, or of something on it: what they share.

What was there before is noted on the host itself, by the program, before it changes anything, and under the
containment's key: so that apply and undo are whole there, whatever becomes of the connection in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from integrations.contract import ActionCall, ActionError, Mark, MarksUnreadError
from integrations.footprint import footprint_of
from integrations.linux.response.connection import KIND, Host, all_listed, host_of
from integrations.linux.response.session import ask
from integrations.ports import Site
from integrations.reversal import CONNECTION, stored
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType, Verification

HOST = Parameter(
    name="host", type=ValueType.HOST, description="The host, as a connection lists it (name or address)."
)


MARGIN = 30.0
"""Seconds by which a host ends a containment later than its time: the undo comes first."""


def seconds_left(call: ActionCall, site: Site) -> int | None:
    """Return after how many seconds the host itself shall end it, None for never. They are counted by the
    clock that ends it: one of this machine's that jumped must not cut it short, nor make it long."""
    if call.until is None:
        return None
    left = call.lasts if call.lasts is not None else (call.until - site.clock.now()).total_seconds()
    return max(1, round(left + MARGIN))


class OnHost:
    """Subclasses declare `spec` and the names of the program's operations. All methods raise `ActionError`s."""

    spec: ActionSpec
    apply: ClassVar[str]
    look: ClassVar[str]
    lift: ClassVar[str]
    marked: ClassVar[str]
    passed: ClassVar[tuple[str, ...]] = ()
    """Parameters that the host is told."""

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        host = self.host(call, site)
        done = await ask(host, self.apply, key=call.key, **self.request(call, site, host))
        return {name: done[name] for name in self.spec.returns if name in done}

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        """Ask the host for its own state: what `run` answered counts for nothing."""
        host = self.host(call, site)
        seen = await ask(host, self.look, key=call.key, **self.request(call, site, host))
        in_force = seen.get("in_force") is True
        return Verification(
            in_force=in_force, detail=f"{host}: {self.said(call, seen) if in_force else seen.get('why')}"
        )

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        host = self.host(call, site)
        done = await ask(host, self.lift, key=call.key, **self.request(call, site, host))
        return {"changed": done.get("changed") is True}

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Say what the events of the last days know of the target."""
        with stored():
            return await footprint_of(self.spec, call.params, site)

    async def marks(self, site: Site) -> Sequence[Mark]:
        """Return what is in force under our mark, on every host that is listed by name."""

        async def one(host: Host) -> list[Mark] | ActionError:
            try:
                found = await ask(host, self.marked)
            except ActionError as error:
                return error
            return [self.mark(host, mark) for mark in found.get("marks", ())]

        answers = await asyncio.gather(*(one(host) for host in all_listed(site)))
        marks = [mark for answer in answers if isinstance(answer, list) for mark in answer]
        if failed := [str(answer) for answer in answers if isinstance(answer, ActionError)]:
            raise MarksUnreadError("; ".join(failed), marks)
        return marks

    def connection_of(self, call: ActionCall, site: Site) -> str:
        return self.host(call, site).connection.name

    async def aliases_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return what else the connection calls the host: its name there and its address."""
        host = self.host(call, site)
        return (host.name, host.address)

    def mark(self, host: Host, found: Mapping[str, Any]) -> Mark:
        params = {name: found[name] for name in self.passed if name in found}
        target = params.get(self.spec.target or "")
        said = f"the {self.spec.noun} of {target} on {host}" if target else f"the {self.spec.noun} of {host}"
        return Mark(
            str(found["key"]), {**params, "host": host.name, "connection": host.connection.name}, said
        )

    def host(self, call: ActionCall, site: Site) -> Host:
        return host_of(site, call.params.get("host"), call.params.get("connection"))

    def request(self, call: ActionCall, site: Site, host: Host) -> dict[str, Any]:
        """Return what the host is told besides the key."""
        del site, host
        return {name: call.params[name] for name in self.passed if call.params.get(name) is not None}

    def said(self, call: ActionCall, seen: Mapping[str, Any]) -> str:
        """Return what is in force, in words."""
        raise NotImplementedError


def containment(
    name: str,
    summary: str,
    parameters: tuple[Parameter, ...],
    *,
    target: str,
    noun: str,
    permission: str,
    returns: Mapping[str, ValueType] | None = None,
    expires: bool = False,
    lasts: bool = True,
    timeout: float = 30.0,
) -> ActionSpec:
    """Return the spec of a containment on one host: its target is meant there and nowhere else."""
    return ActionSpec(
        name=name,
        kind=ActionKind.CONTAINMENT,
        summary=summary,
        parameters=(*parameters, HOST, CONNECTION) if target != "host" else (HOST, *parameters, CONNECTION),
        returns=dict(returns or {}),
        target=target,
        place=None if target == "host" else "host",
        noun=noun,
        timeout=timeout,
        connection=KIND,
        permission=f"root by siem-host: {permission}",
        expires=expires,
        lasts=lasts,
    )
