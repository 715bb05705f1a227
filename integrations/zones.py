"""Abbreviations of time zones, as devices write them behind a time: ``CEST``, ``PDT``.

Stated rule: an abbreviation that the origin's zone itself uses means what it means there; else it is the one
of the table; one that is in neither says nothing, and the time is in the origin's zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "MEZ": 60, "CEST": 120,
    "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180, "TRT": 180, "EST": -300, "EDT": -240, "CST": -360,
    "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600,
    "NST": -210, "NDT": -150, "BRT": -180, "IST": 330, "PKT": 300, "SAST": 120, "WIB": 420, "JST": 540,
    "KST": 540, "HKT": 480, "SGT": 480, "PHT": 480, "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600,
    "AEDT": 660, "NZST": 720, "NZDT": 780,
}  # fmt: skip
"""Minutes east of Greenwich. Where an abbreviation means several zones, the one that RFC 5322 (4.3) has,
else that of PostgreSQL's ``Default`` set of abbreviations."""


@lru_cache(maxsize=256)
def zone_of(abbreviation: str, origin: ZoneInfo) -> tzinfo | None:
    """Return the zone that an abbreviation stands for, None for one that is not known."""
    name = abbreviation.upper()
    if name in ("UTC", "GMT", "Z"):
        return UTC
    for month in (1, 7):
        moment = datetime(2024, month, 1, tzinfo=origin)
        offset = moment.utcoffset()
        if moment.tzname() == name and offset is not None:
            return timezone(offset)
    minutes = MINUTES.get(name)
    return None if minutes is None else timezone(timedelta(minutes=minutes))
