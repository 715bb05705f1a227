"""The two shapes in which Entra ID gives one record: Azure Monitor's and Microsoft Graph's.

Azure Monitor (diagnostic settings, by event hub or storage) wraps the record: ``{"time", "category",
"operationName", "resultType", "callerIpAddress", "properties": {…}}``. Microsoft Graph gives what stands
in ``properties`` alone. ``vendor`` has one shape for both, Azure Monitor's: rules find
``vendor.properties.riskState`` whichever way the record came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from integrations.fields import add, integer, mapping, number, objects, put, put_new, text
from integrations.principals import put_client, put_principal, relate_principal
from integrations.times import Times
from rules.ecs import Document

LONGEST = 65_536
"""Characters of a JSON text within a record that is read."""


def unwrap(entry: dict[str, Any], *expanded: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the wrapper (empty where there is none) and the properties; fields named in `expanded` that are
    JSON texts, as Azure Monitor has them in some categories, are read."""
    properties = entry.get("properties")
    if isinstance(properties, str):
        properties = loaded(properties)
    if not isinstance(properties, dict):
        outer: dict[str, Any] = {}
        properties = {**entry}
    else:
        outer = {name: value for name, value in entry.items() if name != "properties"}
        properties = {**properties}
    for name in expanded:
        if isinstance(value := properties.get(name), str) and value[:1] in ("{", "["):
            properties[name] = loaded(value)
    return outer, properties


def loaded(value: Any) -> Any:
    """Return what a JSON text says, the text itself where it says nothing."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def started(outer: Mapping[str, Any], properties: dict[str, Any], time: str) -> Document:
    """Return the beginning of a document: its time, the cloud, the tenant, the wrapper's fields."""
    document: Document = {"@timestamp": time, "vendor": {**outer, "properties": properties}}
    put(document, "cloud.provider", "azure")
    tenant = (
        text(outer.get("tenantId"))
        or text(properties.get("homeTenantId"))
        or text(properties.get("tenantId"))
    )
    put(document, "organization.id", tenant)
    put(document, "log.level", text(outer.get("level")) or text(outer.get("Level")))
    put(document, "transaction.id", text(properties.get("correlationId")) or text(outer.get("correlationId")))
    return document


def put_duration(document: Document, outer: Mapping[str, Any]) -> None:
    """Set ``event.duration`` from ``durationMs``."""
    duration = integer(outer.get("durationMs"))
    if duration is not None and 0 <= duration < 1 << 42:
        document["event"]["duration"] = duration * 1_000_000


def put_place(document: Document, location: Any) -> None:
    """Set ``geo`` of source and client from a ``location`` (Graph's SignInLocation)."""
    place = mapping(loaded(location))
    geo: Document = {}
    put(geo, "city_name", text(place.get("city")))
    put(geo, "region_name", text(place.get("state")))
    country = text(place.get("countryOrRegion"))
    if country and len(country) == 2 and country.isalpha():
        put(geo, "country_iso_code", country.upper())
    at = mapping(place.get("geoCoordinates"))
    latitude, longitude = number(at.get("latitude")), number(at.get("longitude"))
    if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180:
        geo["location"] = {"lat": latitude, "lon": longitude}
    for side in ("source", "client"):
        if side in document:
            put(document, f"{side}.geo", dict(geo))


def put_caller(document: Document, *addresses: Any) -> None:
    """Set ``source`` and ``client`` to the first address there is; it may have a port."""
    for found in addresses:
        ip = text(found)
        if ip is None or ip in ("null", "::", "0.0.0.0"):
            continue
        host, port = split_port(ip)
        put_client(document, host, port)
        return


def split_port(value: str) -> tuple[str, str | None]:
    """Split ``203.0.113.7:443`` and ``[2001:db8::7]:443`` into address and port; IPv6 alone has none."""
    value = value.strip()
    if value.startswith("["):
        host, _, port = value[1:].partition("]")
        return host, port.removeprefix(":") or None
    if value.count(":") == 1:
        host, _, port = value.partition(":")
        return host, port or None
    return value, None


def put_user(document: Document, place: str, identity: Any, principal: Any, name: Any) -> None:
    """Set a user's id, names and address, and relate them."""
    put_new(document, f"{place}.id", text(identity))
    put_new(document, f"{place}.full_name", text(name))
    put_principal(document, place, principal)
    relate_principal(document, principal)
    add(document, "related.user", text(name))


def details(value: Any) -> dict[str, str]:
    """Return ``[{"key": …, "value": …}]`` (or ``Key``/``Value``, ``name``) as a dict of texts."""
    found: dict[str, str] = {}
    for item in objects(loaded(value)):
        key = text(item.get("key")) or text(item.get("Key")) or text(item.get("name"))
        said = item.get("value") if "value" in item else item.get("Value")
        if key and (
            plain := text(said) or (orjson.dumps(said).decode() if isinstance(said, dict | list) else None)
        ):
            found[key] = plain
    return found


def time_of(times: Times, *values: Any) -> str:
    """Return the first of several times. Raises `UnparsedError` where none can be read."""
    return times.required(*(times.any(value) for value in values))
