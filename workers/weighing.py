"""What only this installation knows of a target: is it a lifeline, how critical, what else is it called."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from integrations.contract import ActionError
from integrations.inventory import Asset, Inventory, InventoryError, Person
from playbooks.actions import ActionSpec, ValueType
from playbooks.guard import CRITICALITIES, Weighed
from playbooks.spellings import Network, networks_of, same_host, user_names
from rules.entities import EntityKind, canonical
from workers.lifelines import Lifelines

GROUPS_SECONDS = 4.0
NamesOf = Callable[[], Awaitable[Sequence[str]]]
"""Asks the action's own system for the groups of a target, or for its other names."""


class Weighing:
    """Weighs the targets of one action."""

    def __init__(self, lifelines: Lifelines | None, inventory: Callable[[], Inventory]) -> None:
        """`lifelines` None: nothing is this system's own (for tests)."""
        self._lifelines = lifelines
        self._inventory = inventory

    async def weigh(
        self,
        spec: ActionSpec,
        params: Mapping[str, Any],
        groups_of: NamesOf | None = None,
        aliases_of: NamesOf | None = None,
        names_of: NamesOf | None = None,
    ) -> Weighed:
        """`groups_of`, `aliases_of` (hosts) and `names_of` (users) ask the action's own system."""
        (groups, unknown), (aliases, nameless), (names, unnamed) = await asyncio.gather(
            _asked(groups_of), _asked(aliases_of), _asked(names_of)
        )
        targets = [
            *targets_of(spec, params),
            *((ValueType.HOST, one) for one in aliases),
            *((ValueType.USER, one) for one in names),
        ]
        try:
            inventory = await asyncio.to_thread(self._inventory)
        except (InventoryError, OSError) as error:
            inventory, unlisted = Inventory(), f"the inventory can't be read: {error}"
        else:
            unlisted = ""
        assets = [one for one in inventory.assets if any(_is_asset(one, *target) for target in targets)]
        people = [one for one in inventory.people if any(_is_person(one, *target) for target in targets)]
        hosts = [*aliases, *(name for one in assets for name in _called(one))]
        users = [*names, *(name for one in people for name in _names(one))]
        known = dict.fromkeys(
            [*targets, *((ValueType.HOST, one) for one in hosts), *((ValueType.USER, one) for one in users)]
        )
        own = await self._lifelines.why(known) if self._lifelines is not None else ""
        asked = [value for one, value in known if one is ValueType.USER]
        account = self._lifelines.account(asked) if self._lifelines is not None else ""
        found = [one.criticality for one in assets] + ["critical" for one in people if one.privileged]
        return Weighed.model_validate(
            {
                "own": own,
                "account": account,
                "criticality": max(found, key=CRITICALITIES.index) if found else None,
                "groups": groups,
                "groups_unknown": unknown,
                "aliases": tuple(dict.fromkeys(hosts)),
                "users": tuple(dict.fromkeys(users)),
                "aliases_unknown": nameless or unnamed or unlisted,
            }
        )


async def _asked(ask: NamesOf | None) -> tuple[tuple[str, ...], str]:
    """Return (the names, why they are not known)."""
    if ask is None:
        return (), ""
    try:
        return tuple(await asyncio.wait_for(ask(), GROUPS_SECONDS)), ""
    except ActionError as error:
        return (), str(error)
    except TimeoutError:
        return (), f"no answer within {GROUPS_SECONDS:.0f} s"


def targets_of(spec: ActionSpec, params: Mapping[str, Any]) -> Iterator[tuple[ValueType, str]]:
    """Yield (type, value) of an action's parameters that name something: addresses, hosts, users."""
    for parameter in spec.parameters:
        value = params.get(parameter.name)
        kind = parameter.items if parameter.type is ValueType.LIST else parameter.type
        if kind in (ValueType.IP, ValueType.HOST, ValueType.USER) and value is not None:
            for item in value if isinstance(value, list | tuple) else [value]:
                yield kind, str(item)


def _names(person: Person) -> tuple[str, ...]:
    return (person.id, *person.names, *person.emails)


def _is_person(person: Person, kind: ValueType, value: str) -> bool:
    """Whether a user is one of the inventory's people, under any of the names that it knows."""
    if kind is not ValueType.USER:
        return False
    wanted = user_names(value)
    return any(wanted & user_names(name) for name in _names(person))


def _called(asset: Asset) -> Iterator[str]:
    """Yield an asset's names, and the addresses that are its alone."""
    yield from (asset.name, *asset.names)
    for text in asset.addresses:
        if (network := ipaddress.ip_network(text)).num_addresses == 1:
            yield str(network.network_address)


def _is_asset(asset: Asset, kind: ValueType, value: str) -> bool:
    """Whether a host or an address is one of the inventory's assets: by a name, or an address in any form."""
    if kind not in (ValueType.HOST, ValueType.IP):
        return False
    name = canonical(EntityKind.HOST, value)
    if any(same_host(name, canonical(EntityKind.HOST, one)) for one in (asset.name, *asset.names)):
        return True
    try:
        forms = tuple(networks_of(ipaddress.ip_network(value, strict=False)))
    except ValueError:
        return False
    return any(_overlap(ipaddress.ip_network(text), form) for text in asset.addresses for form in forms)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
