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


OPENED = Meaning(("network",), ("connection", "start"), "success")
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
VPN_FAILED = Meaning(("network",), ("error",), "failure")
HOST = Meaning(("host",), ("info",))
LEASE = Meaning(("network",), ("protocol",))
NETWORK = Meaning(("network",), ("info",))

_TABLE = (
    (OPENED, "98 597 598 599 600 601 602 603"),
    (CLOSED, "537 1151 1152"),
    (DROPPED, "36 37 38 41 46 48 58 173 174 175 347 524 525 526 527 528 529 530 533 616 651 652 653 713 714 736 760 1233 1254 1255 1256 1257 1431 1432"),
    (ALLOWED, "1235 1434"),
    (ATTACK, "22 23 25 27 28 70 81 165 177 178 179 180 181 267 428 580 606 609 790 794 857 858 859 860 861 862 863 864 1155 1198 1199 1200 1201 1366 1367 1368 1369 1370 1371 1374 1375 1376"),
    (DETECTED, "608 789 795 1154"),
    (SUSPECTED, "82 83 856 897 898 1213 1214 1215"),
    (VIRUS, "123 124 125 159 408 761 809 1157 1573"),
    (SITE_BLOCKED, "14 15 17 18 1599 1600"),
    (SITE_ALLOWED, "16 97 1601"),
    (LOGIN, "29 31 139 199 235 236 237 238 520 1080 1153 1333"),
    (LOGIN_FAILED, "30 32 33 35 140 200 243 244 245 246 247 329 486 549 550 559 561 745 746 747 748 749 750 751 752 753 754 755 756 757 759 1035 1048 1073 1117 1118 1119 1120 1121 1122 1123 1124 1334"),
    (LOGOUT, "24 34 261 262 263 264 265 438 1008 1009"),
    (CHANGED, "328 340 341 441 1338 1382 5"),
    (CHANGE_FAILED, "1383"),
    (ADDED, "440 1067"),
    (DELETED, "442 1068"),
    (VPN, "43 65 346 353 354 356 357 358 483 544 880 881 882 1040"),
    (VPN_FAILED, "171 401 402 404 405 406 409 410 411 484 930 931 935"),
    (HOST, "4 6 53 164 521 573 1047 1149"),
    (LEASE, "1098 1099 1109 1110 1111"),
)  # fmt: skip
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
