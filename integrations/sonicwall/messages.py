"""What SonicOS's messages mean, by their number (``m``).

Reference: SonicWall, "SonicOS Log Events Reference Guide". Of a number that isn't here the text decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Meaning(NamedTuple):
    category: tuple[str, ...]
    type: tuple[str, ...]
    outcome: str | None = None
    blocked: bool | None = None
    kind: str = "event"


OPENED = Meaning(("network",), ("connection", "start", "allowed"), "success", False)
CLOSED = Meaning(("network",), ("connection", "end"), "success")
DROPPED = Meaning(("network",), ("connection", "denied"), "success", True)
ALLOWED = Meaning(("network",), ("connection", "allowed"), "success", False)
ATTACK = Meaning(("network", "intrusion_detection"), ("denied",), "success", True, "alert")
DETECTED = Meaning(("network", "intrusion_detection"), ("allowed",), "success", False, "alert")
SUSPECTED = Meaning(("network", "intrusion_detection"), ("info",), None, None, "alert")
VIRUS = Meaning(("network", "malware"), ("denied",), "success", True, "alert")
SITE_BLOCKED = Meaning(("network", "web"), ("access", "denied"), "success", True)
SITE_ALLOWED = Meaning(("network", "web"), ("access", "allowed"), "success", False)
LOGIN = Meaning(("authentication",), ("start",), "success")
LOGIN_FAILED = Meaning(("authentication",), ("start",), "failure")
LOGOUT = Meaning(("authentication",), ("end",), "success")
CHANGED = Meaning(("configuration",), ("change",), "success")
CHANGE_FAILED = Meaning(("configuration",), ("change",), "failure")
ADDED = Meaning(("configuration",), ("creation",), "success")
DELETED = Meaning(("configuration",), ("deletion",), "success")
VPN = Meaning(("network",), ("info",))
HOST = Meaning(("host",), ("info",))
NETWORK = Meaning(("network",), ("info",))

_TABLE = (
    (OPENED, "98"),
    (CLOSED, "537"),
    (DROPPED, "36 37 38 41 46 48 173 174 175 181 428 524 527 528 533 714 1198 1199 1233 1254 1255 1256 1257"),
    (ALLOWED, "1235"),
    (ATTACK, "22 23 27 28 81 267 606 609 790 794 1155 1200 1201"),
    (DETECTED, "608 789 795 1154"),
    (SUSPECTED, "25 82 83 177 178 179 1213 1214"),
    (VIRUS, "809"),
    (SITE_BLOCKED, "14 15"),
    (SITE_ALLOWED, "16 97"),
    (LOGIN, "29 31 139 199 235 236 237 238 1080"),
    (LOGIN_FAILED, "30 32 33 35 140 200 243 244 245 246 745"),
    (LOGOUT, "261 262 263 264 265"),
    (CHANGED, "441 1382"),
    (CHANGE_FAILED, "1383"),
    (ADDED, "440"),
    (DELETED, "442"),
)
MESSAGES: Mapping[str, Meaning] = {
    number: meaning for meaning, numbers in reversed(_TABLE) for number in numbers.split()
}

_WORDS = (
    (re.compile(r"\blog(?:in|on)\b.{0,80}\b(?:denied|failed|rejected|disabled)|authentication fail", re.IGNORECASE), LOGIN_FAILED),
    (re.compile(r"\blogged out\b|\blogout\b", re.IGNORECASE), LOGOUT),
    (re.compile(r"\blog(?:in|on)\b.{0,80}\b(?:allowed|succe)", re.IGNORECASE), LOGIN),
    (re.compile(r"\bPrevention Alert\b|\battack dropped\b|\bspoof", re.IGNORECASE), ATTACK),
    (re.compile(r"\bDetection Alert\b|\bscan detected\b|\bflood\b", re.IGNORECASE), SUSPECTED),
    (re.compile(r"\b(?:dropped|denied|blocked|rejected)\b", re.IGNORECASE), DROPPED),
    (re.compile(r"\bconnection opened\b", re.IGNORECASE), OPENED),
    (re.compile(r"\bconnection closed\b", re.IGNORECASE), CLOSED),
    (re.compile(r"\b(?:IKE|IPsec|VPN|SA)\b"), VPN),
)  # fmt: skip


def meaning_of(number: str, message: str, has_ends: bool) -> Meaning:
    """Return what a message means: by its number, else by its words."""
    if known := MESSAGES.get(number):
        return known
    found = next((meaning for pattern, meaning in _WORDS if pattern.search(message[:300])), None)
    return found or (NETWORK if has_ends else HOST)
