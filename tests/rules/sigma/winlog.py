"""Windows records in ECS, as the rules' field names expect them: those that `windows.evtx` makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from integrations.catalogue import source
from integrations.contract import Record
from integrations.recognition import DEFAULT_ORIGIN
from rules.ecs import flatten


def flat_event(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat ECS event of one evtx_dump record."""
    normaliser = source("windows.evtx").open(DEFAULT_ORIGIN)
    ((_, document),) = normaliser.feed(Record(orjson.dumps(record), "record@0"))
    return flatten(document)


def event(
    channel: str, code: int, data: Mapping[str, Any], provider: str = "", computer: str = "pc-1"
) -> dict[str, Any]:
    """Return the flat ECS event of a Windows record by its parts."""
    system = {
        "Channel": channel,
        "EventID": code,
        "Provider": {"#attributes": {"Name": provider}},
        "Computer": computer,
        "TimeCreated": {"#attributes": {"SystemTime": "2026-03-30T16:01:36.123456Z"}},
    }
    return flat_event({"Event": {"System": system, "EventData": dict(data)}})
