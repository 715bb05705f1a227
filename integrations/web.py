"""What URLs, domain names, user agents and file paths are made of, in ECS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from integrations.fields import port_number, put, put_new
from integrations.text import address
from rules.ecs import Document, nest

LONGEST_AGENT = 1024
"""Characters of a user agent that are looked at."""
LONGEST_URL = 8192
_URL = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]{0,31}):)?(?://(?:([^/?#@\s]*)@)?(\[[^\]/?#\s]*\]|[^/?#:\s]*)(?::(\d{0,5}))?)?"
    r"([^?#]*)(?:\?([^#]*))?(?:#(.*))?",
    re.ASCII | re.DOTALL,
)


def put_url(document: Document, text: Any, *, whole: str = "url.original") -> None:
    """Set ``url.*`` from a URL or from the path and query of a request (RFC 3986).

    `whole` is where the text itself goes: ``url.original``, or ``url.full`` where it has scheme and
    host for certain. Fields that are set already stay.
    """
    if not isinstance(text, str) or not text or text == "-":
        return
    put(document, whole, text)
    match = _URL.fullmatch(text[:LONGEST_URL])
    if match is None:
        return
    scheme, user, host, port, path, query, fragment = match.groups()
    if scheme and host is None:  # mailto:, or host:port
        return
    put_new(document, "url.scheme", scheme.lower() if scheme else None)
    if host:
        put_domain(document, "url", host.strip("[]"))
    put_new(document, "url.port", port_number(port))
    put_new(document, "url.path", path)
    put_new(document, "url.query", query)
    put_new(document, "url.fragment", fragment)
    if user:
        put_new(document, "url.username", user.partition(":")[0])
    name = (path or "").rpartition("/")[2]
    if "." in name[1:]:
        extension = name.rpartition(".")[2]
        if 0 < len(extension) <= 10 and extension.isalnum():
            put_new(document, "url.extension", extension)


def put_domain(document: Document, place: str, name: Any) -> None:
    """Set ``<place>.domain`` and, of a name on the Internet, ``.registered_domain``, ``.subdomain`` and
    ``.top_level_domain``; an address gets the domain only."""
    if not isinstance(name, str) or not name or name == "-" or len(name) > 255:
        return
    put_new(document, f"{place}.domain", name)
    for part, value in domain_parts(name).items():
        put_new(document, f"{place}.{part}", value)


@lru_cache(maxsize=16_384)
def domain_parts(name: str) -> Mapping[str, str]:
    """Return ``registered_domain``, ``subdomain`` and ``top_level_domain`` of a domain name, by the Public
    Suffix List; empty for an address or a single label."""
    plain = name.rstrip(".").lower()
    if "." not in plain or len(plain) > 255 or address(plain):
        return {}
    suffixes = _suffixes()
    suffix, registered = suffixes.publicsuffix(plain), suffixes.privatesuffix(plain)
    if not suffix or not registered:
        return {}
    found = {"registered_domain": registered, "top_level_domain": suffix}
    if plain != registered and plain.endswith("." + registered):
        found["subdomain"] = plain[: -len(registered) - 1]
    return found


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False)


def put_agent(document: Document, text: Any) -> None:
    """Set ``user_agent.*`` from a ``User-Agent`` header, by uap-core's patterns; what they don't know is
    ``Other``, as Elastic's processor has it."""
    if not isinstance(text, str) or not text or text == "-":
        return
    if "user_agent" not in document:
        document["user_agent"] = agent_fields(text)
        return
    put(document, "user_agent.original", text)
    for field, value in agent_parts(text[:LONGEST_AGENT]).items():
        put(document, f"user_agent.{field}", value)


def agent_fields(text: str) -> dict[str, Any]:
    """Return ``user_agent.*`` of a ``User-Agent`` header, nested."""
    fields = {"original": text, **_nested_agent(text[:LONGEST_AGENT])}
    for name in ("device", "os"):
        if name in fields:
            fields[name] = fields[name].copy()
    return fields


@lru_cache(maxsize=16_384)
def _nested_agent(text: str) -> Mapping[str, Any]:
    return nest(agent_parts(text))


@lru_cache(maxsize=16_384)
def agent_parts(text: str) -> Mapping[str, str]:
    """Return ``name``, ``version``, ``device.name``, ``os.name``, ``os.version`` and ``os.full``."""
    from ua_parser import parse

    found = parse(text)
    agent, system, device = found.user_agent, found.os, found.device
    parts = {
        "name": agent.family if agent else "Other",
        "version": _version(agent),
        "device.name": device.family if device else "Other",
    }
    if system is not None:
        version = _version(system)
        parts["os.name"] = system.family
        parts["os.version"] = version
        parts["os.full"] = f"{system.family} {version}" if version else ""
    return {field: value for field, value in parts.items() if value}


def _version(found: Any) -> str:
    if found is None:
        return ""
    parts = [found.major, found.minor, found.patch, found.patch_minor]
    return ".".join(str(part) for part in parts[: next((at for at, part in enumerate(parts) if not part), 4)])


def put_path(document: Document, place: str, path: Any) -> None:
    """Set ``<place>.path``, ``.name``, ``.directory`` and ``.extension`` of a file, Windows' or POSIX's."""
    if not isinstance(path, str) or not path or path == "-":
        return
    put(document, f"{place}.path", path)
    directory, separator, name = split_path(path)
    if not name:
        return
    put_new(document, f"{place}.name", name)
    if separator:
        put_new(document, f"{place}.directory", directory or separator)
    if "." in name[1:]:
        put_new(document, f"{place}.extension", name.rpartition(".")[2])


def put_executable(document: Document, place: str, path: Any) -> None:
    """Set ``<place>.executable`` and ``.name`` of a process from its image's path."""
    if not isinstance(path, str) or not path or path == "-":
        return
    put(document, f"{place}.executable", path)
    put_new(document, f"{place}.name", split_path(path)[2])


def split_path(path: str) -> tuple[str, str, str]:
    """Return directory, separator and name of a path; a backslash separates where there is one."""
    separator = "\\" if "\\" in path else "/"
    directory, found, name = path.rpartition(separator)
    return directory, found, name


def unescaped(text: str) -> str:
    """Return a text with its percent escapes read; bytes that are no UTF-8 are replaced."""
    return unquote(text, errors="replace") if "%" in text else text
