"""Networks by prefix: which of many networks an address is in, by one look-up for each prefix length."""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Generic, TypeVar

from rules.intelligence.values import number_of

T = TypeVar("T")
_BITS = {4: 32, 6: 128}
_COARSE = {4: 16, 6: 32}
"""Addresses are first looked for by so many bits: most are in no network at all."""


class Networks(Generic[T]):
    """A mapping from networks (CIDR notation) to values, asked by address."""

    def __init__(self) -> None:
        self._lengths: dict[int, dict[int, dict[int, tuple[str, T]]]] = {4: {}, 6: {}}
        self._coarse: dict[int, Counter[int]] = {4: Counter(), 6: Counter()}
        self._wide: dict[int, int] = {4: 0, 6: 0}
        """How many networks are shorter than the coarse prefix."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def set(self, network: str, value: T) -> None:
        version, length, number = _parse(network)
        known = self._lengths[version].setdefault(length, {})
        if number not in known:
            self._count += 1
            self._note(version, length, number, 1)
        known[number] = (network, value)

    def get(self, network: str) -> T | None:
        version, length, number = _parse(network)
        found = self._lengths[version].get(length, {}).get(number)
        return found[1] if found else None

    def remove(self, network: str) -> None:
        version, length, number = _parse(network)
        known = self._lengths[version].get(length, {})
        if known.pop(number, None) is None:
            return
        self._count -= 1
        self._note(version, length, number, -1)
        if not known:
            del self._lengths[version][length]

    def holding(self, address: str) -> list[tuple[str, T]]:
        """Return the networks that an address is in, with their values, the widest first."""
        if not self._count or (parsed := number_of(address)) is None:
            return []
        version, number = parsed
        bits = _BITS[version]
        if not self._wide[version] and number >> (bits - _COARSE[version]) not in self._coarse[version]:
            return []
        lengths = self._lengths[version]
        return [
            found
            for length in sorted(lengths)
            if (found := lengths[length].get(number >> (bits - length))) is not None
        ]

    def _note(self, version: int, length: int, number: int, change: int) -> None:
        coarse = _COARSE[version]
        if length < coarse:
            self._wide[version] += change
            return
        counts = self._coarse[version]
        prefix = number >> (length - coarse)
        counts[prefix] += change
        if not counts[prefix]:
            del counts[prefix]


def _parse(network: str) -> tuple[int, int, int]:
    parsed = ipaddress.ip_network(network)
    length = parsed.prefixlen
    return parsed.version, length, int(parsed.network_address) >> (parsed.max_prefixlen - length)
