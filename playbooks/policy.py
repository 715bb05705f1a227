"""Policy: who may approve, and what must never be touched.

Pure value types and decisions; `workers` reads them from ``siem.yaml`` and snapshots them into
each workflow's input, so a running incident is judged by the policy that it started with.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from playbooks.actions import ActionSpec, ValueType
from rules.entities import EntityKind, canonical


class ApproversPolicy(BaseModel):
    """Groups of people, by Slack user id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: dict[str, tuple[str, ...]]

    @field_validator("groups")
    @classmethod
    def _somebody(cls, groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, members in groups.items():
            if not members:
                raise ValueError(f"approver group {name!r} is empty: name at least one Slack user id")
        return groups

    def members(self, group: str) -> frozenset[str]:
        """Return the members of a group, none for an unknown one: deny by default."""
        return frozenset(self.groups.get(group, ()))

    @property
    def everyone(self) -> frozenset[str]:
        """All approvers: they may extend and release."""
        return frozenset(person for members in self.groups.values() for person in members)

    def groups_of(self, person: str) -> tuple[str, ...]:
        return tuple(name for name, members in self.groups.items() if person in members)


class GuardPolicy(BaseModel):
    """What no containment may hit. An empty guard is refused: nobody has nothing to protect."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: tuple[str, ...] = ()
    """Protected addresses and networks in CIDR notation; own egress, gateways, DNS among them."""
    exempt: tuple[str, ...] = ()
    """Networks that may be blocked although they lie in `ALWAYS_PROTECTED`."""
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    widest_prefix_v4: int = Field(default=32, ge=8, le=32)
    """The shortest prefix length that may be blocked: 32 allows single addresses only."""
    widest_prefix_v6: int = Field(default=64, ge=16, le=128)
    max_per_hour: int = Field(default=20, ge=1)
    """The most new containments an hour, over all actions."""
    max_seconds: int = Field(default=7 * 86400, ge=60)
    """The longest time to live."""
    automatic: tuple[str, ...] = ()
    """Names of the containment actions that a playbook may apply without asking anybody, where it
    says ``automatic``; none by default."""

    @field_validator("networks", "exempt")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for text in networks:
            try:
                ipaddress.ip_network(text)
            except ValueError as error:
                raise ValueError(f"guard: {text!r} is no address or network ({error})") from error
        return networks

    @property
    def empty(self) -> bool:
        return not (self.networks or self.hosts or self.users)


ALWAYS_PROTECTED = (
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32",
    "::/128", "::1/128", "fe80::/10", "ff00::/8",
)  # fmt: skip
"""Loopback, link-local, multicast and broadcast: never an attacker that a firewall could block.
A site whose attackers come from loopback (the demo) lists them in `GuardPolicy.exempt`."""


class Refusal(BaseModel):
    """Why a containment may not happen, in words for the person who asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    """Which guard said no: ``networks``, ``widest_prefix``, ``max_per_hour`` …"""
    reason: str


def check_guard(
    guard: GuardPolicy,
    spec: ActionSpec,
    params: Mapping[str, Any],
    *,
    seconds: int | None,
    applied_last_hour: int,
    automatic: bool = False,
) -> Refusal | None:
    """Return why the guard refuses a containment, None where it lets it pass.

    `automatic`: nobody approved it; the playbook's own ``automatic`` clause applies it.
    `params` are as rendered and not trusted: an address that is none, or one in disguise
    (IPv4-mapped IPv6, octal, decimal), is refused as such. `applied_last_hour` counts new
    containments of all actions.
    """
    if guard.empty:
        return Refusal(rule="empty", reason="the guard list is empty: name what must never be touched")
    if automatic and spec.name not in guard.automatic:
        return Refusal(
            rule="automatic",
            reason=f"nobody approved it, and the guard lets no playbook apply {spec.name} by itself "
            "(siem.yaml: guard: automatic)",
        )
    if applied_last_hour >= guard.max_per_hour:
        return Refusal(
            rule="max_per_hour",
            reason=f"{applied_last_hour} containments in the last hour, at most {guard.max_per_hour} allowed",
        )
    if seconds is not None and not 0 < seconds <= guard.max_seconds:
        return Refusal(
            rule="max_seconds",
            reason=f"a time to live of {seconds} s is not within 1 to {guard.max_seconds} s",
        )
    for parameter in spec.parameters:
        value = params.get(parameter.name)
        if value is None:
            continue
        items = value if isinstance(value, list | tuple) else [value]
        kind = parameter.items if parameter.type is ValueType.LIST else parameter.type
        if len(items) > 100:
            return Refusal(rule="targets", reason=f"{len(items)} targets at once, at most 100 are allowed")
        for item in items:
            if refusal := _check_value(guard, kind, item):
                return refusal
    return None


def _check_value(guard: GuardPolicy, kind: ValueType | None, value: Any) -> Refusal | None:
    if kind is ValueType.IP:
        return _check_address(guard, value)
    if kind is ValueType.HOST:
        name = canonical(EntityKind.HOST, str(value))
        if name in {canonical(EntityKind.HOST, host) for host in guard.hosts}:
            return Refusal(rule="hosts", reason=f"host {name} is protected by the guard")
    if kind is ValueType.USER:
        name = str(value).strip().casefold()
        if name in {user.strip().casefold() for user in guard.users}:
            return Refusal(rule="users", reason=f"user {name} is protected by the guard")
    return None


def _check_address(guard: GuardPolicy, value: Any) -> Refusal | None:
    text = value if isinstance(value, str) else ""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return Refusal(rule="address", reason=f"{value!r} is no IP address or network")
    if isinstance(network, ipaddress.IPv6Network) and (mapped := network.network_address.ipv4_mapped):
        prefix = max(0, network.prefixlen - 96)
        network = ipaddress.ip_network(f"{mapped}/{prefix}", strict=False)
    widest = guard.widest_prefix_v4 if network.version == 4 else guard.widest_prefix_v6
    if network.prefixlen < widest:
        return Refusal(
            rule="widest_prefix",
            reason=f"{network} holds {network.num_addresses} addresses; /{widest} is the widest allowed",
        )
    for protected in guard.networks:
        if _overlaps(network, protected):
            return Refusal(rule="networks", reason=f"{text} is protected by the guard ({protected})")
    if not any(_overlaps(network, allowed) for allowed in guard.exempt):
        for protected in ALWAYS_PROTECTED:
            if _overlaps(network, protected):
                return Refusal(rule="networks", reason=f"{text} lies in {protected}, which is never blocked")
    return None


def _overlaps(network: ipaddress.IPv4Network | ipaddress.IPv6Network, other: str) -> bool:
    against = ipaddress.ip_network(other)
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(against, ipaddress.IPv4Network) and network.overlaps(against)
    return isinstance(against, ipaddress.IPv6Network) and network.overlaps(against)
