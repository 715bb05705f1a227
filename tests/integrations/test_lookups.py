"""Lookups against servers that keep to the vendors' documented answers: what is asked, kept, refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations import abuseipdb, cisa, greynoise, misp, rdap, virustotal
from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.disclosure import check_disclosure
from integrations.inventory import Asset, Inventory
from integrations.lookups import Answers
from integrations.opensearch import Keyring, connect
from integrations.own_logs import ACTIONS as OWN
from integrations.ports import Site
from playbooks.actions import ValueType
from rules.ecs import event_id, timestamp
from tests.integrations.lookup_server import (
    BAD,
    NEW,
    TOKEN,
    URL,
    AbuseIpdbServer,
    CisaServer,
    GreyNoiseServer,
    LookupServer,
    MispServer,
    RdapServer,
    VirusTotalServer,
)
from tests.integrations.vendor_server import call, prove_faults, prove_hostile, site_of

ACTIONS: dict[str, Any] = {
    action.spec.name: action
    for vendor in (abuseipdb, cisa, greynoise, misp, rdap, virustotal)
    for action in vendor.ACTIONS
}
CASES: tuple[tuple[str, type[LookupServer], str, str], ...] = (
    ("abuseipdb.check_ip", AbuseIpdbServer, "ip", BAD),
    ("greynoise.lookup_ip", GreyNoiseServer, "ip", BAD),
    ("virustotal.lookup_ip", VirusTotalServer, "ip", BAD),
    ("virustotal.lookup_domain", VirusTotalServer, "domain", "bad.example"),
    ("virustotal.lookup_url", VirusTotalServer, "url", URL),
    ("virustotal.lookup_hash", VirusTotalServer, "hash", "a" * 64),
    ("misp.search", MispServer, "ip", BAD),
    ("cisa.known_exploited", CisaServer, "cve", "CVE-2024-11111"),
    ("rdap.lookup_ip", RdapServer, "ip", BAD),
    ("rdap.lookup_domain", RdapServer, "domain", "www.example.com"),
)  # fmt: skip


def site_with(server: LookupServer, name: str, **more: Any) -> Site:
    kind = name.partition(".")[0]
    return site_of(there={"kind": kind, "url": server.url, "token": TOKEN, "per_minute": 10_000, **more})


async def ask(name: str, site: Site, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = await ACTIONS[name].run(call(**params), site)
    assert set(found) == set(ACTIONS[name].spec.returns)
    return found


@pytest.mark.parametrize(("name", "server_type", "parameter", "value"), CASES)
async def test_faults_and_hostile_values(name: str, server_type: Any, parameter: str, value: str) -> None:
    async with server_type() as server:
        site = site_with(server, name)
        await prove_faults(ACTIONS[name], site, call(**{parameter: value}), server)
        await prove_hostile(ACTIONS[name], site, server, parameter)
        assert server.requests == []


@pytest.mark.parametrize(("name", "server_type", "parameter", "value"), CASES)
async def test_an_answer_is_asked_for_once(name: str, server_type: Any, parameter: str, value: str) -> None:
    async with server_type() as server:
        site = site_with(server, name)
        answers = await asyncio.gather(*(ask(name, site, **{parameter: value}) for _ in range(5)))
        assert all(answer == answers[0] for answer in answers)
        assert len(server.requests) == len(set(server.requests))


@pytest.mark.parametrize("name", ["abuseipdb.check_ip", "greynoise.lookup_ip", "misp.search"])
async def test_a_wrong_key_is_told_without_showing_it(name: str) -> None:
    server_type = next(case[1] for case in CASES if case[0] == name)
    async with server_type() as server:
        with pytest.raises(ActionRefusedError, match="401") as caught:
            await ask(name, site_with(server, name, token="another-key-0123"), ip=BAD)
    assert "another-key" not in str(caught.value)


async def test_a_connection_says_who_answers() -> None:
    for vendor, server_type, said in (
        (abuseipdb, AbuseIpdbServer, "score 0"), (greynoise, GreyNoiseServer, "community"),
        (virustotal, VirusTotalServer, "example.com"), (misp, MispServer, "siem@example.org"),
        (cisa, CisaServer, "2 vulnerabilities"), (rdap, RdapServer, "1995-08-14"),
    ):  # fmt: skip
        (kind,) = vendor.CONNECTIONS
        async with server_type() as server:
            assert kind.test is not None
            assert said in await kind.test(site_with(server, kind.name), "there")


async def test_abuseipdb_says_how_sure_it_is() -> None:
    async with AbuseIpdbServer() as server:
        site = site_with(server, "abuseipdb")
        found = await ask("abuseipdb.check_ip", site, ip=BAD)
        assert (found["score"], found["reports"], found["reporters"], found["tor"]) == (100, 12, 5, True)
        assert (await ask("abuseipdb.check_ip", site, ip=NEW))["last_reported"] == ""


async def test_greynoise_tells_scanners_from_strangers() -> None:
    async with GreyNoiseServer() as server:
        site = site_with(server, "greynoise")
        assert (await ask("greynoise.lookup_ip", site, ip=BAD))["classification"] == "malicious"
        new = await ask("greynoise.lookup_ip", site, ip=NEW)
        assert (new["known"], new["classification"]) == (False, "unknown")


async def test_virustotal_counts_scanners_and_submits_nothing() -> None:
    async with VirusTotalServer() as server:
        site = site_with(server, "virustotal")
        found = await ask("virustotal.lookup_ip", site, ip=BAD)
        assert (found["malicious"], found["reputation"], found["label"]) == (9, -7, "Example Hosting")
        assert (await ask("virustotal.lookup_url", site, url=URL))["label"] == "Log in"
        assert (await ask("virustotal.lookup_hash", site, hash="a" * 64))["label"] == "trojan.emotet/x"
        assert (await ask("virustotal.lookup_domain", site, domain="new.example"))["known"] is False
        assert (await ask("virustotal.lookup_hash", site, hash="b" * 40))["known"] is False
        with pytest.raises(ActionRefusedError, match="knows files by these"):
            await ask("virustotal.lookup_hash", site, hash="a" * 128)
        assert all(request.startswith("GET ") for request in server.requests)


async def test_virustotals_quota_is_kept_where_the_connection_names_none() -> None:
    async with VirusTotalServer() as server:
        site = site_of(vt4={"kind": "virustotal", "url": server.url, "token": TOKEN})
        for number in range(4):
            await ask("virustotal.lookup_ip", site, ip=f"203.0.113.{number}")
        with pytest.raises(ActionUnavailableError, match="per_minute") as caught:
            await ask("virustotal.lookup_ip", site, ip="203.0.113.100")
        assert caught.value.retry_after is not None
        assert (await ask("virustotal.lookup_ip", site, ip="203.0.113.1"))["known"] is False
        assert len(server.requests) == 4


async def test_misp_counts_only_the_value_itself() -> None:
    async with MispServer() as server:
        site = site_with(server, "misp")
        found = await ask("misp.search", site, ip=BAD)
        assert found == {
            "found": True, "attributes": 1, "to_ids": True, "events": ["Campaign of March"],
            "categories": ["Network activity"], "tags": ["tlp:amber"], "last": "2026-03-01T10:00:00+00:00",
        }  # fmt: skip
        assert (await ask("misp.search", site, hash="a" * 64))["attributes"] == 1
        assert (await ask("misp.search", site, domain="new.example"))["found"] is False
        with pytest.raises(ActionRefusedError, match="exactly one of ip, domain, url, hash; there are 2"):
            await ask("misp.search", site, ip=BAD, domain="bad.example")


async def test_misp_of_the_site_may_be_told_of_addresses_inside() -> None:
    async with MispServer() as server:
        with pytest.raises(ActionRefusedError, match="an address inside"):
            await ask("misp.search", site_with(server, "misp"), ip="10.0.0.5")
        assert server.told == []
        assert not (await ask("misp.search", site_with(server, "misp", private=True), ip="10.0.0.5"))["found"]


async def test_cisa_knows_what_is_exploited_and_is_not_told_what_we_ask() -> None:
    async with CisaServer() as server:
        site = site_with(server, "cisa")
        found = await ask("cisa.known_exploited", site, cve=" cve-2024-11111")
        assert (found["exploited"], found["ransomware"], found["due"]) == (True, True, "2024-02-22")
        assert not (await ask("cisa.known_exploited", site, cve="CVE-2024-22222"))["ransomware"]
        assert not (await ask("cisa.known_exploited", site, cve="CVE-2024-99999"))["exploited"]
        assert len(server.requests) == 1


async def test_a_cut_off_catalogue_is_not_believed() -> None:
    async with CisaServer() as server:
        server.count = 1_400
        with pytest.raises(ActionUnavailableError, match="says 1400 entries and has 2"):
            await ask("cisa.known_exploited", site_with(server, "cisa"), cve="CVE-2024-99999")


async def test_rdap_finds_the_registry_and_the_people() -> None:
    async with RdapServer() as server:
        site = site_with(server, "rdap")
        assert await ask("rdap.lookup_ip", site, ip=BAD) == {
            "found": True, "name": "EXAMPLE-HOSTING", "handle": "EX-NET", "network": "203.0.113.0/24",
            "country_code": "NL", "organisation": "Example Hosting BV", "abuse": "abuse@example.net",
            "registered": "2019-05-01T00:00:00+00:00",
        }  # fmt: skip
        assert f"GET /ripe/ip/{BAD}" in server.requests
        assert (await ask("rdap.lookup_ip", site, ip="2001:db8::1"))["found"]
        domain = await ask("rdap.lookup_domain", site, domain="a.www.example.com")
        assert (domain["domain"], domain["registrar"]) == ("example.com", "IANA")
        assert domain["registered"] == "1995-08-14T04:00:00+00:00"
        assert domain["nameservers"] == ["a.iana-servers.net", "b.iana-servers.net"]
        assert not (await ask("rdap.lookup_domain", site, domain="unknown-name.net"))["found"]


async def test_rdap_goes_on_to_registries_only() -> None:
    async with RdapServer() as server:
        site = site_with(server, "rdap")
        assert (await ask("rdap.lookup_ip", site, ip="203.0.1.1"))["name"] == "EXAMPLE-HOSTING"
        for stranger in (
            "http://169.254.169.254/latest/",
            f"{server.url}/elsewhere",
            "/x",
            "//evil.example/ripe/",
        ):
            server.sends_to = stranger
            with pytest.raises(ActionRefusedError, match="not followed"):
                await ask("rdap.lookup_ip", site, ip=NEW)
        server.sends_to = f"{server.url}/arin/ip/{NEW}"
        with pytest.raises(ActionRefusedError, match="not followed"):
            await ask("rdap.lookup_ip", site, ip=NEW)
        with pytest.raises(ActionRefusedError, match="no registry answers"):
            await ask("rdap.lookup_ip", site, ip="192.0.2.1")
        with pytest.raises(ActionRefusedError, match="public suffix"):
            await ask("rdap.lookup_domain", site, domain="co.uk")


INSIDE = (
    (ValueType.IP, "10.0.0.1"), (ValueType.IP, "::ffff:10.0.0.1"), (ValueType.IP, "100.64.0.1"), (ValueType.IP, "fe80::1"),
    (ValueType.IP, "127.0.0.1"), (ValueType.IP, "224.0.0.1"), (ValueType.IP, "203.0.113.0/24"), (ValueType.IP, "0x7f.1"),
    (ValueType.IP, "fd00::1"), (ValueType.IP, "::"), (ValueType.IP, "169.254.1.1"), (ValueType.IP, "fe80::1%eth0"),
    (ValueType.IP, "::10.0.0.1"), (ValueType.IP, "::ffff:0:10.0.0.1"), (ValueType.IP, "64:ff9b:1::10.0.0.1"),
    (ValueType.IP, "2001:db8::5efe:10.0.0.1"), (ValueType.IP, "2001:0:cb00:7107:0:0:f5ff:fffe"), (ValueType.IP, "::7f00:1"),
    (ValueType.IP, "2002:a00:1::"), (ValueType.IP, "64:ff9b::10.0.0.1"), (ValueType.URL, "http://[2002:a00:1::]/"),
    (ValueType.URL, "http://0x0a.0x00.0x0001/"), (ValueType.URL, "http://10.1.0x0/"),
    (ValueType.DOMAIN, "db-1.corp"), (ValueType.DOMAIN, "localhost"), (ValueType.DOMAIN, "web.internal."),
    (ValueType.DOMAIN, "1.0.0.10.in-addr.arpa"), (ValueType.DOMAIN, "10.0.0.1"), (ValueType.DOMAIN, "nas.home.arpa"),
    (ValueType.DOMAIN, "printer"), (ValueType.URL, "http://10.0.0.1/x"), (ValueType.URL, "http://[::1]/"),
    (ValueType.URL, "http://wiki.lan/"), (ValueType.URL, "https://alice:pw@bad.example/"), (ValueType.URL, "ftp://bad.example/"),
    (ValueType.URL, "https://bad.example/?access_token=abc"), (ValueType.URL, "https://bad.example/#id_token=abc"),
    (ValueType.URL, "https://bad.example/?a=1&sessionId=5"), (ValueType.URL, "https://bad.example/?X-Amz-Signature=5"),
    (ValueType.URL, "https://bad.example/?apikey=5"), (ValueType.URL, "https://bad.example/reset?password=x"),
    (ValueType.URL, "https://bad.example/a b"), (ValueType.URL, "https://bad.example:99999/"), (ValueType.HASH, "xyz"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), INSIDE)
def test_what_is_inside_or_secret_stays(kind: ValueType, value: str) -> None:
    with pytest.raises(ActionRefusedError, match="not sent out"):
        check_disclosure(kind, value, site_of())


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ValueType.IP, BAD), (ValueType.IP, "2001:db8::1"), (ValueType.IP, "2002:cb00:7107::"), (ValueType.DOMAIN, "bad.example"),
        (ValueType.DOMAIN, "xn--bcher-kva.example"), (ValueType.DOMAIN, "bücher.example"), (ValueType.URL, URL),
        (ValueType.URL, "https://bad.example/?monkey=1&encode=2"), (ValueType.HASH, "a" * 32),
    ],
)  # fmt: skip
def test_what_may_be_asked_about(kind: ValueType, value: str) -> None:
    check_disclosure(kind, value, site_of())


def test_a_machine_of_the_inventory_is_not_told_of() -> None:
    inventory = Inventory(
        assets=(
            Asset(name="db-1", names=("db-1.corp.example.com",), addresses=("10.0.0.7",)),
            Asset(name="www.example.com", addresses=("9.9.9.9",)),
        )
    )
    site = replace(site_of(), inside_names=inventory.inside_names)
    for kind, value in (
        (ValueType.DOMAIN, "db-1.corp.example.com"), (ValueType.DOMAIN, "DB-1.corp.example.com."),
        (ValueType.DOMAIN, "x.db-1.corp.example.com"), (ValueType.URL, "https://db-1.corp.example.com:8443/admin"),
    ):  # fmt: skip
        with pytest.raises(ActionRefusedError, match="a machine inside"):
            check_disclosure(kind, value, site)
        check_disclosure(kind, value, site, private=True)
    for kind, value in (
        (ValueType.DOMAIN, "www.example.com"),
        (ValueType.DOMAIN, "corp.example.com"),
        (ValueType.URL, URL),
    ):
        check_disclosure(kind, value, site)


def test_a_secret_of_the_site_is_never_sent_out() -> None:
    site = site_of(shop={"kind": "shop", "token": "s3cr3t/value"})
    for value in ("https://bad.example/s3cr3t/value", "https://bad.example/?q=s3cr3t%2Fvalue"):
        for private in (False, True):
            with pytest.raises(ActionRefusedError, match="a secret of the connection 'shop'") as caught:
                check_disclosure(ValueType.URL, value, site, private=private)
            assert "s3cr3t" not in str(caught.value)


async def test_answers_are_bounded_and_errors_are_not_kept() -> None:
    answers, asked = Answers(60, most=2), []

    async def answer(value: int) -> int:
        asked.append(value)
        return value

    async def fail() -> int:
        raise ActionUnavailableError("away")

    with pytest.raises(ActionError):
        await answers.get(1, fail)
    for number in (1, 2, 3, 3, 2, 1):
        assert await answers.get(number, lambda number=number: answer(number)) == number
    assert asked == [1, 2, 3, 1]
    stale = Answers(-1)
    for _ in range(2):
        await stale.get(1, lambda: answer(9))
    assert asked[-2:] == [9, 9]


@pytest.mark.engine
async def test_own_logs_say_whether_it_was_seen_before(opensearch_url: str, index_prefix: str) -> None:
    (seen,) = OWN
    now = datetime.now(UTC)
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=Keyring({"k1": b"1" * 32}))
    events = [
        event(1, now - timedelta(days=9), ip=BAD, user="alice", host="web-1"),
        event(2, now - timedelta(days=2), ip=BAD, user="bob", host="web-2"),
        event(3, now - timedelta(minutes=1), ip=BAD, user='a" OR *', host="web-2"),
        event(4, now - timedelta(days=40), ip=BAD, user="carol", host="web-3"),
        event(5, now - timedelta(days=1), ip=NEW, user="dave", host="web-1", domain="bad.example"),
    ]  # fmt: skip
    try:
        await stores.setup()
        assert (await stores.events.write(events)).created == 5
        site = site_of(stores.events)  # type: ignore[arg-type]
        found = await seen.run(call(ip=BAD), site)
        assert (found["events"], found["users"], found["hosts"]) == (
            3,
            ['a" OR *', "alice", "bob"],
            ["web-1", "web-2"],
        )
        assert (found["first"], found["last"]) == (events[0]["@timestamp"], events[2]["@timestamp"])
        assert found["sources"] == ["linux.auth"]
        assert (await seen.run(call(ip=BAD, ago=3600), site))["events"] == 2
        assert (await seen.run(call(ip=BAD, days=60), site))["first"] == events[3]["@timestamp"]
        assert (await seen.run(call(user="dave@example.com"), site))["events"] == 1
        assert (await seen.run(call(host="web-3", days=400), site))["users"] == ["carol"]
        assert (await seen.run(call(user='a" OR *'), site))["events"] == 1
        domain = await seen.run(call(domain="bad.example"), site)
        assert (domain["events"], domain["first"]) == (1, events[4]["@timestamp"])
        none = await seen.run(call(hash="b" * 64), site)
        assert (none["seen"], none["first"], none["last"]) == (False, "", "")
        for bad in (
            {},
            {"ip": BAD, "user": "x"},
            {"ip": BAD, "days": 401},
            {"ip": BAD, "days": 1, "ago": 90_000},
        ):
            with pytest.raises(ActionRefusedError):
                await seen.run(call(**bad), site)
    finally:
        await stores.close()


def event(number: int, at: datetime, *, ip: str, user: str, host: str, domain: str = "") -> dict[str, Any]:
    document: dict[str, Any] = {
        "@timestamp": timestamp(at),
        "event": {
            "id": event_id("linux.auth", f"f@{number}", b"x"), "dataset": "linux.auth", "kind": "event",
            "category": ["authentication"], "original": f"line {number}",
        },
        "source": {"ip": ip}, "user": {"name": user}, "host": {"name": host},
        "related": {"ip": [ip], "user": [user], "hosts": [host]}, "message": "x",
    }  # fmt: skip
    if domain:
        document["url"] = {"domain": domain}
    return document
