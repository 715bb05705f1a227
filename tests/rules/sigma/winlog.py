"""Windows records in ECS, as the rules' field names expect them: the contract of `windows.evtx`.

Input is one record as evtx_dump prints it in JSON. Of System: Channel, EventID, Provider, Computer,
Level, Keywords and TimeCreated have ECS fields. EventData and UserData are kept whole under
``winlog.event_data`` (UserData without its wrapper, unnamed Data elements as the list ``Data``), and
what `rules.sigma.fields.WINDOWS` gives an ECS name is copied there unchanged; a copied element may
be left out of event_data, since no rule reads it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.rule import LogSource
from rules.sigma.fields import naming

_CATEGORY = {1: "process_creation", 3: "network_connection", 7: "image_load"}


def flat_event(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat ECS event of one evtx_dump record."""
    system = record["Event"]["System"]
    code = system["EventID"]
    code = code["#text"] if isinstance(code, Mapping) else code
    data = dict(record["Event"].get("EventData") or {})
    for inner in (record["Event"].get("UserData") or {}).values():
        data |= inner if isinstance(inner, Mapping) else {}
    return event(
        system["Channel"], int(code), data, system["Provider"]["#attributes"]["Name"], system["Computer"]
    )


def event(
    channel: str, code: int, data: Mapping[str, Any], provider: str = "", computer: str = "pc-1"
) -> dict[str, Any]:
    """Return the flat ECS event of a Windows record by its parts."""
    if channel == "Microsoft-Windows-Sysmon/Operational":
        source = LogSource("windows", _CATEGORY.get(code, ""), "")
    elif channel == "Security":
        source = LogSource("windows", "", "security")
    else:
        source = LogSource("windows", "", "")
    flat: dict[str, Any] = {
        "winlog.channel": channel,
        "event.code": str(code),
        "event.module": "windows",
        "winlog.provider_name": provider,
        "event.provider": provider,
        "winlog.computer_name": computer,
        "host.os.type": "windows",
    }
    name_of = naming(source)
    for name, value in data.items():
        if name.startswith("#"):
            continue
        if isinstance(value, Mapping):  # an element with attributes, or unnamed ones: their texts
            value = value.get("#text")
        field = name_of(name)
        if field == "network.direction":
            value = {"true": "egress", "false": "ingress"}.get(str(value).lower(), value)
        flat[field] = value
    return flat
