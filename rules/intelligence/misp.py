"""Attributes of MISP as indicators: only those that MISP itself marks for detection (``to_ids``).

Format: https://www.misp-project.org/datamodels/ and the answer of ``/attributes/restSearch``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rules.ecs import parse_timestamp
from rules.intelligence.indicators import Indicator, Taken
from rules.intelligence.stix import MOST_TEXT, strictest
from rules.intelligence.values import IndicatorKind, IndicatorValueError, canonical_value, guess, refang

TYPES: Mapping[str, IndicatorKind] = {
    "ip-src": IndicatorKind.IP,
    "ip-dst": IndicatorKind.IP,
    "domain": IndicatorKind.DOMAIN,
    "hostname": IndicatorKind.DOMAIN,
    "url": IndicatorKind.URL,
    "uri": IndicatorKind.URL,
    "link": IndicatorKind.URL,
    "md5": IndicatorKind.HASH,
    "sha1": IndicatorKind.HASH,
    "sha256": IndicatorKind.HASH,
    "sha512": IndicatorKind.HASH,
    "email": IndicatorKind.EMAIL,
    "email-src": IndicatorKind.EMAIL,
    "email-reply-to": IndicatorKind.EMAIL,
}
COMPOSED: Mapping[str, tuple[IndicatorKind | None, ...]] = {
    "ip-src|port": (IndicatorKind.IP, None),
    "ip-dst|port": (IndicatorKind.IP, None),
    "hostname|port": (IndicatorKind.DOMAIN, None),
    "domain|ip": (IndicatorKind.DOMAIN, IndicatorKind.IP),
    "filename|md5": (None, IndicatorKind.HASH),
    "filename|sha1": (None, IndicatorKind.HASH),
    "filename|sha256": (None, IndicatorKind.HASH),
    "filename|sha512": (None, IndicatorKind.HASH),
    "malware-sample": (None, IndicatorKind.HASH),
}
"""Values of two parts divided by ``|``; None: a part that says nothing by itself."""
ASKED = tuple(kind for kind in (*TYPES, *COMPOSED) if kind not in ("link", "uri"))
_CONFIDENCE = {
    "completely-confident": 100, "usually-confident": 75, "fairly-confident": 50, "rarely-confident": 25,
    "unconfident": 0,
}  # fmt: skip
"""MISP's taxonomy ``misp:confidence-level``."""


def read_attributes(attributes: Iterable[Any], event: Mapping[str, Any] | None = None) -> Taken:
    """Read attributes; `event`: what they stand in, where they don't name it themselves."""
    taken = Taken()
    for place, item in enumerate(attributes):
        if not isinstance(item, Mapping):
            taken.skip(f"attribute {place + 1}", "it is no attribute")
            continue
        name = str(item.get("uuid") or f"attribute {place + 1}")
        taken.externals.add(name)
        if item.get("to_ids") not in (True, 1, "1"):
            taken.skip(name, "MISP does not mark it for detection (to_ids)")
            continue
        warnings = item.get("warnings")
        if warnings:
            known = [str(one.get("warninglist_name", "")) for one in warnings if isinstance(one, Mapping)]
            taken.skip(name, f"it is on the warning list {', '.join(filter(None, known)) or 'of MISP'}")
            continue
        _read(item, name, item.get("Event") or event or {}, taken)
    return taken


def read_event(event: Mapping[str, Any]) -> Taken:
    """Read all attributes of an exported event, those of its objects too."""
    inner: list[Any] = list(event.get("Attribute") or [])
    for thing in event.get("Object") or []:
        if isinstance(thing, Mapping):
            inner += thing.get("Attribute") or []
    return read_attributes(inner, event)


def _read(item: Mapping[str, Any], name: str, event: Mapping[str, Any], taken: Taken) -> None:
    kind, value = str(item.get("type", "")), refang(str(item.get("value", "")).strip())
    try:
        if kind in TYPES:
            found = [_value(TYPES[kind], value)]
        elif kind in COMPOSED:
            parts = zip(COMPOSED[kind], value.split("|", 1), strict=False)
            found = [_value(wanted, part) for wanted, part in parts if wanted is not None]
        else:
            taken.skip(name, f"attributes of type {kind} are not compared with events")
            return
        valid_from, valid_until = _time(item.get("first_seen")), None
    except IndicatorValueError as error:
        taken.skip(name, str(error))
        return
    tags = [
        str(tag.get("name", ""))
        for holder in (item, event)
        for tag in (holder.get("Tag") or [])
        if isinstance(tag, Mapping)
    ]
    levels = [
        _CONFIDENCE[word]
        for tag in tags
        if tag.startswith("misp:confidence-level=")
        and (word := tag.partition("=")[2].strip('"')) in _CONFIDENCE
    ]
    for value_kind, one in found:
        taken.indicators.append(
            Indicator(
                kind=value_kind,
                value=one,
                external=str(item.get("uuid", "")),
                confidence=levels[0] if levels else None,
                valid_from=valid_from,
                valid_until=valid_until,
                name=str(item.get("comment") or event.get("info") or "")[:MOST_TEXT],
                labels=tuple(dict.fromkeys([str(item.get("category", "")), *tags]))[:20],
                tlp=strictest(tag.removeprefix("tlp:") for tag in tags if tag.startswith("tlp:")),
                reference=f"event {event['uuid']}" if event.get("uuid") else "",
                revoked=item.get("deleted") in (True, 1, "1"),
            )
        )


def _value(kind: IndicatorKind, text: str) -> tuple[IndicatorKind, str]:
    if kind is IndicatorKind.IP:
        found = guess(text)
        if found[0] in (IndicatorKind.IP, IndicatorKind.NETWORK):
            return found
        raise IndicatorValueError(f"{text!r:.60} is no address")
    return kind, canonical_value(kind, text)


def _time(value: Any) -> datetime | None:
    """Read a time as MISP writes it; a first sighting in the past never narrows anything."""
    if not value:
        return None
    try:
        if str(value).isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        return parse_timestamp(str(value))
    except (ValueError, OverflowError):
        return None
