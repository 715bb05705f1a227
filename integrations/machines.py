"""What endpoint products say of the machine that an isolation would hit, told alike whoever says it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from integrations.contract import ActionCall, ActionError
from integrations.ports import Site
from integrations.reversal import Reversible
from playbooks.actions import BlastRadius


@dataclass(frozen=True)
class Machine:
    """One machine as its product has it."""

    kind: str
    """In the product's words: ``Workstation``, ``server``; empty where it does not say."""
    personal: bool
    """Whether it is somebody's own computer: then who uses it is hit, and hardly anybody else."""
    system: str = ""
    user: str = ""
    """Who used it last."""
    place: str = ""
    """Where it stands in the product."""
    names: tuple[str, ...] = ()
    """Its names and its own addresses, not one that it shares with others."""


class MachineIsolation(Reversible):
    """An isolation by an endpoint product. Subclasses say what `product` it is and what the `machine` is."""

    product: ClassVar[str]

    async def machine(self, call: ActionCall, site: Site) -> Machine:
        """Ask the product. Raises `ActionError`."""
        raise NotImplementedError

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Say also what the machine is to the product: a server, a laptop, whose."""
        blast = await super().blast_radius(call, site)
        try:
            found = await self.machine(call, site)
        except ActionError as error:
            said = f"{self.product} does not say what it is: {error}"
            return blast.model_copy(update={"details": (*blast.details, said)})
        kind = found.kind or "of an unknown kind"
        said = f"In {self.product}: {kind}, {found.system or 'an unknown system'}"
        said += f", {found.place}" if found.place else ""
        said += f", last used by {found.user}" if found.user else ""
        others = "" if found.personal else f"It is nobody's own computer, but: {kind}. "
        return blast.model_copy(
            update={"summary": f"{others}{blast.summary}", "details": (*blast.details, said)}
        )

    async def aliases_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return what the product calls the machine, and the addresses by which others reach it."""
        return [name for name in (await self.machine(call, site)).names if name and not _is_inner(name)]


def _is_inner(name: str) -> bool:
    """Whether it is an address that every machine has for itself."""
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local or address.is_unspecified
