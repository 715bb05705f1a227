"""The catalogue: every vendor's sources and actions, by name. A vendor is a folder beside this file that
declares SOURCES, ACTIONS or CONNECTIONS in its ``__init__``: adding one touches nothing else."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any

import integrations
from integrations.connections import ConnectionKind
from integrations.contract import Action, Source
from integrations.pulling import Pull
from integrations.yaml_actions import LoadedVendor

DECLARED = ("SOURCES", "ACTIONS", "CONNECTIONS", "PULLS")
"""What a vendor's folder may declare."""


class CatalogueError(Exception):
    """A name is asked for that nobody declares, or it is declared twice."""


@cache
def vendors() -> tuple[ModuleType, ...]:
    """Import and return the vendors' folders, sorted by name."""
    folders = sorted(found.name for found in pkgutil.iter_modules(integrations.__path__) if found.ispkg)
    modules = [importlib.import_module(f"integrations.{name}") for name in folders]
    return tuple(module for module in modules if any(hasattr(module, what) for what in DECLARED))


_added: dict[str, Source] = {}
"""Sources that the site defines in YAML."""
_added_actions: dict[str, Action] = {}
_added_kinds: dict[str, ConnectionKind] = {}
"""The same of its own vendors' actions and connections."""


@cache
def _built_in() -> dict[str, Source]:
    return collect(vendors(), "SOURCES")


def sources() -> tuple[Source, ...]:
    """Return all sources, sorted by name. Raises `CatalogueError` where two have one name."""
    return tuple(dict(sorted({**_built_in(), **_added}.items())).values())


def add_sources(found: Iterable[Source]) -> None:
    """Make more sources known by name; the same name again replaces one that was added before.

    Raises `CatalogueError` where the program itself has a source of that name.
    """
    for source in found:
        if source.name in _built_in():
            raise CatalogueError(f"the program has a source {source.name!r} of its own: name yours otherwise")
        _added[source.name] = source


@cache
def _built_in_actions() -> dict[str, Action]:
    return collect(vendors(), "ACTIONS")


@cache
def _built_in_kinds() -> dict[str, ConnectionKind]:
    return collect(vendors(), "CONNECTIONS")


def actions() -> tuple[Action, ...]:
    """Return all actions, sorted by name. Raises `CatalogueError` where two have one name."""
    return tuple(dict(sorted({**_built_in_actions(), **_added_actions}.items())).values())


def connection_kinds() -> tuple[ConnectionKind, ...]:
    """Return all kinds of connection, sorted by name. Raises `CatalogueError` where two have one name."""
    return tuple(dict(sorted({**_built_in_kinds(), **_added_kinds}.items())).values())


def kinds_of(vendor: str) -> tuple[ConnectionKind, ...]:
    """Return the kinds of connection that a vendor's folder declares, none for an unknown one."""
    module = next((one for one in vendors() if one.__name__.rpartition(".")[2] == vendor), None)
    return tuple(getattr(module, "CONNECTIONS", ()))


def add_vendors(found: Iterable[LoadedVendor]) -> None:
    """Make the site's own vendors known; the same again replaces what was added before.

    Raises `CatalogueError` where the program itself has an action or a kind of connection of that name.
    """
    for vendor in found:
        if vendor.name in _built_in_kinds():
            raise CatalogueError(f"the program has a vendor {vendor.name!r} of its own: name yours otherwise")
        for action in vendor.actions:
            if action.spec.name in _built_in_actions():
                raise CatalogueError(f"the program has an action {action.spec.name!r}: name yours otherwise")
            _added_actions[action.spec.name] = action
        _added_kinds[vendor.name] = vendor.kind


def source(name: str) -> Source:
    """Return a source by name. Raises `CatalogueError` naming what may have been meant."""
    known = {candidate.name: candidate for candidate in sources()}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
    raise CatalogueError(f"there is no source {name!r}; {hint}")


@cache
def _pulls() -> dict[str, Pull[Any]]:
    return collect(vendors(), "PULLS")


def pulls() -> tuple[Pull[Any], ...]:
    """Return all APIs from which sources can be pulled, sorted by source."""
    return tuple(_pulls().values())


def pull(name: str) -> Pull[Any]:
    """Return the API from which a source can be pulled. Raises `CatalogueError` where there is none."""
    if name in _pulls():
        return _pulls()[name]
    raise CatalogueError(f"the source {name!r} can't be pulled; these can: {', '.join(_pulls())}")


def collect(vendors: Iterable[ModuleType], declaration: str) -> dict[str, Any]:
    """Return what vendors declare under one name, by its name, sorted.

    Raises `CatalogueError` naming every name that is declared twice, and where.
    """
    found: dict[str, Any] = {}
    places: dict[str, list[str]] = {}
    for vendor in vendors:
        for thing in getattr(vendor, declaration, ()):
            name = thing.name if isinstance(thing, Source | ConnectionKind | Pull) else thing.spec.name
            found[name] = thing
            places.setdefault(name, []).append(vendor.__name__)
    kind = declaration.lower().rstrip("s")
    if twice := [
        f"{kind} {name!r} is declared in {' and in '.join(where)}"
        for name, where in sorted(places.items())
        if len(where) > 1
    ]:
        raise CatalogueError("\n".join(twice))
    return dict(sorted(found.items()))
