"""The guard: why a containment may not happen. Called by ``ContainmentWorkflow`` and nobody else, but for
changes that need no approval and yet take something away (`check_change`): these where they are called.

Hard rules hold whatever anybody says: an empty guard, an address in disguise, a wide network, what is never
an attacker (loopback, multicast), and what this system itself needs to go on (`Weighed.own`). Soft rules (the
site's lists, hours, quiet times) may be overridden by a playbook that says why, with two approvers at least.
"""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from playbooks.actions import ActionSpec, RenderedAction, ValueType
from playbooks.policy import GuardPolicy
from playbooks.spellings import (
    Network,
    group_names,
    host_fault,
    networks_of,
    same_host,
    user_fault,
    user_names,
)
from rules.entities import EntityKind, canonical

CRITICALITIES = ("low", "medium", "high", "critical")
OVERRIDERS = 2
"""How many people must have approved an override."""
SOFT = frozenset(
    {"networks", "hosts", "users", "groups", "since", "max_per_hour", "max_seconds", "quiet", "criticality"}
)
"""Rules that an override passes."""
LISTS = frozenset({"networks", "hosts", "users", "groups"})
"""Rules that a list of the site's protects by."""
MOST_TARGETS = 100


ALWAYS_PROTECTED = (
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32",
    "::/128", "::1/128", "fe80::/10", "ff00::/8",
)  # fmt: skip
"""Loopback, link-local, multicast and broadcast: never an attacker that a firewall could block.
A site whose attackers come from loopback (the demo) lists them in `GuardPolicy.exempt`."""
NEVER_USERS = frozenset({"krbtgt"})
"""Active Directory's own key: whoever takes it away stops the domain."""


class Weighed(BaseModel):
    """What only the running installation knows of a target."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    own: str = ""
    """Why this system, or everybody, would be cut off by it: an own address, a gateway, a name server, the
    identity provider; empty where nothing would."""
    since: str = ""
    """Why the guard as it is now protects it, whatever guard a run began with; empty where it does not."""
    account: str = ""
    """Which connection of this system comes in as the user, in words; empty where none does."""
    criticality: Literal["low", "medium", "high", "critical"] | None = None
    """The highest of the assets that it would hit, None where the inventory knows none."""
    groups: tuple[str, ...] = ()
    """Groups that the target is a member of, where the system that it is in says so."""
    groups_unknown: str = ""
    """Why that system, which should know, did not say so; empty where it did, or where none knows."""
    aliases: tuple[str, ...] = ()
    """What else the hosts that it hits are called, and their addresses, as the inventory and the system know
    them."""
    users: tuple[str, ...] = ()
    """What else the users that it hits are called: names, addresses, numbers."""
    aliases_unknown: str = ""
    """Why that system did not say so; empty where it did, or where the target is named by its name."""


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
    of_this_action: int = 0,
    now: datetime | None = None,
    weighed: Weighed | None = None,
    approvers: int = 1,
    override: str = "",
) -> Refusal | None:
    """Return why the guard refuses a containment, None where it lets it pass.

    `automatic`: nobody approved it; the playbook's own ``automatic`` clause applies it.
    `params` are as rendered and not trusted: an address that is none, or one in disguise
    (IPv4-mapped IPv6, octal, decimal), is refused as such. `applied_last_hour` counts new
    containments of all actions, `of_this_action` those of this one. `approvers`: how many people agreed.
    `override`: the reason of one; it passes soft rules where two people agreed.
    """
    if guard.empty:
        return Refusal(rule="empty", reason="the guard list is empty: name what must never be touched")
    if automatic and spec.name not in guard.automatic:
        return Refusal(
            rule="automatic",
            reason=f"nobody approved it, and the guard lets no playbook apply {spec.name} by itself "
            "(siem.yaml: guard: automatic)",
        )
    weighed = weighed or Weighed()
    if weighed.own:
        return Refusal(rule="own", reason=weighed.own)
    passed = bool(override) and approvers >= OVERRIDERS and not automatic
    for refusal in _refusals(
        guard, spec, params, seconds, applied_last_hour, of_this_action, now, weighed, approvers
    ):
        if refusal.rule in SOFT and passed:
            continue
        if refusal.rule in SOFT and override:
            return Refusal(
                rule=refusal.rule, reason=f"{refusal.reason}; an override needs {OVERRIDERS} approvers"
            )
        return refusal
    return None


def check_change(
    guard: GuardPolicy, spec: ActionSpec, params: Mapping[str, Any], weighed: Weighed
) -> Refusal | None:
    """Return why a `guarded` change may not happen, None where it may: nobody approves it, so whom the guard
    protects it does not touch, and no override passes."""
    if guard.empty:
        return Refusal(rule="empty", reason="the guard list is empty: name what must never be touched")
    if weighed.own:
        return Refusal(rule="own", reason=weighed.own)
    if guard.max_per_hour_of.get(spec.name) == 0:
        return Refusal(rule="max_per_hour", reason=f"{spec.name} is switched off (max_per_hour_of: 0)")
    return next(_protected(guard, spec, params, weighed), None)


def _refusals(
    guard: GuardPolicy,
    spec: ActionSpec,
    params: Mapping[str, Any],
    seconds: int | None,
    applied_last_hour: int,
    of_this_action: int,
    now: datetime | None,
    weighed: Weighed,
    approvers: int,
) -> Iterator[Refusal]:
    if applied_last_hour >= guard.max_per_hour:
        yield Refusal(
            rule="max_per_hour",
            reason=f"{applied_last_hour} containments in the last hour, at most {guard.max_per_hour} allowed",
        )
    most = guard.max_per_hour_of.get(spec.name)
    if most is not None and of_this_action >= most:
        said = f"{spec.name} {of_this_action} times in the last hour, at most {most} allowed"
        yield Refusal(
            rule="max_per_hour", reason=said if most else f"{spec.name} is switched off (max_per_hour_of: 0)"
        )
    if seconds is not None and not 0 < seconds <= guard.max_seconds:
        yield Refusal(
            rule="max_seconds",
            reason=f"a time to live of {seconds} s is not within 1 to {guard.max_seconds} s",
        )
    for quiet in guard.quiet if now is not None else ():
        if (not quiet.actions or spec.name in quiet.actions) and now is not None and quiet.holds(now):
            yield Refusal(
                rule="quiet", reason=f"nothing new is contained now: {quiet.reason} (until {quiet.end})"
            )
    limit, found = guard.second_approver_at, weighed.criticality
    if limit is not None and found is not None and approvers < 2:
        too_few = CRITICALITIES.index(found) >= CRITICALITIES.index(limit)
        reason = f"it would hit an asset of criticality {found}: two people must agree (quorum: 2)"
        if too_few:
            yield Refusal(rule="criticality", reason=reason)
    yield from _protected(guard, spec, params, weighed)
    if weighed.since:
        yield Refusal(rule="since", reason=f"{weighed.since} (the guard as it is now)")


def foreseen(
    guard: GuardPolicy, spec: ActionSpec, rendered: RenderedAction, weighed: Weighed, now: datetime
) -> str:
    """Say in a sentence, to people who are asked, what will come of their yes; empty where it is done."""
    for approvers in (OVERRIDERS, 1):
        refusal = check_guard(
            guard, spec, rendered.params, seconds=rendered.seconds, applied_last_hour=0, now=now,
            weighed=weighed, approvers=approvers,
        )  # fmt: skip
        if refusal is not None and approvers == OVERRIDERS:
            way = ", unless the playbook overrides it" if refusal.rule in SOFT else ""
            return f"The guard will refuse this{way}: {refusal.reason}."
        if refusal is not None:
            return f"The guard wants more than one to agree: {refusal.reason}."
    return ""


def protected_by(guard: GuardPolicy, spec: ActionSpec, params: Mapping[str, Any], weighed: Weighed) -> str:
    """Return why a guard's lists protect the targets, or switch the action off, an empty text where they
    don't. A run keeps the guard that it began with; what was added since holds for it too."""
    if guard.max_per_hour_of.get(spec.name) == 0:
        return f"{spec.name} is switched off (max_per_hour_of: 0)"
    found = (one.reason for one in _protected(guard, spec, params, weighed) if one.rule in LISTS)
    return next(found, "")


def _protected(
    guard: GuardPolicy, spec: ActionSpec, params: Mapping[str, Any], weighed: Weighed
) -> Iterator[Refusal]:
    """Yield why its targets are protected, under whatever name."""
    protected = frozenset(name for group in guard.groups for name in group_names(group))
    for group in weighed.groups:
        if group_names(group) & protected:
            yield Refusal(rule="groups", reason=f"it is a member of {group}, which is protected by the guard")
    if protected and weighed.groups_unknown:
        reason = f"whether it is in a protected group could not be found out: {weighed.groups_unknown}"
        yield Refusal(rule="groups", reason=reason)
    yield from _aliases(guard, weighed)
    yield from _targets(guard, spec, params, protected)


def _aliases(guard: GuardPolicy, weighed: Weighed) -> Iterator[Refusal]:
    if weighed.aliases_unknown:
        why = f"whether it is protected under another name could not be found out: {weighed.aliases_unknown}"
        yield Refusal(rule="hosts", reason=why)
    if weighed.account:
        yield Refusal(rule="users", reason=f"it is an account of this system's own: {weighed.account}")
    for alias in weighed.aliases:
        if refusal := _check_host(guard, alias):
            yield refusal
    for user in weighed.users:
        if refusal := _check_user(guard, user):
            yield refusal


def _targets(
    guard: GuardPolicy, spec: ActionSpec, params: Mapping[str, Any], groups: frozenset[str]
) -> Iterator[Refusal]:
    for parameter in spec.parameters:
        value = params.get(parameter.name)
        if value is None:
            continue
        items = value if isinstance(value, list | tuple) else [value]
        kind = parameter.items if parameter.type is ValueType.LIST else parameter.type
        if len(items) > MOST_TARGETS:
            yield Refusal(
                rule="targets", reason=f"{len(items)} targets at once, at most {MOST_TARGETS} are allowed"
            )
        for item in items[:MOST_TARGETS]:
            if refusal := _check_value(guard, kind, item):
                yield refusal
            if parameter.name == "group" and group_names(str(item)) & groups:
                yield Refusal(rule="groups", reason=f"group {item} is protected by the guard")


def _check_value(guard: GuardPolicy, kind: ValueType | None, value: Any) -> Refusal | None:
    if kind is ValueType.IP:
        return _check_address(guard, value)
    if kind is ValueType.HOST:
        if why := host_fault(value if isinstance(value, str) else ""):
            return Refusal(rule="host", reason=why)
        return _check_host(guard, value)
    if kind is ValueType.USER:
        if why := user_fault(str(value)):
            return Refusal(rule="user", reason=why)
        return _check_user(guard, str(value))
    return None


def _check_user(guard: GuardPolicy, value: str) -> Refusal | None:
    names = user_names(value)
    if names & NEVER_USERS:
        return Refusal(rule="never", reason=f"{value.strip()} keeps the directory itself going")
    for user in guard.users:
        if any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in user_names(user)):
            return Refusal(rule="users", reason=f"user {value.strip()} is protected by the guard ({user})")
    return None


def _check_host(guard: GuardPolicy, value: Any) -> Refusal | None:
    """A host may be named short, whole, or by its address."""
    name = canonical(EntityKind.HOST, str(value))
    if (address := _address(name)) is not None:
        return _check_host_address(guard, address)
    for host in guard.hosts:
        pattern = canonical(EntityKind.HOST, host)
        short = "." not in name or "." not in pattern
        if (
            same_host(name, pattern)
            or fnmatch.fnmatchcase(name, pattern)
            or (short and fnmatch.fnmatchcase(name.partition(".")[0], pattern.partition(".")[0]))
        ):
            return Refusal(rule="hosts", reason=f"host {name} is protected by the guard ({host})")
    return None


def _check_host_address(
    guard: GuardPolicy, address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> Refusal | None:
    """A host by its address is protected where that address is named alone: a protected network is one
    whose addresses are not blocked, which need not mean that none of its hosts may be isolated."""
    forms = tuple(networks_of(ipaddress.ip_network(str(address).partition("%")[0])))
    for protected in (*guard.networks, *guard.hosts):
        named = _network(protected)
        if named is None or (protected not in guard.hosts and named.num_addresses > 1):
            continue
        if any(_overlap(form, known) for form in forms for known in networks_of(named)):
            return Refusal(rule="hosts", reason=f"host {address} is protected by the guard ({protected})")
    return _never(guard, forms, str(address))


def _never(guard: GuardPolicy, forms: tuple[Network, ...], text: str) -> Refusal | None:
    for form in forms:
        if any(_overlap(form, allowed) for allowed in _known(guard.exempt)):
            continue
        for protected in _known(ALWAYS_PROTECTED):
            if _overlap(form, protected):
                return Refusal(rule="never", reason=f"{text} lies in {protected}, which is never touched")
    return None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _check_address(guard: GuardPolicy, value: Any) -> Refusal | None:
    text = value if isinstance(value, str) else ""
    network = None if "%" in text else _network(text)
    if network is None:
        return Refusal(rule="address", reason=f"{value!r:.80} is no IP address or network")
    forms = tuple(networks_of(network))
    for form in forms:
        widest = guard.widest_prefix_v4 if form.version == 4 else guard.widest_prefix_v6
        if form.prefixlen < widest:
            return Refusal(
                rule="widest_prefix",
                reason=f"{form} holds {form.num_addresses} addresses; /{widest} is the widest allowed",
            )
    for protected in _known(guard.networks):
        if any(_overlap(form, protected) for form in forms):
            return Refusal(rule="networks", reason=f"{text} is protected by the guard ({protected})")
    for host in guard.hosts:
        named = _network(host)
        known = () if named is None else tuple(networks_of(named))
        if any(_overlap(form, one) for form in forms for one in known):
            return Refusal(rule="hosts", reason=f"{text} is a host protected by the guard ({host})")
    return _never(guard, forms, text)


@lru_cache(maxsize=64)
def _known(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Return networks of the site's in every form: also what it wrote as IPv4 mapped into IPv6."""
    return tuple(
        form for text in texts for form in networks_of(ipaddress.ip_network(text)) if form.prefixlen > 0
    )


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and one.overlaps(other)
    return isinstance(other, ipaddress.IPv6Network) and one.overlaps(other)
