"""Policy: who may approve, and what must never be touched.

Pure value types and decisions; `workers` reads them from ``siem.yaml`` and snapshots them into
each workflow's input, so a running incident is judged by the policy that it started with.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from playbooks.spellings import user_fault


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


class QuietTime(BaseModel):
    """A time in which nothing new is contained: a maintenance, a freeze."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(min_length=3)
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    """None: every day."""
    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Earlier than `start`: on the next day."""
    timezone: str = "UTC"
    actions: tuple[str, ...] = ()
    """Only these; none: all."""

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no IANA time zone: write one like Europe/Berlin") from error
        return name

    def holds(self, now: datetime) -> bool:
        """Whether it is now."""
        local = now.astimezone(ZoneInfo(self.timezone))
        clock = f"{local:%H:%M}"
        begun = local
        if self.start <= self.end:
            inside = self.start <= clock < self.end
        else:
            inside = clock >= self.start or clock < self.end
            begun = local - timedelta(days=1) if clock < self.end else local
        return inside and (not self.days or _DAYS[begun.weekday()] in self.days)


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class GuardPolicy(BaseModel):
    """What no containment may hit. An empty guard is refused: nobody has nothing to protect."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: tuple[str, ...] = ()
    """Protected addresses and networks in CIDR notation; own egress, gateways, DNS among them."""
    exempt: tuple[str, ...] = ()
    """Networks that may be blocked although they lie in `ALWAYS_PROTECTED`."""
    hosts: tuple[str, ...] = ()
    """Names, patterns with ``*`` (``dc-*``), addresses or networks of them."""
    users: tuple[str, ...] = ()
    """Names, or patterns with ``*``: ``svc-*``; service accounts are users. With and without their domain
    they are the same (`playbooks.spellings`), and SIDs are names too: ``S-1-5-21-*-500``."""
    groups: tuple[str, ...] = ()
    """Groups (of a directory, a cloud) whose members, and which themselves, are never touched."""
    widest_prefix_v4: int = Field(default=32, ge=8, le=32)
    """The shortest prefix length that may be blocked: 32 allows single addresses only."""
    widest_prefix_v6: int = Field(default=64, ge=16, le=128)
    max_per_hour: int = Field(default=20, ge=1)
    """The most new containments an hour, over all actions."""
    max_per_hour_of: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """The same for single actions; 0 switches one off."""
    quiet: tuple[QuietTime, ...] = ()
    """Maintenance windows, in which nothing new is contained."""
    second_approver_at: Literal["low", "medium", "high", "critical"] | None = "critical"
    """An asset of this criticality or above (see the inventory) is contained only when two people agreed;
    None: one is enough for all."""
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

    @field_validator("hosts", "users", "groups")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not name.strip():
                raise ValueError("guard: an empty name protects nobody: write a name or a pattern")
            if fault := user_fault(name):
                raise ValueError(f"guard: {fault}")
        return names

    @property
    def empty(self) -> bool:
        return not (self.networks or self.hosts or self.users)
