"""Text and addresses out of bytes that anybody may have written."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


def readable(data: bytes) -> str:
    r"""Return a record as text, nothing lost: bytes that are no UTF-8, and NULs, are written ``\xff``."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", "backslashreplace")
    return text.replace("\x00", "\\x00") if "\x00" in text else text


@lru_cache(maxsize=16_384)
def address(text: str) -> str | None:
    """Return an IP address as it is usually written, None for what is none.

    An IPv4 address mapped into IPv6 (RFC 4291, 2.5.5.2) is that IPv4 address; a scope is dropped.
    """
    if len(text) > 64:
        return None
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
