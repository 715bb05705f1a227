"""STIX 2.1 objects as indicators: patterns, validity, revocation, confidence, marking.

Format: https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html, 4.7 (Indicator) and 7.2 (marking).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rules.ecs import parse_timestamp
from rules.intelligence.indicators import Indicator, Taken
from rules.intelligence.patterns import PatternError, values_of_pattern

TLP = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "clear",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "green",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "amber",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "red",
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "clear",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "green",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "amber",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "amber+strict",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "red",
}
"""The markings that the specification fixes, of TLP 1 and TLP 2."""
STRICTNESS = ("", "clear", "white", "green", "amber", "amber+strict", "red")
BENIGN = frozenset({"benign"})
"""Indicator types that say a value is harmless."""
MOST_TEXT = 300


def read_objects(objects: Iterable[Any], where: str = "") -> Taken:
    """Read the indicators among STIX objects; what is no indicator is passed over in silence."""
    taken = Taken()
    for place, item in enumerate(objects):
        if not isinstance(item, Mapping):
            taken.skip(f"{where}object {place + 1}", "it is no STIX object")
        elif item.get("type") == "indicator":
            _read(item, str(item.get("id") or f"{where}object {place + 1}"), taken)
    return taken


def _read(item: Mapping[str, Any], name: str, taken: Taken) -> None:
    taken.externals.add(name)
    kind = item.get("pattern_type", "stix")
    if kind != "stix":
        taken.skip(name, f"its pattern is of type {kind}")
        return
    if BENIGN.intersection(_texts(item.get("indicator_types"))):
        taken.skip(name, "it says that the value is benign")
        return
    revoked = item.get("revoked") is True
    try:
        values = values_of_pattern(str(item.get("pattern", "")))
        valid_from, valid_until = _time(item, "valid_from"), _time(item, "valid_until")
    except (PatternError, ValueError) as error:
        taken.skip(name, str(error))
        return
    confidence = item.get("confidence")
    known = isinstance(confidence, int) and not isinstance(confidence, bool) and 0 <= confidence <= 100
    references = [one.get("url") for one in _mappings(item.get("external_references")) if one.get("url")]
    phases = [str(one.get("phase_name", "")) for one in _mappings(item.get("kill_chain_phases"))]
    labels = [*_texts(item.get("indicator_types")), *_texts(item.get("labels")), *filter(None, phases)]
    for value_kind, value in values:
        taken.indicators.append(
            Indicator(
                kind=value_kind,
                value=value,
                external=str(item.get("id", "")),
                confidence=confidence if known else None,
                valid_from=valid_from,
                valid_until=valid_until,
                name=str(item.get("name") or item.get("description") or "")[:MOST_TEXT],
                labels=tuple(dict.fromkeys(labels))[:20],
                tlp=strictest(TLP.get(ref, "") for ref in _texts(item.get("object_marking_refs"))),
                reference=str(references[0])[:MOST_TEXT] if references else "",
                revoked=revoked,
            )
        )


def strictest(markings: Iterable[str]) -> str:
    """Return the strictest of several markings, "" of none."""
    found = max((one for one in markings if one in STRICTNESS), key=STRICTNESS.index, default="")
    return "clear" if found == "white" else found


def _time(item: Mapping[str, Any], key: str) -> datetime | None:
    value = item.get(key)
    if value is None:
        return None
    try:
        return parse_timestamp(str(value))
    except ValueError as error:
        raise ValueError(f"its {key} {value!r:.40} is no time") from error


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
