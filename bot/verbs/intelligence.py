"""The verb about threat intelligence: who calls something bad, and where it was seen here."""

from __future__ import annotations

from bot.verbs.answer import Answer, Code, Section, Table
from workers.intelligence_answers import Known


def tell_known(known: Known) -> Answer:
    """Return what is known of a value."""
    sections = []
    if known.said:
        rows = tuple(
            (
                one.indicator.source, Code(one.indicator.indicator.value), one.indicator.indicator.confidence,
                one.indicator.first_seen, one.until,
                "yes" if one.in_force else "withdrawn" if one.indicator.withdrawn else "no",
                one.indicator.indicator.tlp, one.indicator.indicator.name, one.indicator.indicator.reference,
            )
            for one in known.said
        )  # fmt: skip
        columns = ("source", "says", "confidence", "since", "until", "in force", "TLP", "about", "reference")
        sections.append(Section("Who says so", table=Table(columns, rows)))
    if known.seen:
        seen = tuple(
            (one.dataset, one.field, one.events, one.first, one.last, " ".join(one.hosts))
            for one in known.seen
        )
        names = ("seen in", "as", "events", "first", "last", "hosts")
        sections.append(Section("Where it was seen here", table=Table(names, seen)))
    bad = known.bad
    told = (
        f"{', '.join(bad)} call{'s' if len(bad) == 1 else ''} it bad." if bad
        else "No source calls it bad now."
    )  # fmt: skip
    nowhere = "" if known.seen else f" It was not seen here in the last {known.days} days."
    return Answer(
        title=f"{known.kind.value} {known.value}",
        text=told + nowhere,
        sections=tuple(sections),
        data={"kind": known.kind, "value": known.value, "bad": bad, "said": known.said, "seen": known.seen},
    )
