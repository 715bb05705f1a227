"""How Cisco's devices begin a message: sequence number, clock, ``%FACILITY-SEVERITY-MNEMONIC:``.

The clock may be the syslog header's or the message's own (``service timestamps log``, ``logging
timestamp``), with or without year, milliseconds and zone. ``*`` or ``.`` before it say that the device
isn't sure of it. Reference: Cisco IOS "System Message Format"; ASA "Syslog Messages", "About Syslog".
"""

from __future__ import annotations

import re
from typing import NamedTuple

from integrations.syslog import Envelope
from integrations.times import Times

_TOKEN = re.compile(
    r"%([A-Z][A-Z0-9_]{0,40}(?:-[A-Za-z][A-Za-z0-9_]{0,40}){0,4})-{1,2}([0-7])-([A-Za-z0-9_]{1,80})(?: ?:|(?=\s))\s{0,4}",
    re.ASCII,
)
_CLOCK = re.compile(
    r"([*.]?)((?:\d{4} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,3}\d{1,2}(?: \d{4})? "
    r"\d\d:\d\d:\d\d)(\.\d{1,6})?(?: ([A-Z]{1,5}))?",
    re.ASCII,
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_SEQUENCE = re.compile(r"(?:^|: |\s)(\d{1,12}): ", re.ASCII)
_FORMATS = ("%b %d %Y %H:%M:%S.%f", "%b %d %H:%M:%S.%f", "%Y %b %d %H:%M:%S.%f")
LEVELS = (
    "emergency", "alert", "critical", "error", "warning", "notification", "informational", "debug",
)  # fmt: skip
"""By severity, as Cisco calls them."""
_LONGEST_HEAD = 400


class Said(NamedTuple):
    """One message of a Cisco device."""

    facility: str
    """``ASA``, ``SEC_LOGIN``; with its subfacilities: ``AAA-vpn``."""
    severity: int
    mnemonic: str
    """``302013``, ``LOGIN_SUCCESS``."""
    text: str
    time: str | None
    """The message's own clock, else the envelope's, None where neither says."""
    sure: bool
    """Whether the device trusts its clock."""
    sequence: int | None
    host: str | None


def split_message(message: str, envelope: Envelope | None, times: Times) -> Said | None:
    """Return a message in its parts, None where it has no ``%FACILITY-SEVERITY-MNEMONIC:``."""
    program = envelope.program if envelope is not None else ""
    if program:
        # The envelope took for the program what stood before the first colon.
        message = f"{program}: {message}"
    token = _TOKEN.search(message[:_LONGEST_HEAD])
    if token is None:
        return None
    head = message[: token.start()]
    clock, sure = _time(head, times)
    sequence = _SEQUENCE.search(head)
    return Said(
        facility=token[1],
        severity=int(token[2]),
        mnemonic=token[3],
        text=message[token.end() :].strip(),
        time=clock or (envelope.time if envelope is not None else None),
        sure=sure,
        sequence=int(sequence[1]) if sequence else None,
        host=_host(head) if envelope is None else _plain(envelope.host),
    )


def _time(head: str, times: Times) -> tuple[str | None, bool]:
    if match := _CLOCK.search(head):
        mark, clock, fraction, zone = match.groups()
        text = f"{clock}{fraction or '.0'}"
        formats: tuple[str, ...] = _FORMATS
        if zone:
            text, formats = f"{text} {zone}", tuple(f"{each} %Z" for each in _FORMATS)
        return times.parse(text, *formats), not mark
    if iso := _ISO.search(head):
        return times.iso(iso[0]), True
    return None, True


def _host(head: str) -> str | None:
    """Return the device's name that stands between colons before the clock (``logging origin-id``)."""
    clock = _CLOCK.search(head)
    for part in head[: clock.start() if clock else len(head)].split(": "):
        word = part.strip(" :*.")
        if word and not word.isdigit() and " " not in word and len(word) < 256 and not word.startswith("%"):
            return word
    after = head[clock.end() :].strip(" :") if clock else ""
    return after if after and " " not in after and len(after) < 256 else None


def _plain(host: str | None) -> str | None:
    return host.rstrip(":") if host and not host.startswith("%") else None
