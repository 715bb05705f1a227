"""The catalogue: every vendor's sources and actions, by name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TypeVar

from integrations import blocklist, geoip, linux
from integrations.contract import Action, Source

VENDORS = (blocklist, geoip, linux)


class CatalogueError(Exception):
    """A name is asked for that nobody declares, or declared twice."""


@cache
def sources() -> tuple[Source, ...]:
    """Return all sources, sorted by name. Raises `CatalogueError` where two have one name."""
    declared = [source for vendor in VENDORS for source in getattr(vendor, "SOURCES", ())]
    return _sorted((source.name, source) for source in declared)


@cache
def actions() -> tuple[Action, ...]:
    """Return all actions, sorted by name. Raises `CatalogueError` where two have one name."""
    declared = [action for vendor in VENDORS for action in getattr(vendor, "ACTIONS", ())]
    return _sorted((action.spec.name, action) for action in declared)


def source(name: str) -> Source:
    """Return a source by name. Raises `CatalogueError` naming those there are."""
    for candidate in sources():
        if candidate.name == name:
            return candidate
    known = ", ".join(candidate.name for candidate in sources())
    raise CatalogueError(f"there is no source {name!r}; there are: {known}")


T = TypeVar("T")


def _sorted(named: Iterable[tuple[str, T]]) -> tuple[T, ...]:
    by_name: dict[str, T] = {}
    for name, thing in named:
        if name in by_name:
            raise CatalogueError(f"two vendors declare {name!r}")
        by_name[name] = thing
    return tuple(by_name[name] for name in sorted(by_name))
