"""Microsoft's sign-in service, Graph and Defender for Endpoint as documented, for one tenant: tokens for one
audience each, OData filters and pages, machine actions that take their time, one indicator for each value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

TENANT, CLIENT, SECRET = (
    "example.onmicrosoft.com",
    "11111111-2222-3333-4444-555555555555",
    "a~secret~of~the~app",
)
APP = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


class MicrosoftServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, dict[str, Any]] = {
            f"id-{name}": {
                "id": f"id-{name}", "userPrincipalName": f"{name}@example.com", "displayName": name.title(),
                "accountEnabled": enabled, "userType": "Member", "onPremisesSyncEnabled": synced,
                "mail": f"{name[0]}.smith@example.com", "mailNickname": None, "otherMails": [],
                "proxyAddresses": [f"smtp:{name}.old@example.com"], "onPremisesUserPrincipalName": None,
                "onPremisesSamAccountName": f"EXAMPLE-{name[0].upper()}SMITH", "onPremisesDistinguishedName": None,
                "onPremisesSecurityIdentifier": None,
            }
            for name, enabled, synced in (("alice", True, None), ("bob", False, None), ("carol", True, True))
        }  # fmt: skip
        self.principals = {
            APP: {"id": "sp-1", "appId": APP, "displayName": "Mail Helper", "accountEnabled": True}
        }
        self.revoked: list[str] = []
        self.passwords: dict[str, list[dict[str, Any]]] = {}
        self.groups = ["Everybody", "Global Administrator", "Finance"]
        self.rules: dict[str, dict[str, dict[str, Any]]] = {}
        self.messages: dict[str, dict[str, dict[str, Any]]] = {}
        self.machines: list[dict[str, Any]] = [
            machine("m-1", "web-1.example.com"), machine("m-2", "db-1.example.com"), machine("m-3", "db-1.example.org"),
        ]  # fmt: skip
        self.acts: list[dict[str, Any]] = []
        self.steps = 0
        """How many looks an order takes until it succeeds."""
        self.indicators: dict[str, dict[str, Any]] = {}
        self.offline = False

    @property
    def connection(self) -> dict[str, Any]:
        return {
            "kind": "microsoft", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET,
            "graph_url": self.url, "defender_url": self.url, "login_url": self.url,
        }  # fmt: skip

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        user = "/v1.0/users/{user}"
        return (
            ("POST", "/{tenant}/oauth2/v2.0/token", self.token),
            ("GET", "/v1.0/organization", self.organization),
            ("GET", user, self.get_user), ("PATCH", user, self.patch_user),
            ("GET", user + "/transitiveMemberOf", self.member_of), ("POST", user + "/revokeSignInSessions", self.revoke),
            ("GET", "/v1.0/auditLogs/signIns", self.sign_ins),
            ("GET", "/v1.0/servicePrincipals(appId='{app}')", self.get_principal),
            ("PATCH", "/v1.0/servicePrincipals/{id}", self.patch_principal),
            ("GET", user + "/mailFolders/inbox/messageRules", self.list_rules),
            ("PATCH", user + "/mailFolders/inbox/messageRules/{rule}", self.patch_rule),
            ("GET", user + "/messages", self.find_messages), ("POST", user + "/messages/{message}/{verb}", self.purge),
            ("GET", "/v1.0/admin/exchange/tracing/messageTraces", self.traces),
            ("GET", "/api/machines", self.find_machines), ("GET", "/api/machineactions", self.machine_actions),
            ("POST", "/api/machineactions/{id}/cancel", self.cancel), ("POST", "/api/machines/{id}/{verb}", self.order),
            ("GET", "/api/indicators", self.find_indicators), ("POST", "/api/indicators", self.submit),
            ("DELETE", "/api/indicators/{id}", self.delete_indicator),
        )  # fmt: skip

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        right = (request.match_info["tenant"], form.get("client_id"), form.get("client_secret"))
        if right != (TENANT, CLIENT, SECRET) or form.get("grant_type") != "client_credentials":
            return web.json_response(
                {"error": "invalid_client", "error_description": "AADSTS7000215"}, status=401
            )
        scope = str(form.get("scope"))
        if not scope.endswith("/.default"):
            return web.json_response({"error": "invalid_scope"}, status=400)
        kind = "defender" if "securitycenter" in scope else "graph"
        return web.json_response(
            {"access_token": f"{kind}-token", "token_type": "Bearer", "expires_in": 3599}
        )

    def refuse(self, request: web.Request) -> web.Response | None:
        kind = "defender" if request.path.startswith("/api/") else "graph"
        if request.headers.get("authorization") == f"Bearer {kind}-token":
            return None
        return fault(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")

    # --- directory ----------------------------------------------------------------------------------

    async def organization(self, _: web.Request) -> web.Response:
        return web.json_response({"value": [{"displayName": "Example Ltd"}]})

    def found(self, request: web.Request) -> dict[str, Any] | None:
        name = request.match_info["user"].casefold()
        return next(
            (one for one in self.users.values() if name in (one["id"], one["userPrincipalName"])), None
        )

    async def get_user(self, request: web.Request) -> web.Response:
        user = self.found(request)
        if user is None:
            return fault(404, "Request_ResourceNotFound", "Resource does not exist")
        wanted = request.query["$select"].split(",")
        return web.json_response({key: user[key] for key in wanted})

    async def patch_user(self, request: web.Request) -> web.Response:
        user, body = self.found(request), await request.json()
        if user is None:
            return fault(404, "Request_ResourceNotFound", "Resource does not exist")
        if user["onPremisesSyncEnabled"]:
            return fault(
                400,
                "Request_BadRequest",
                "Unable to update the specified properties for on-premises mastered",
            )
        if "passwordProfile" in body:
            assert set(body) == {"passwordProfile"}
            if not 8 <= len(body["passwordProfile"]["password"]) <= 256:
                return fault(
                    400, "Request_BadRequest", "The specified password does not comply with the policy"
                )
            self.passwords.setdefault(user["id"], []).append(body["passwordProfile"])
            self.changes += 1
            return web.Response(status=204)
        assert set(body) == {"accountEnabled"}
        user |= body
        self.changes += 1
        return web.Response(status=204)

    async def member_of(self, request: web.Request) -> web.Response:
        skip = int(request.query.get("$skiptoken", "0"))
        answer: dict[str, Any] = {"value": [{"displayName": name} for name in self.groups[skip : skip + 2]]}
        if skip + 2 < len(self.groups):
            answer["@odata.nextLink"] = f"{self.url}{request.path}?$select=displayName&$skiptoken={skip + 2}"
        return web.json_response(answer)

    async def revoke(self, request: web.Request) -> web.Response:
        user = self.found(request)
        assert user is not None
        self.revoked.append(user["id"])
        self.changes += 1
        return web.json_response({"value": True})

    async def sign_ins(self, request: web.Request) -> web.Response:
        match = re.fullmatch(r"userPrincipalName eq '((?:[^']|'')*)'", request.query["$filter"])
        if match is None:
            return fault(400, "BadRequest", "Invalid filter clause")
        rows = [
            {"userPrincipalName": "alice@example.com", "createdDateTime": f"2026-08-01T10:0{n}:00Z", "ipAddress": f"203.0.113.{n}",
             "appDisplayName": "Portal", "status": {"errorCode": 0 if n else 50126}, "location": {"countryOrRegion": "NL"}}
            for n in range(3)
        ]  # fmt: skip
        name = match[1].replace("''", "'")
        return web.json_response({"value": [row for row in rows if row["userPrincipalName"] == name]})

    async def get_principal(self, request: web.Request) -> web.Response:
        known = self.principals.get(request.match_info["app"].lower())
        return web.json_response(known) if known else fault(404, "Request_ResourceNotFound", "no")

    async def patch_principal(self, request: web.Request) -> web.Response:
        principal = next(one for one in self.principals.values() if one["id"] == request.match_info["id"])
        principal |= await request.json()
        self.changes += 1
        return web.Response(status=204)

    # --- mail ---------------------------------------------------------------------------------------

    async def list_rules(self, request: web.Request) -> web.Response:
        user = self.found(request)
        return web.json_response({"value": list(self.rules.get(user["id"] if user else "", {}).values())})

    async def patch_rule(self, request: web.Request) -> web.Response:
        user = self.found(request)
        rule = self.rules[user["id"] if user else ""].get(request.match_info["rule"])
        if rule is None:
            return fault(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        rule |= await request.json()
        self.changes += 1
        return web.json_response(rule)

    async def find_messages(self, request: web.Request) -> web.Response:
        match = re.fullmatch(r"internetMessageId eq '((?:[^']|'')*)'", request.query["$filter"])
        if match is None:
            return fault(
                400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes."
            )
        user = self.found(request)
        held = self.messages.get(user["id"] if user else "", {})
        name = match[1].replace("''", "'")
        return web.json_response(
            {"value": [one for one in held.values() if one["internetMessageId"] == name]}
        )

    async def purge(self, request: web.Request) -> web.Response:
        user, verb = self.found(request), request.match_info["verb"]
        held = self.messages[user["id"] if user else ""]
        message = held.pop(request.match_info["message"], None)
        if message is None:
            return fault(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        self.changes += 1
        if verb == "permanentDelete":
            return web.Response(status=204)
        assert (verb, await request.json()) == ("move", {"destinationId": "recoverableitemsdeletions"})
        return web.json_response(message, status=201)

    async def traces(self, request: web.Request) -> web.Response:
        assert re.search(r"receivedDateTime ge \S+Z and receivedDateTime le \S+Z", request.query["$filter"])
        row = {
            "id": "t1", "senderAddress": "mallory@example.org", "recipientAddress": "alice@example.com",
            "subject": "Invoice", "status": "delivered", "receivedDateTime": "2026-08-01T10:00:00Z",
            "messageId": "<m1@example.org>", "fromIP": "203.0.113.7",
        }  # fmt: skip
        match = re.search(r"recipientAddress eq '((?:[^']|'')*)'", request.query["$filter"])
        return web.json_response({"value": [row] if match and match[1] == row["recipientAddress"] else []})

    # --- Defender -----------------------------------------------------------------------------------

    async def find_machines(self, request: web.Request) -> web.Response:
        literal = r"'((?:[^']|'')*)'"
        match = re.fullmatch(
            rf"computerDnsName eq {literal}(?: or startswith\(computerDnsName,{literal}\))?",
            request.query["$filter"],
        )
        if match is None:
            return fault(400, "BadRequest", "Invalid filter")
        exact, start = (one.replace("''", "'") if one else one for one in match.groups())
        rows = [
            one for one in self.machines
            if one["computerDnsName"] == exact or (start and one["computerDnsName"].startswith(start))
        ]  # fmt: skip
        return web.json_response({"value": rows})

    async def machine_actions(self, request: web.Request) -> web.Response:
        match = re.fullmatch(r"machineId eq '([^']*)'", request.query["$filter"])
        assert match is not None
        for act in self.acts:
            if act["status"] == "Pending" and not self.offline:
                act["looks"] += 1
                act["status"] = "Succeeded" if act["looks"] > self.steps else "Pending"
        return web.json_response({"value": [one for one in self.acts if one["machineId"] == match[1]]})

    async def order(self, request: web.Request) -> web.Response:
        kinds = {"isolate": "Isolate", "unisolate": "Unisolate", "runAntiVirusScan": "RunAntiVirusScan"}
        kind, body = kinds[request.match_info["verb"]], await request.json()
        if not body.get("Comment"):
            return fault(400, "BadRequest", "Comment is required")
        needs = {
            "Isolate": ("IsolationType", {"Full", "Selective"}),
            "RunAntiVirusScan": ("ScanType", {"Quick", "Full"}),
        }
        if kind in needs and body.get(needs[kind][0]) not in needs[kind][1]:
            return fault(400, "BadRequest", f"{needs[kind][0]} is required")
        machine_id = request.match_info["id"]
        if any(
            a["machineId"] == machine_id and a["type"] == kind and a["status"] == "Pending" for a in self.acts
        ):
            return fault(400, "ActiveRequestAlreadyExists", "Action is already in progress")
        moment = datetime(2026, 8, 1, tzinfo=UTC) + timedelta(seconds=len(self.acts))
        act = {
            "id": f"act-{len(self.acts)}", "type": kind, "status": "Pending", "machineId": machine_id, "looks": 0,
            "requestorComment": body["Comment"], "creationDateTimeUtc": moment.isoformat(),
        }  # fmt: skip
        self.acts.append(act)
        self.changes += 1
        return web.json_response(act, status=201)

    async def cancel(self, request: web.Request) -> web.Response:
        act = next(one for one in self.acts if one["id"] == request.match_info["id"])
        assert (await request.json())["Comment"]
        if act["status"] != "Pending":
            return fault(400, "BadRequest", "not pending")
        act["status"] = "Cancelled"
        return web.json_response(act)

    async def find_indicators(self, request: web.Request) -> web.Response:
        match = re.fullmatch(r"indicatorValue eq '((?:[^']|'')*)'", request.query["$filter"])
        assert match is not None
        return web.json_response(
            {"value": [one for one in self.indicators.values() if one["indicatorValue"] == match[1]]}
        )

    async def submit(self, request: web.Request) -> web.Response:
        body = await request.json()
        for key in ("indicatorValue", "indicatorType", "action", "title", "description"):
            if not body.get(key):
                return fault(400, "BadRequest", f"{key} is required")
        known = next(
            (one for one in self.indicators.values() if one["indicatorValue"] == body["indicatorValue"]), {}
        )
        row = {**body, "id": known.get("id", str(len(self.indicators) + 1)), "createdBy": CLIENT}
        self.indicators[row["id"]] = row
        self.changes += 1
        return web.json_response(row)

    async def delete_indicator(self, request: web.Request) -> web.Response:
        if self.indicators.pop(request.match_info["id"], None) is None:
            return fault(404, "ResourceNotFound", "no")
        self.changes += 1
        return web.Response(status=204)


def machine(number: str, name: str) -> dict[str, Any]:
    return {
        "id": number, "computerDnsName": name, "healthStatus": "Active", "onboardingStatus": "Onboarded",
        "osPlatform": "Windows11", "lastSeen": "2026-08-01T10:00:00Z", "riskScore": "High", "exposureLevel": "Low",
        "lastIpAddress": "192.0.2.4", "ipAddresses": [{"ipAddress": "192.0.2.4"}, {"ipAddress": "127.0.0.1"}, {"ipAddress": "2001:db8::4"}],
    }  # fmt: skip


def fault(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
