"""Attack paths: what an incident's events say about the way an attacker took.

The value types; `rebuild` makes one from alerts and events.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from rules.entities import Entity


class PathNode(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    entity: Entity
    role: str
    """``entry``, ``foothold``, ``pivot``, ``target`` or ``seen``."""
    first: datetime


class PathEdge(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Entity
    target: Entity
    label: str
    """Plain words: ``147 failed logins``, ``logged in``, ``became root``."""
    count: int
    first: datetime
    last: datetime
    attack: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    """Ids of at most ten of the events."""


class AttackPath(BaseModel):
    """Nodes and edges in the order of their first times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: str
    nodes: tuple[PathNode, ...]
    edges: tuple[PathEdge, ...]
    summary: str
    """The path told in a few plain sentences."""
