"""Who did it and to whom, out of the ways in which directories write a principal.

An address (``alice@example.com``) is ``email``, ``name`` and ``domain``; ``EXAMPLE\\alice`` is ``name`` and
``domain``; anything else is a name. Reference: https://www.elastic.co/docs/reference/ecs/ecs-user
"""

from __future__ import annotations

from typing import Any

from integrations.fields import add, put, put_end, put_new, text
from rules.ecs import Document

LONGEST = 512


def is_address(value: Any) -> bool:
    """Whether a text looks like a mail address or a user principal name."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return False
    name, at, domain = value.rpartition("@")
    return bool(at and name and "." in domain.strip(".")) and not any(c.isspace() for c in value)


def put_principal(document: Document, place: str, value: Any) -> None:
    """Set ``<place>.name`` of a principal, and ``.email`` and ``.domain`` where it tells them; what is set
    already stays. `place` is ``user``, ``user.target``, ``source.user`` …"""
    principal = text(value)
    if principal is None or len(principal) > LONGEST:
        return
    if is_address(principal):
        name, _, domain = principal.rpartition("@")
        put_new(document, f"{place}.email", principal)
        put_new(document, f"{place}.name", name)
        put_new(document, f"{place}.domain", domain)
        return
    domain, backslash, name = principal.partition("\\")
    if backslash and domain and name and "\\" not in name:
        put_new(document, f"{place}.name", name)
        put_new(document, f"{place}.domain", domain)
        return
    put_new(document, f"{place}.name", principal)


def relate_principal(document: Document, value: Any) -> None:
    """Add a principal to ``related.user``: the address itself, and its name."""
    principal = text(value)
    if principal is None or len(principal) > LONGEST:
        return
    add(
        document,
        "related.user",
        [principal, principal.rpartition("@")[0]] if is_address(principal) else principal,
    )


def put_client(document: Document, ip: Any, port: Any = None) -> None:
    """Set ``source`` and ``client`` to the end from which a service was called."""
    for side in ("source", "client"):
        put_end(document, side, ip, port)


def put_both(document: Document, field: str, value: Any) -> None:
    """Set a field of ``source`` and of ``client``."""
    for side in ("source", "client"):
        put(document, f"{side}.{field}", value)
