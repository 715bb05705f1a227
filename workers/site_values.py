"""The kinds of values that ``siem.yaml`` is made of, each with an error that says what to write."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_DURATION = re.compile(r"(\d{1,6})\s*(ms|s|m|h|d)\Z")
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d{1,6})\s*(KB|MB|GB|TB)\Z", re.IGNORECASE)
_SIZES = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s*%\Z")


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def parse_duration(value: Any) -> Any:
    """Read ``90s``, ``15m``, ``24h``, ``7d``, ``500ms``; a timedelta passes. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no duration: write a number with its unit, like 90s, 15m, 24h or 7d")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _some_time(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("a duration must be longer than nothing")
    return value


def _size(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no size: write a number with its unit, like 512KB, 64MB or 2GB")
    return int(match[1]) * _SIZES[match[2].upper()]


def _share(value: Any) -> Any:
    if isinstance(value, float):
        return value
    match = _SHARE.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no share: write a percentage, like 5%")
    return float(match[1]) / 100


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone: write one like UTC or Europe/Berlin") from error
    return name


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (colon and host and port.isdigit() and int(port) < 65536):
        raise ValueError(f"{value!r} is no address and port: write one like 127.0.0.1:8700")
    return value


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no network: write one like 192.0.2.0/24 ({error})") from error
    return value


def address_of(listen: str) -> tuple[str, int]:
    """Return host and port of a `Listen`."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


Duration = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_some_time)]
Size = Annotated[int, BeforeValidator(_size), Field(gt=0)]
"""Bytes; units are powers of 1024."""
Share = Annotated[float, BeforeValidator(_share), Field(gt=0, le=1)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Listen = Annotated[str, AfterValidator(_listen)]
Network = Annotated[str, AfterValidator(_network)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
