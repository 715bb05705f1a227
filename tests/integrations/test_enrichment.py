"""Where an address is: only of public ones, and told the same way whichever path finds that out."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.enrichment import _ORDINARY, geo_enricher


@given(st.sampled_from(sorted(_ORDINARY)), st.integers(0, 2**24 - 1))
def test_what_is_taken_for_public_unasked_is_public(first: str, rest: int) -> None:
    ip = ipaddress.ip_address((int(first) << 24) + rest)
    assert ip.is_global
    assert not ip.is_multicast


def test_the_ends_of_each_unasked_network_are_public() -> None:
    for first in _ORDINARY:
        network = ipaddress.ip_network(f"{first}.0.0.0/8")
        assert network[0].is_global
        assert network[-1].is_global


@settings(deadline=None)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_no_special_address_is_anywhere(ip: Any) -> None:
    document: dict[str, Any] = {"source": {"ip": str(ip)}}
    geo_enricher()(document)
    if not ip.is_global or ip.is_multicast:
        assert document == {"source": {"ip": str(ip)}}


@pytest.mark.parametrize(
    "text", ["", "x", "11", "11.1", "11.1.1.1.1", "011.1.1.1", "11.1.1.256", "11.1.1.1 ", "10.0.0.1"]
)
def test_what_is_no_public_address_is_left_alone(text: str) -> None:
    document: dict[str, Any] = {"source": {"ip": text}}
    geo_enricher()(document)
    assert document == {"source": {"ip": text}}
