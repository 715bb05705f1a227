"""Which log sources a site takes in, and so which of its rules can ever see an event."""

from __future__ import annotations

from integrations.catalogue import sources
from rules.rule import Detection, Query
from rules.rule_header import ANY_SOURCE
from rules.sigma import is_collected
from workers.settings import Settings


def taken_sources(settings: Settings | None) -> frozenset[str]:
    """Return the names of the sources that ``collect:`` names; all known ones where nothing is collected
    by this site itself."""
    named = {entry.source for entry in settings.site.collect} if settings else set()
    return frozenset(named or (source.name for source in sources()))


def is_taken(rule: Detection | Query, names: frozenset[str]) -> bool:
    """Whether one of these sources can give events that a rule is about; a query may ask of all."""
    return rule.logsource == ANY_SOURCE or is_collected(rule.logsource, names)
