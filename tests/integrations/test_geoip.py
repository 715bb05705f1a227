"""Where an address is, from the data that comes with the program."""

from __future__ import annotations

from typing import Any, cast

import pytest

from integrations.contract import ActionCall, ActionRefusedError
from integrations.geoip import ACTIONS
from integrations.ports import Site

(LOOKUP,) = ACTIONS


async def look_up(address: str) -> dict[str, Any]:
    return await LOOKUP.run(ActionCall(params={"ip": address}, key="k"), cast(Site, None))


@pytest.mark.parametrize(
    ("address", "code", "organisation"),
    [("8.8.8.8", "US", "GOOGLE"), ("2001:4860:4860::8888", "US", "GOOGLE"), ("194.25.0.60", "DE", "")],
)
async def test_an_address_of_the_internet_has_a_country(address: str, code: str, organisation: str) -> None:
    found = await look_up(address)
    assert found["country_code"] == code
    assert found["organisation"].startswith(organisation)
    assert found["private"] is False
    assert found["where"] == f"{found['country']}, {found['organisation']}"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("10.1.2.3", "a private network"),
        ("192.168.0.1", "a private network"),
        ("fd00::1", "a private network"),
        ("127.66.0.1", "this machine itself"),
        ("::1", "this machine itself"),
        ("169.254.169.254", "the local link"),
        ("fe80::1", "the local link"),
        ("100.64.0.1", "a provider's shared address space"),
        ("203.0.113.7", "an address for documentation"),
        ("2001:db8::1", "an address for documentation"),
        ("224.0.0.1", "a multicast group"),
        ("0.0.0.0", "no address"),
        ("255.255.255.255", "a reserved address"),
    ],
)
async def test_an_address_that_is_nowhere_is_answered_as_such(address: str, words: str) -> None:
    found = await look_up(address)
    assert found["where"] == found["organisation"] == words
    assert (found["country"], found["country_code"], found["private"]) == ("no country", "", True)


async def test_an_answer_has_exactly_the_promised_fields() -> None:
    for address in ("8.8.8.8", "10.0.0.1"):
        assert set(await look_up(address)) == set(LOOKUP.spec.returns)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "evil.example", "010.1.1.1", ""])
async def test_only_a_single_address_has_a_place(text: str) -> None:
    with pytest.raises(ActionRefusedError):
        await look_up(text)
