"""What is known of one value: who calls it bad, until when, and where it was seen here."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.opensearch import OpenSearchStores
from integrations.opensearch.intelligence import StoredIndicator
from integrations.opensearch.sightings import Sighting, Sightings
from integrations.ports import Clock
from rules.intelligence import IndicatorKind, IndicatorValueError, guess
from workers.desk import QueryError
from workers.intelligence import readings
from workers.intelligence_section import IntelligenceSection

Ask = Callable[[str, int], Awaitable["Known"]]
"""Asks about a value, with sightings of the last so many days. Raises `QueryError` for what is none."""


@dataclass(frozen=True)
class Said:
    """What one source says, or said."""

    indicator: StoredIndicator
    until: datetime | None
    """None where it does not count: its source was never read."""
    in_force: bool


@dataclass(frozen=True)
class Known:
    kind: IndicatorKind
    value: str
    days: int
    said: tuple[Said, ...]
    seen: tuple[Sighting, ...]

    @property
    def bad(self) -> tuple[str, ...]:
        """The sources that call it bad now."""
        return tuple(sorted({one.indicator.source for one in self.said if one.in_force}))


def asking(stores: OpenSearchStores, sections: Sequence[IntelligenceSection], clock: Clock) -> Ask:
    """Return the question, of one installation."""

    async def ask(text: str, days: int) -> Known:
        try:
            kind, value = guess(text)
        except IndicatorValueError as error:
            raise QueryError(f"{text!r:.80} is no indicator: {error}") from error
        now = clock.now()
        networks = await stores.intelligence.networks() if kind is IndicatorKind.IP else []
        found = await stores.intelligence.about(_covering(kind, value, networks))
        await stores.events.checkpoints()  # makes what came just now searchable
        seen = await Sightings(stores.connection).of(kind, value, now - timedelta(days=days), now)
        known = await readings(stores.state)
        ends = {one.name: known[one.name].until(one) for one in sections if one.name in known}
        said = tuple(_said(one, ends.get(one.source), now) for one in found)
        return Known(kind, value, days, said, tuple(seen))

    return ask


def _said(one: StoredIndicator, word: datetime | None, now: datetime) -> Said:
    since, until = one.indicator.valid_from, one.indicator.valid_until or word
    holds = one.withdrawn is None and (since is None or since <= now) and until is not None and now < until
    return Said(one, one.withdrawn or until, holds)


def _covering(kind: IndicatorKind, value: str, networks: Iterable[str]) -> list[str]:
    """Return the values whose indicators cover one: its networks, the domains above it."""
    found = [value]
    if kind is IndicatorKind.IP:
        address = ipaddress.ip_address(value)
        found += [one for one in networks if address in ipaddress.ip_network(one)]
    if kind is IndicatorKind.DOMAIN:
        parent = value.partition(".")[2]
        while "." in parent:
            found.append(parent)
            parent = parent.partition(".")[2]
    return found
