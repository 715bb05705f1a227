"""Names in certificates, in ECS."""

from __future__ import annotations

from typing import Any

_PARTS = {
    "CN": "common_name", "O": "organization", "OU": "organizational_unit", "L": "locality",
    "ST": "state_or_province", "S": "state_or_province", "C": "country",
}  # fmt: skip


def distinguished(name: str) -> dict[str, Any]:
    """Return ``common_name``, ``organization`` … of a distinguished name (RFC 4514, loosely)."""
    found: dict[str, Any] = {}
    if name:
        found["distinguished_name"] = name
    for piece in name[:4096].replace("\\,", "\x00").replace("/", ",").split(","):
        key, equals, value = piece.strip().partition("=")
        if equals and (part := _PARTS.get(key.strip().upper())) and value:
            found.setdefault(part, value.replace("\x00", ",").strip())
    return found
