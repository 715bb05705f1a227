"""What a source of threat intelligence gives: indicators, and where to go on the next time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.connections import Named, choose
from integrations.contract import ActionRefusedError
from integrations.ports import Site
from rules.intelligence import Taken

MOST = 2_000_000
"""Indicators that one source may give; more is told, not cut."""
MOST_PAGES = 20_000
SECONDS = 60.0
"""What a source is given for one answer."""


@dataclass(frozen=True)
class Fetched:
    """One reading of a source."""

    taken: Taken = field(default_factory=Taken)
    whole: bool = True
    """Whether it is all that the source says, so that the rest is taken back; else what is new since the
    last time."""
    cursor: Mapping[str, Any] = field(default_factory=dict)
    """To be given at the next reading."""
    unchanged: bool = False
    """The source says that nothing has changed since."""


def check_size(taken: Taken, name: str) -> None:
    """Raises `ActionRefusedError` where a source says more than can be held."""
    if len(taken.indicators) > MOST:
        raise ActionRefusedError(f"{name} has more than {MOST:,} indicators: take a part of it")


def connection(site: Site, kind: str, name: str | None) -> Named:
    """Return a source's connection. Raises `ActionRefusedError`."""
    return choose(site, kind, name)
