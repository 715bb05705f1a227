"""The look-up vendors' APIs on loopback, as documented: each checks its own key, knows a few values, and
answers what it doesn't know in its own way."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

TOKEN = "lookup-key-0123456789"
BAD, NEW = "203.0.113.7", "198.51.100.9"
URL = "https://bad.example/login?step=1"


class LookupServer(VendorServer):
    def __init__(self, header: str) -> None:
        super().__init__()
        self.header = header
        self.told: list[dict[str, Any]] = []

    def is_token(self, request: web.Request) -> bool:
        del request
        return False

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get(self.header) == TOKEN:
            return None
        return web.json_response({"errors": [{"detail": "no key", "status": 401}]}, status=401)


class AbuseIpdbServer(LookupServer):
    def __init__(self) -> None:
        super().__init__("Key")

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("GET", "/api/v2/check", self.check),)

    async def check(self, request: web.Request) -> web.Response:
        address, days = request.query["ipAddress"], int(request.query["maxAgeInDays"])
        if not 1 <= days <= 365:
            return web.json_response({"errors": [{"detail": "maxAgeInDays", "status": 422}]}, status=422)
        bad = address == BAD
        return web.json_response({"data": {
            "ipAddress": address, "isPublic": True, "ipVersion": 4, "isWhitelisted": None if bad else False,
            "abuseConfidenceScore": 100 if bad else 0, "countryCode": "NL", "usageType": "Data Center/Web Hosting/Transit",
            "isp": "Example Hosting", "domain": "example.net", "hostnames": [], "isTor": bad, "totalReports": 12 if bad else 0,
            "numDistinctUsers": 5 if bad else 0, "lastReportedAt": "2026-03-01T10:00:00+00:00" if bad else None,
        }})  # fmt: skip


class GreyNoiseServer(LookupServer):
    def __init__(self) -> None:
        super().__init__("key")

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("GET", "/v3/community/{ip}", self.community), ("GET", "/ping", self.ping))

    async def ping(self, _: web.Request) -> web.Response:
        return web.json_response({"message": "pong", "offering": "community"})

    async def community(self, request: web.Request) -> web.Response:
        address = request.match_info["ip"]
        if address != BAD:
            body = {
                "ip": address,
                "noise": False,
                "riot": False,
                "message": "IP not observed scanning the internet",
            }
            return web.json_response(body, status=404)
        return web.json_response({
            "ip": address, "noise": True, "riot": False, "classification": "malicious", "name": "unknown",
            "link": f"https://viz.greynoise.io/ip/{address}", "last_seen": "2026-03-01", "message": "Success",
        })  # fmt: skip


class VirusTotalServer(LookupServer):
    def __init__(self) -> None:
        super().__init__("x-apikey")
        url = base64.urlsafe_b64encode(URL.encode()).decode().rstrip("=")
        self.known: dict[tuple[str, str], dict[str, Any]] = {
            ("ip_addresses", BAD): {"as_owner": "Example Hosting", "reputation": -7},
            ("domains", "bad.example"): {"registrar": "Example Registrar"},
            ("domains", "example.com"): {},
            ("urls", url): {"title": "Log in"},
            ("files", "a" * 64): {
                "meaningful_name": "invoice.exe",
                "popular_threat_classification": {"suggested_threat_label": "trojan.emotet/x"},
            },
        }

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("GET", "/api/v3/{collection}/{id}", self.report),)

    async def report(self, request: web.Request) -> web.Response:
        key = (request.match_info["collection"], request.match_info["id"])
        if key not in self.known:
            error = {"code": "NotFoundError", "message": f'"{key[1]}" not found'}
            return web.json_response({"error": error}, status=404)
        stats = {"harmless": 60, "malicious": 9, "suspicious": 1, "undetected": 20, "timeout": 0}
        attributes = {"last_analysis_stats": stats, "last_analysis_date": 1772359200, **self.known[key]}
        return web.json_response({"data": {"id": key[1], "attributes": attributes}})


class CisaServer(LookupServer):
    def __init__(self) -> None:
        super().__init__("user-agent")
        self.count = 2

    def refuse(self, request: web.Request) -> web.Response | None:
        del request
        return None

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("GET", "/sites/default/files/feeds/known_exploited_vulnerabilities.json", self.feed),)

    async def feed(self, _: web.Request) -> web.Response:
        rows = [
            {"cveID": f"CVE-2024-{number}", "vendorProject": "Example", "product": "Gateway",
             "vulnerabilityName": "Example Gateway Command Injection", "dateAdded": "2024-02-01",
             "dueDate": "2024-02-22", "requiredAction": "Apply updates.", "knownRansomwareCampaignUse": use}
            for number, use in ((11111, "Known"), (22222, "Unknown"))
        ]  # fmt: skip
        return web.json_response(
            {"catalogVersion": "2024.02.01", "count": self.count, "vulnerabilities": rows}
        )


class MispServer(LookupServer):
    def __init__(self) -> None:
        super().__init__("Authorization")

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("POST", "/attributes/restSearch", self.search), ("GET", "/users/view/me", self.me))

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response({"User": {"email": "siem@example.org"}})

    async def search(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.told.append(asked)
        assert asked["returnFormat"] == "json"
        rows = [
            (BAD, "Network activity", True, "1772359200"), ("a.exe|" + "a" * 64, "Payload delivery", False, "1772350000"),
            ("203.0.113.70", "Network activity", True, "1772359999"),
        ]  # fmt: skip
        found = [
            {"value": value, "category": category, "to_ids": to_ids, "timestamp": at, "type": "x",
             "Event": {"info": "Campaign of March"}, "Tag": [{"name": "tlp:amber"}]}
            for value, category, to_ids, at in rows
            if asked["value"] in value
        ]  # fmt: skip
        return web.json_response({"response": {"Attribute": found}})


class RdapServer(LookupServer):
    """IANA's bootstrap files, and two registries under paths of their own."""

    def __init__(self) -> None:
        super().__init__("user-agent")
        self.sends_to = ""

    def refuse(self, request: web.Request) -> web.Response | None:
        del request
        return None

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("GET", "/ipv4.json", self.ipv4), ("GET", "/ipv6.json", self.ipv6), ("GET", "/dns.json", self.dns),
            ("GET", "/ripe/ip/{value}", self.network), ("GET", "/arin/ip/{value}", self.send_on),
            ("GET", "/arin/domain/{value}", self.send_on), ("GET", "/verisign/domain/{value}", self.domain),
        )  # fmt: skip

    async def ipv4(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "1.0", "services": [
            [["203.0.0.0/8"], [f"{self.url}/arin/"]], [["203.0.113.0/24"], ["ftp://x.example/", f"{self.url}/ripe/"]],
            [["198.51.100.0/24"], [f"{self.url}/arin/"]], [["192.0.2.0/24"], ["http://elsewhere.example/"]],
        ]})  # fmt: skip

    async def ipv6(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "1.0", "services": [[["2001:db8::/32"], [f"{self.url}/ripe/"]]]})

    async def dns(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"version": "1.0", "services": [[["com", "net"], [f"{self.url}/verisign/"]]]}
        )

    async def send_on(self, request: web.Request) -> web.Response:
        to = self.sends_to or f"{self.url}/ripe/ip/{request.match_info['value']}"
        return web.Response(status=302, headers={"Location": to})

    async def network(self, _: web.Request) -> web.Response:
        card = [
            "vcard",
            [
                ["version", {}, "text", "4.0"],
                ["fn", {}, "text", "Abuse desk"],
                ["email", {}, "text", "abuse@example.net"],
            ],
        ]
        return web.json_response({
            "objectClassName": "ip network", "handle": "EX-NET", "name": "EXAMPLE-HOSTING", "country": "NL",
            "startAddress": "203.0.113.0", "endAddress": "203.0.113.255",
            "events": [{"eventAction": "registration", "eventDate": "2019-05-01T00:00:00Z"}],
            "entities": [
                {"objectClassName": "entity", "roles": ["registrant"],
                 "vcardArray": ["vcard", [["fn", {}, "text", "Example Hosting BV"]]],
                 "entities": [{"objectClassName": "entity", "roles": ["abuse"], "vcardArray": card}]},
            ],
        }, content_type="application/rdap+json")  # fmt: skip

    async def domain(self, request: web.Request) -> web.Response:
        if request.match_info["value"] != "example.com":
            return web.json_response({"errorCode": 404, "title": "Not Found"}, status=404)
        return web.json_response({
            "objectClassName": "domain", "ldhName": "EXAMPLE.COM", "status": ["client transfer prohibited"],
            "nameservers": [{"ldhName": "B.IANA-SERVERS.NET"}, {"ldhName": "A.IANA-SERVERS.NET"}],
            "events": [{"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"},
                       {"eventAction": "expiration", "eventDate": "2027-08-13T04:00:00Z"}],
            "entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "IANA"]]]}],
        })  # fmt: skip
