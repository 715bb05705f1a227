"""Indicators of compromise: what a source says of one value, for how long and how surely."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from rules.alerts import Severity
from rules.intelligence.values import IndicatorKind

SHOWN = 50
"""How many of what was not taken are named one by one."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One value as one source knows it."""

    kind: IndicatorKind
    value: str
    """As `values.canonical_value` spells it."""
    external: str = ""
    """The source's own id of it: a STIX id, a UUID of MISP; empty in lists."""
    confidence: int | None = None
    """0 to 100; None: the source's own default."""
    severity: Severity | None = None
    """Of an outgoing contact; None: by confidence."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """None: as long as the source's default says."""
    name: str = ""
    labels: tuple[str, ...] = ()
    tlp: str = ""
    """Traffic Light Protocol: clear, green, amber, amber+strict, red."""
    reference: str = ""
    revoked: bool = False
    subdomains: bool | None = None
    """Whether a domain stands for its subdomains too; None: the source's own default."""


@dataclass
class Taken:
    """What was read from a source's text, and what was not and why."""

    indicators: list[Indicator] = field(default_factory=list)
    externals: set[str] = field(default_factory=set)
    """The source's ids of all that was read, also of what was not taken: their former values are over."""
    skipped: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list)
    """The first of (where, why) of what was not taken."""

    def skip(self, where: str, why: str) -> None:
        self.skipped += 1
        if len(self.reasons) < SHOWN:
            self.reasons.append((where, why))

    def add(self, other: Taken) -> None:
        self.indicators += other.indicators
        self.externals |= other.externals
        self.skipped += other.skipped
        self.reasons += other.reasons[: SHOWN - len(self.reasons)]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the matcher holds of a source's word about a value. Most values of a source share one."""

    source: str
    confidence: int
    severity: Severity | None = None
    until: int = 0
    """Seconds since 1970; 0: as long as the source's word counts."""
    since: int = 0
    """Seconds since 1970 before which it does not count yet."""
    subdomains: bool = True
    tlp: str = ""

    def holds(self, now: float, word: float) -> bool:
        """Whether it is in force; `word` is until when the source's word counts."""
        return self.since <= now < (self.until or word)


def defaults(
    indicators: Iterable[Indicator],
    *,
    confidence: int,
    severity: Severity | None = None,
    subdomains: bool = True,
) -> Iterable[Indicator]:
    """Fill in what a source leaves to the site."""
    for one in indicators:
        yield replace(
            one,
            confidence=confidence if one.confidence is None else one.confidence,
            severity=one.severity or severity,
            subdomains=subdomains if one.subdomains is None else one.subdomains,
        )
