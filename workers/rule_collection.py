"""Which log sources a site takes in, and so which of its rules can ever see an event."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.catalogue import sources
from integrations.contract import Record, Source
from integrations.recognition import DEFAULT_ORIGIN
from rules.rule import Detection, Query
from rules.rule_header import ANY_SOURCE
from rules.sigma import is_collected
from workers.settings import Settings


@dataclass(frozen=True)
class Taken:
    """What a site takes in."""

    names: frozenset[str]
    """Of its sources."""
    categories: frozenset[str] | None
    """ECS's ``event.category`` of their events; None: they may have any."""


def taken_sources(settings: Settings | None) -> Taken:
    """Return the sources that ``collect:`` names; all known ones where nothing is collected by this site
    itself."""
    named = {entry.source for entry in settings.site.collect} if settings else set()
    if not named:
        return Taken(frozenset(source.name for source in sources()), None)
    found: set[str] = set()
    for source in sources():
        if source.name in named:
            categories = _categories(source)
            if not categories:
                return Taken(frozenset(named), None)
            found |= categories
    return Taken(frozenset(named), frozenset(found))


def is_taken(rule: Detection | Query, taken: Taken) -> bool:
    """Whether one of these sources can give events that a rule is about; a query may ask of all."""
    return rule.logsource == ANY_SOURCE or is_collected(rule.logsource, taken.names, taken.categories)


def _categories(source: Source) -> frozenset[str]:
    """Return the categories of a source's own samples; none of one that takes whatever is sent."""
    if source.name == "ecs.event":
        return frozenset()
    found: set[str] = set()
    for sample in source.samples:
        normaliser = source.open(sample.origin or DEFAULT_ORIGIN)
        record = Record(sample.record.encode(), "sample@0")
        for _, document in [*normaliser.feed(record), *normaliser.flush()]:
            category = document.get("event", {}).get("category") or ()
            found.update((category,) if isinstance(category, str) else category)
    return frozenset(found)
