"""The APIs that are pulled from, on loopback, as documented: access, paging, limits, quotas, lateness.

What a client may not do there is noted in `violations`: tests expect none.
"""

from __future__ import annotations

import json
import re
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rules.ecs import parse_timestamp, timestamp
from tests.integrations.vendor_server import Handler, VendorServer

TENANT = "11111111-2222-3333-4444-555555555555"
MOST_SPAN, WEEK = timedelta(hours=24), timedelta(days=7)


class PullServer(VendorServer):
    """One API with records."""

    source: str
    options: Mapping[str, Any] = {}

    def __init__(self) -> None:
        super().__init__()
        self.violations: list[str] = []
        self.records: list[dict[str, Any]] = []
        self.quota: int | None = None
        """Requests that are answered before the quota is used up."""
        self.quiet_until = 0.0
        self.wait = 1
        """Seconds until there is a new quota."""
        self.tokens = 0
        """Tokens given out; the last is good."""

    @property
    @abstractmethod
    def connection(self) -> dict[str, Any]: ...

    @abstractmethod
    def record(self, number: int, at: datetime) -> dict[str, Any]: ...

    @abstractmethod
    def busy(self) -> web.Response:
        """The vendor's answer where the quota is used up."""

    def add(self, many: int, ago: timedelta = timedelta(minutes=2)) -> None:
        """Let records appear that claim to have happened a while ago."""
        first, at = len(self.records), datetime.now(UTC) - ago
        self.records += [self.record(first + n, at + timedelta(milliseconds=n)) for n in range(many)]

    def revoke(self) -> None:
        """Take no token any more that was given out."""
        self.tokens += 1

    def within_quota(self) -> web.Response | None:
        now = time.monotonic()
        if now < self.quiet_until:
            self.violations.append("asked again before the quota was new")
        if self.quota is not None:
            self.quota -= 1
            if self.quota < 0:
                self.quota, self.quiet_until = None, now + self.wait - 0.05
                return self.busy()
        return None

    def bad(self, status: int, text: str) -> web.Response:
        self.violations.append(text)
        return web.json_response({"error": {"code": status, "message": text}}, status=status)


class OktaLogs(PullServer):
    source = "okta.system"
    options: Mapping[str, Any] = {"limit": 100}

    @property
    def connection(self) -> dict[str, Any]:
        return {"kind": "okta", "url": self.url, "token": "00-log-token"}

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("GET", "/api/v1/logs", self.logs),)

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != "SSWS 00-log-token":
            return web.json_response({"errorCode": "E0000011", "errorSummary": "Invalid token"}, status=401)
        return self.within_quota()

    def busy(self) -> web.Response:
        reset = str(int(time.time()) + self.wait + 1)
        headers = {"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": reset}
        body = {"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit"}
        return web.json_response(body, status=429, headers=headers)

    def record(self, number: int, at: datetime) -> dict[str, Any]:
        return {
            "uuid": f"0000-{number}", "published": timestamp(at), "eventType": "user.session.start",
            "actor": {"id": "00u1", "alternateId": f"user-{number}@example.com", "type": "User"},
            "outcome": {"result": "SUCCESS"}, "client": {"ipAddress": "203.0.113.7"}, "severity": "INFO",
        }  # fmt: skip

    async def logs(self, request: web.Request) -> web.Response:
        query, limit = request.query, int(request.query.get("limit", "100"))
        if limit > 1000:
            return self.bad(400, "limit is 1000 at most")
        if query.get("sortOrder") != "ASCENDING" or "until" in query:
            return self.bad(400, "polling is ascending and without an end")
        if "after" in query:
            if not query["after"].startswith("c-"):
                # A cursor that is no longer taken.
                body = {"errorCode": "E0000031", "errorSummary": "Invalid search criteria."}
                return web.json_response(body, status=400)
            at = int(query["after"].removeprefix("c-"))
        else:
            # Polling goes by when events were kept, which is their order here.
            since = parse_timestamp(query["since"])
            at = next(
                (n for n, one in enumerate(self.records) if parse_timestamp(one["published"]) >= since),
                len(self.records),
            )
        page = self.records[at : at + limit]
        link = request.url.update_query({"after": f"c-{at + len(page)}"})
        headers = [("Link", f'<{request.url}>; rel="self"'), ("Link", f'<{link}>; rel="next"')]
        answer = web.json_response(page)
        for name, value in headers:
            answer.headers.add(name, value)
        return answer


class M365Activity(PullServer):
    """Content becomes available in blobs, which are listed by when they did."""

    source = "m365.audit"
    options: Mapping[str, Any] = {"content": ["Audit.General"]}
    blob = 7
    page = 4

    def __init__(self) -> None:
        super().__init__()
        self.blobs: list[tuple[datetime, list[dict[str, Any]]]] = []
        self.started: set[str] = set()
        self.gone: set[int] = set()
        self.behind = timedelta()
        """How far its clock is behind ours."""

    @property
    def connection(self) -> dict[str, Any]:
        return {
            "kind": "microsoft", "tenant": TENANT, "client_id": "app", "client_secret": "s3cret-of-app",
            "office_url": self.url, "login_url": self.url,
        }  # fmt: skip

    def add(self, many: int, ago: timedelta = timedelta(minutes=2)) -> None:
        first = len(self.records)
        super().add(many, ago)
        new = self.records[first:]
        at = datetime.now(UTC) - ago
        self.blobs += [(at, new[n : n + self.blob]) for n in range(0, len(new), self.blob)]

    def record(self, number: int, at: datetime) -> dict[str, Any]:
        return {
            "Id": f"id-{number}", "CreationTime": f"{at:%Y-%m-%dT%H:%M:%S}", "Operation": "UserLoggedIn",
            "RecordType": 15, "Workload": "AzureActiveDirectory", "ClientIP": "203.0.113.7",
            "UserId": f"user-{number}@example.com",
            "OrganizationId": TENANT, "UserType": 0, "UserKey": "key", "ResultStatus": "Success",
        }  # fmt: skip

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        feed = f"/api/v1.0/{TENANT}/activity/feed"
        return (
            ("POST", "/{tenant}/oauth2/v2.0/token", self.token),
            ("POST", f"{feed}/subscriptions/start", self.start),
            ("GET", f"{feed}/subscriptions/content", self.content),
            ("GET", feed + "/audit/{blob}", self.audit),
        )  # fmt: skip

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("client_secret"), form.get("scope")) != ("s3cret-of-app", f"{self.url}/.default"):
            return web.json_response({"error": "invalid_client"}, status=401)
        self.tokens += 1
        return web.json_response({"access_token": f"token-{self.tokens}", "expires_in": 3599})

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return web.json_response(
                {"Message": "Authorization has been denied for this request."}, status=401
            )
        if request.query.get("PublisherIdentifier") != TENANT:
            self.violations.append("asked without PublisherIdentifier: it shares the quota of all")
        return self.within_quota()

    def busy(self) -> web.Response:
        return _coded(403, "AF429", "Too many requests. Method=GetContent", **{"Retry-After": str(self.wait)})

    async def start(self, request: web.Request) -> web.Response:
        content = request.query["contentType"]
        if content in self.started:
            return _coded(400, "AF20024", "The subscription is already enabled. No property change.")
        self.started.add(content)
        return web.json_response({"contentType": content, "status": "enabled", "webhook": None})

    async def content(self, request: web.Request) -> web.Response:
        query = request.query
        if query["contentType"] not in self.started:
            return _coded(400, "AF20022", "No subscription found for the specified content type")
        begin, end = (datetime.fromisoformat(query[name] + "+00:00") for name in ("startTime", "endTime"))
        now = datetime.now(UTC) - self.behind
        if end - begin > MOST_SPAN or begin < now - WEEK or end < begin:
            self.violations.append(f"AF20030: {begin} to {end}")
            return _coded(
                400, "AF20030", "Start time and end time must be less than or equal to 24 hours apart"
            )
        found = [n for n, (at, _) in enumerate(self.blobs) if begin <= at < end]
        first = int(query.get("nextPage", "0"))
        listed = [
            {
                "contentType": query["contentType"], "contentId": f"blob-{n}",
                "contentCreated": timestamp(self.blobs[n][0]),
                "contentUri": f"{self.url}/api/v1.0/{TENANT}/activity/feed/audit/{n}",
                "contentExpiration": timestamp(self.blobs[n][0] + WEEK),
            }
            for n in found[first : first + self.page]
        ]  # fmt: skip
        answer = web.json_response(listed, headers={"Date": format_datetime(now, usegmt=True)})
        if first + self.page < len(found):
            answer.headers["NextPageUri"] = str(request.url.update_query({"nextPage": first + self.page}))
        return answer

    async def audit(self, request: web.Request) -> web.Response:
        number = int(request.match_info["blob"])
        if number in self.gone:
            return _coded(
                400, "AF20051", f"Content requested with the key blob-{number} has already expired."
            )
        return web.json_response(self.blobs[number][1])


class GoogleReports(PullServer):
    """The newest activities first."""

    source = "google_workspace.activity"
    options: Mapping[str, Any] = {"applications": ["login"], "sweep_seconds": 0}
    page = 40

    @property
    def connection(self) -> dict[str, Any]:
        account = {
            "type": "service_account", "client_email": "siem@project.example.com", "private_key": _key()[0],
            "private_key_id": "k1", "token_uri": "https://192.0.2.1/never",
        }  # fmt: skip
        return {
            "kind": "google_workspace", "url": self.url, "token_url": f"{self.url}/token",
            "key": json.dumps(account), "subject": "auditor@example.com",
        }  # fmt: skip

    def record(self, number: int, at: datetime) -> dict[str, Any]:
        return {
            "kind": "admin#reports#activity", "etag": f'"{time.time_ns()}"',
            "id": {"time": timestamp(at), "uniqueQualifier": str(number), "applicationName": "login"},
            "actor": {"email": f"user-{number}@example.com"},
            "ipAddress": "203.0.113.7", "events": [{"type": "login", "name": "login_success"}],
        }  # fmt: skip

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("POST", "/token", self.token),
            ("GET", "/admin/reports/v1/activity/users/all/applications/{name}", self.activities),
        )

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        try:
            claims = jwt.decode(
                str(form["assertion"]), _key()[1], ["RS256"], audience=f"{self.url}/token",
                issuer="siem@project.example.com", options={"require": ["exp", "iat", "scope", "sub"]},
            )  # fmt: skip
        except jwt.PyJWTError as fault:
            return web.json_response({"error": "invalid_grant", "error_description": str(fault)}, status=400)
        if claims["sub"] != "auditor@example.com" or claims["exp"] - claims["iat"] > 3600:
            return web.json_response({"error": "unauthorized_client"}, status=401)
        self.tokens += 1
        return web.json_response({"access_token": f"token-{self.tokens}", "expires_in": 3599})

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return web.json_response({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, status=401)
        return self.within_quota()

    def busy(self) -> web.Response:
        error = {"code": 403, "errors": [{"domain": "usageLimits", "reason": "userRateLimitExceeded"}]}
        return web.json_response({"error": error}, status=403, headers={"Retry-After": str(self.wait)})

    async def activities(self, request: web.Request) -> web.Response:
        query = request.query
        if int(query["maxResults"]) > 1000:
            return self.bad(400, "maxResults is 1000 at most")
        since = parse_timestamp(query["startTime"])
        if since < datetime.now(UTC) - timedelta(days=180):
            return self.bad(400, "startTime is more than 180 days ago")
        found = sorted(
            (one for one in self.records if parse_timestamp(one["id"]["time"]) >= since),
            key=lambda one: (one["id"]["time"], int(one["id"]["uniqueQualifier"])), reverse=True,
        )  # fmt: skip
        first = int(query.get("pageToken", "0"))
        page = [one | {"etag": f'"{time.time_ns()}"'} for one in found[first : first + self.page]]
        body: dict[str, Any] = {"kind": "admin#reports#activities"}
        if page:  # left out where there are none
            body["items"] = page
        if first + self.page < len(found):
            body["nextPageToken"] = str(first + self.page)
        return web.json_response(body)


class GithubAudit(PullServer):
    source = "github.audit"
    options: Mapping[str, Any] = {"organisation": "example"}
    page = 30

    @property
    def connection(self) -> dict[str, Any]:
        return {"kind": "github_audit", "url": f"{self.url}/api/v3", "token": "ghp_audit"}

    def record(self, number: int, at: datetime) -> dict[str, Any]:
        moment = int(at.timestamp() * 1000)
        return {
            "@timestamp": moment, "created_at": moment, "action": "repo.create", "actor": f"user-{number}",
            "org": "example", "_document_id": f"doc-{number}",
        }  # fmt: skip

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("GET", "/api/v3/orgs/example/audit-log", self.audit_log),
            ("GET", "/api/v3/rate_limit", self.rate_limit),
        )

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != "Bearer ghp_audit":
            return web.json_response({"message": "Bad credentials"}, status=401)
        if request.headers.get("x-github-api-version") != "2022-11-28":
            self.violations.append("asked without the API's version")
        return self.within_quota()

    def busy(self) -> web.Response:
        headers = {"Retry-After": str(self.wait), "X-RateLimit-Remaining": "0"}
        return web.json_response({"message": "API rate limit exceeded"}, status=403, headers=headers)

    async def rate_limit(self, _: web.Request) -> web.Response:
        return web.json_response({"rate": {"limit": 5000, "remaining": 4999}})

    async def audit_log(self, request: web.Request) -> web.Response:
        query = request.query
        match = re.fullmatch(r"created:>=(\S+)", query["phrase"])
        if match is None or query["order"] != "asc" or int(query["per_page"]) > 100:
            return self.bad(422, "the phrase, the order or the page's size is not of the API")
        since = datetime.fromisoformat(match[1]).timestamp() * 1000
        found = sorted(
            (one for one in self.records if one["@timestamp"] >= since), key=lambda one: one["@timestamp"]
        )
        if "after" in query:
            mark = tuple(json.loads(query["after"]))
            found = [one for one in found if (one["@timestamp"], one["_document_id"]) > mark]
        page = sorted(found, key=lambda one: (one["@timestamp"], one["_document_id"]))[: self.page]
        answer = web.json_response(page)
        if len(found) > len(page):
            mark = json.dumps([page[-1]["@timestamp"], page[-1]["_document_id"]])
            answer.headers["Link"] = f'<{request.url.update_query({"after": mark})}>; rel="next"'
        return answer


def _coded(status: int, code: str, message: str, **headers: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status, headers=headers)


@cache
def _key() -> tuple[str, str]:
    """Return a key pair in PEM."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


SERVERS: Sequence[Callable[[], PullServer]] = (OktaLogs, M365Activity, GoogleReports, GithubAudit)
