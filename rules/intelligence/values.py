"""The values of indicators, each in one spelling, so that a source's and an event's compare as texts.

Feeds write values so that nobody clicks on them (``hxxp://evil[.]example``); `refang` takes that back.
Private addresses and the like are no indicators: what they name is different at every site.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from urllib.parse import urlsplit


class IndicatorKind(StrEnum):
    IP = "ip"
    NETWORK = "network"
    DOMAIN = "domain"
    URL = "url"
    HASH = "hash"
    """MD5, SHA-1, SHA-256 or SHA-512, told apart by length."""
    EMAIL = "email"


HASHES = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
"""Hex digits to the name ECS has for the algorithm."""
WIDEST = {4: 8, 6: 16}
"""The shortest prefix of a network that is taken, by version: more of the internet than that is a mistake."""
LONGEST = 2048
"""Characters of one value."""

INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip
"""Addresses that mean something else at every site: private, shared, local, multicast, reserved."""

_FANGS = (
    (re.compile(r"^h(?:xx|tt|\*\*)p(s?)(?=\W)", re.IGNORECASE), r"http\1"),
    (re.compile(r"^fxp(?=\W)", re.IGNORECASE), "ftp"),
    (re.compile(r"\s*[\[({]\s*(?:\.|dot)\s*[\])}]\s*", re.IGNORECASE), "."),
    (re.compile(r"\\\.|\[\.|(?<=\w)\.\]"), "."),
    (re.compile(r"[\[({]\s*(?:@|at)\s*[\])}]", re.IGNORECASE), "@"),
    (re.compile(r"\[:\]"), ":"),
    (re.compile(r"\[://\]|:\\\\|\[:\]//"), "://"),
    (re.compile(r"\[/\]"), "/"),
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_HEX = re.compile(r"[0-9a-f]+\Z")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@([^\s@<>\"]{3,253})\Z")
_PORTS = {"http": 80, "https": 443}


class IndicatorValueError(ValueError):
    """A text is no value of an indicator; the message says why."""


def refang(text: str) -> str:
    """Return a defanged text as it was: ``hxxps[:]//evil[.]example`` is ``https://evil.example``."""
    if "[" in text or "(" in text or "{" in text or "\\" in text or text[:1] in "hHfF":
        for pattern, put in _FANGS:
            text = pattern.sub(put, text)
    return text


def canonical_value(kind: IndicatorKind, text: str) -> str:
    """Return the one spelling of a value. Raises `IndicatorValueError`."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise IndicatorValueError("it is empty" if not text else f"it has more than {LONGEST} characters")
    return _CANONICAL[kind](text)


def guess(text: str) -> tuple[IndicatorKind, str]:
    """Return what kind of indicator a text is, and its value. Raises `IndicatorValueError`."""
    text = refang(text.strip())
    lowered = text.lower()
    if len(lowered) in HASHES and _HEX.match(lowered):
        return IndicatorKind.HASH, canonical_value(IndicatorKind.HASH, lowered)
    if "://" in text:
        return IndicatorKind.URL, canonical_value(IndicatorKind.URL, text)
    if "/" in text:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return IndicatorKind.URL, canonical_value(IndicatorKind.URL, f"http://{text}")
        value = canonical_value(IndicatorKind.NETWORK, text)
        return (IndicatorKind.NETWORK if "/" in value else IndicatorKind.IP), value
    if "@" in text:
        return IndicatorKind.EMAIL, canonical_value(IndicatorKind.EMAIL, text)
    if (parsed := _address(text)) is not None or (parsed := _address(_without_port(text))) is not None:
        return IndicatorKind.IP, canonical_value(IndicatorKind.IP, str(parsed))
    return IndicatorKind.DOMAIN, canonical_value(IndicatorKind.DOMAIN, text)


def is_inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in INSIDE if network.version == address.version)


def number_of(text: str) -> tuple[int, int] | None:
    """Return (version, number) of an address, an IPv4-mapped one as IPv4; None where it is none."""
    parts = text.split(".")
    if len(parts) == 4:
        try:
            a, b, c, d = parts
            if text.isascii() and a.isdigit() and b.isdigit() and c.isdigit() and d.isdigit():
                first, second, third, fourth = int(a), int(b), int(c), int(d)
                if first < 256 and second < 256 and third < 256 and fourth < 256:
                    return 4, first << 24 | second << 16 | third << 8 | fourth
        except ValueError:
            return None
    address = _address(text)
    return None if address is None else (address.version, int(address))


def canonical_address(text: str) -> str:
    """Return an address compressed, an IPv4-mapped one as IPv4; "" where the text is none."""
    address = _address(text)
    return "" if address is None else address.compressed


def event_domain(text: str) -> str:
    """Return a host name of an event as indicators are spelt: lower case, no last dot, no port."""
    text = text.strip().lower().rstrip(".")
    if not text.isascii():
        try:
            return _ascii(text)
        except IndicatorValueError:
            return text
    host, colon, port = text.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else text


def event_url(text: str) -> str:
    """Return a URL of an event as indicators are spelt, "" where it has no host."""
    try:
        return _url(text)
    except IndicatorValueError:
        return ""


# --- each kind ------------------------------------------------------------------------------------


def _ip(text: str) -> str:
    address = _address(text)
    if address is None:
        raise IndicatorValueError(f"{text!r:.60} is no address")
    if is_inside(address):
        raise IndicatorValueError(f"{address} is a private, local or reserved address")
    return address.compressed


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise IndicatorValueError(f"{text!r:.60} is no network") from error
    if network.prefixlen < WIDEST[network.version]:
        raise IndicatorValueError(f"{network} is too wide: /{WIDEST[network.version]} is the widest taken")
    if network.prefixlen == network.max_prefixlen:
        return _ip(str(network.network_address))
    if any(one.version == network.version and one.overlaps(network) for one in INSIDE):
        raise IndicatorValueError(f"{network} holds private, local or reserved addresses")
    return network.compressed


def _domain(text: str) -> str:
    name = _ascii(text.lower().rstrip("."))
    name = name.removeprefix("*.").removeprefix(".")
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(map(_LABEL.match, labels)) or labels[-1].isdigit():
        raise IndicatorValueError(f"{text!r:.60} is no domain")
    return name


def _url(text: str) -> str:
    """Without http or https and their ports, for both lead to one place; without a fragment, which no
    server sees; host in lower case, and unreserved characters unescaped (RFC 3986, 6.2.2)."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise IndicatorValueError(f"{text!r:.60} is no URL: {error}") from error
    if not host or any(ord(char) <= 32 for char in text):
        raise IndicatorValueError(f"{text!r:.60} is no URL")
    host = host.rstrip(".")
    host = host if host.isascii() else _ascii(host)
    if ":" in host:
        host = f"[{canonical_address(host) or host}]"
    place = host if port is None or port == _PORTS.get(parts.scheme) else f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    rest = _ESCAPE.sub(_unescape, (parts.path or "/") + query)
    return f"{place}{rest}" if parts.scheme in _PORTS else f"{parts.scheme}://{place}{rest}"


def _hash(text: str) -> str:
    text = text.lower()
    if len(text) not in HASHES or not _HEX.match(text):
        raise IndicatorValueError(f"{text!r:.60} is no MD5, SHA-1, SHA-256 or SHA-512")
    if text in _NOTHING:
        raise IndicatorValueError("it is the hash of an empty file")
    return text


def _email(text: str) -> str:
    text = text.lower().removeprefix("mailto:").strip("<>")
    match = _EMAIL.match(text)
    if match is None:
        raise IndicatorValueError(f"{text!r:.60} is no e-mail address")
    return f"{text.partition('@')[0]}@{_domain(match[1])}"


_CANONICAL = {
    IndicatorKind.IP: _ip, IndicatorKind.NETWORK: _network, IndicatorKind.DOMAIN: _domain,
    IndicatorKind.URL: _url, IndicatorKind.HASH: _hash, IndicatorKind.EMAIL: _email,
}  # fmt: skip
_NOTHING = frozenset(
    {
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if len(text) > 60:
        return None
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _without_port(text: str) -> str:
    host, colon, port = text.rpartition(":")
    return host if colon and port.isdigit() else text


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise IndicatorValueError(f"{name!r:.60} is no domain: {error}") from error


def _unescape(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0].upper()
