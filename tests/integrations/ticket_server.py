"""Jira, ServiceNow, GitHub's issues and PagerDuty's events on loopback, as documented: proof, required fields,
lengths, paging, and what each answers to who may not."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

TOKEN = "ticket-token-0123456789"
USER = "siem@example.org"
BASIC = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()


class TicketServer(VendorServer):
    settings: dict[str, Any] = {}  # noqa: RUF012
    proof = BASIC

    def __init__(self) -> None:
        super().__init__()
        self.tickets: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.lose_next = 0
        """So many next changes are made, and their answers lost."""

    def is_token(self, request: web.Request) -> bool:
        del request
        return False

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") == self.proof:
            return None
        return web.json_response({"message": "who are you?"}, status=401)

    def changed(self, body: Any, status: int = 201) -> web.Response:
        self.changes += 1
        if self.lose_next:
            self.lose_next -= 1
            return web.Response(status=502, text="bad gateway")
        return web.json_response(body, status=status)


class JiraServer(TicketServer):
    settings = {"kind": "jira", "user": USER, "token": TOKEN, "project": "SEC"}  # noqa: RUF012

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        comment = "/rest/api/3/issue/{issue}/comment"
        return (
            ("GET", "/rest/api/3/myself", self.me), ("POST", "/rest/api/3/search/jql", self.search),
            ("POST", "/rest/api/3/issue", self.create), ("GET", comment, self.list), ("POST", comment, self.comment),
        )  # fmt: skip

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response({"accountId": "1", "displayName": "SIEM"})

    async def search(self, request: web.Request) -> web.Response:
        asked = await request.json()
        parts = re.fullmatch(r'project = "([A-Z0-9_]+)" AND labels = "([a-z0-9-]+)"', asked["jql"])
        if parts is None:
            return web.json_response({"errorMessages": ["Error in the JQL Query"]}, status=400)
        found = [
            {"id": str(at), "key": one["key"], "fields": {"labels": one["labels"]}}
            for at, one in enumerate(self.tickets)
            if parts[2] in one["labels"] and one["key"].startswith(f"{parts[1]}-")
        ]
        return web.json_response({"issues": found[: asked["maxResults"]], "isLast": True})

    async def create(self, request: web.Request) -> web.Response:
        fields = (await request.json())["fields"]
        errors = {}
        if fields["project"]["key"] != "SEC":
            errors["project"] = "valid project is required"
        if fields["issuetype"]["name"] not in {"Task", "Incident"}:
            errors["issuetype"] = "Specify a valid issue type"
        if len(fields["summary"]) > 255 or "\n" in fields["summary"]:
            errors["summary"] = "The summary is invalid"
        if any(" " in label for label in fields["labels"]):
            errors["labels"] = "The label can't contain spaces"
        if errors or not is_document(fields["description"]):
            return web.json_response({"errorMessages": [], "errors": errors}, status=400)
        self.tickets.append({"key": f"SEC-{len(self.tickets) + 1}", **fields})
        return self.changed({"id": "1", "key": self.tickets[-1]["key"], "self": self.url})

    async def list(self, request: web.Request) -> web.Response:
        assert request.query["orderBy"] == "-created"
        if request.match_info["issue"] != "SEC-1":
            return web.json_response({"errorMessages": ["Issue does not exist"]}, status=404)
        newest = self.comments[::-1][: int(request.query["maxResults"])]
        return web.json_response({"comments": newest, "startAt": 0, "total": len(self.comments)})

    async def comment(self, request: web.Request) -> web.Response:
        body = (await request.json())["body"]
        if request.match_info["issue"] != "SEC-1" or not is_document(body):
            return web.json_response({"errorMessages": ["no"]}, status=400)
        self.comments.append({"id": str(100 + len(self.comments)), "body": body})
        return self.changed(self.comments[-1])


def is_document(body: Any) -> bool:
    """Whether it is Atlassian Document Format: texts are never empty, blocks are paragraphs."""
    if (body["type"], body["version"]) != ("doc", 1):
        return False
    for block in body["content"]:
        if block["type"] != "paragraph":
            return False
        for part in block["content"]:
            if part["type"] != "hardBreak" and not (part["type"] == "text" and part["text"]):
                return False
    return True


class ServiceNowServer(TicketServer):
    settings = {"kind": "servicenow", "user": USER, "password": TOKEN}  # noqa: RUF012
    readable = True
    """Whether the user may read ``correlation_id``."""

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        table = "/api/now/table/incident"
        return (("GET", table, self.query), ("POST", table, self.create))

    def shown(self, row: dict[str, Any], request: web.Request) -> dict[str, Any]:
        fields = request.query["sysparm_fields"].split(",")
        return {one: row[one] for one in fields if self.readable or one != "correlation_id"}

    async def query(self, request: web.Request) -> web.Response:
        name, _, value = request.query.get("sysparm_query", "").partition("=")
        asked = name == "correlation_id" and self.readable
        rows = [row for row in self.tickets if not asked or row["correlation_id"] == value]
        rows = rows[: int(request.query["sysparm_limit"])]
        return web.json_response({"result": [self.shown(row, request) for row in rows]})

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if (
            len(body["short_description"]) > 160
            or len(body["description"]) > 4000
            or body["impact"] not in "123"
        ):
            return web.json_response({"error": {"message": "invalid"}, "status": "failure"}, status=400)
        number = len(self.tickets) + 1
        self.tickets.append({"sys_id": f"{number:032x}", "number": f"INC{number:07}", **body})
        return self.changed({"result": self.shown(self.tickets[-1], request)})


class GitHubServer(TicketServer):
    settings = {"kind": "github", "repository": "example/security", "token": TOKEN}  # noqa: RUF012
    proof = f"Bearer {TOKEN}"

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        repository = "/repos/example/security"
        issues = f"{repository}/issues"
        return (("GET", repository, self.me), ("GET", issues, self.list), ("POST", issues, self.create))

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response({"full_name": "example/security", "has_issues": True})

    async def list(self, request: web.Request) -> web.Response:
        assert request.headers["x-github-api-version"] == "2022-11-28"
        query = request.query
        assert (query["state"], query["sort"], query["direction"]) == ("all", "created", "desc")
        size, page = int(query["per_page"]), int(query["page"])
        newest = self.tickets[::-1]
        return web.json_response(newest[size * (page - 1) : size * page])

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if len(body["title"]) > 256 or len(body["body"]) > 65_536:
            return web.json_response({"message": "Validation Failed"}, status=422)
        number = len(self.tickets) + 1
        self.tickets.append(
            {"number": number, "html_url": f"https://github.com/example/security/issues/{number}", **body}
        )
        return self.changed(self.tickets[-1])


class PagerDutyServer(TicketServer):
    settings = {"kind": "pagerduty", "routing_key": TOKEN}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[str, dict[str, Any]] = {}

    def refuse(self, request: web.Request) -> web.Response | None:
        """The key is in the event, not in a header."""
        del request
        return None

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("POST", "/v2/enqueue", self.enqueue),)

    async def enqueue(self, request: web.Request) -> web.Response:
        event = await request.json()
        errors = []
        if event.get("routing_key") != TOKEN:
            errors.append(f"Invalid routing key {event.get('routing_key')}")
        if (
            event["event_action"] not in {"trigger", "acknowledge", "resolve"}
            or len(event["dedup_key"]) > 255
        ):
            errors.append("event_action, dedup_key")
        if event["event_action"] == "trigger":
            payload = event["payload"]
            if len(payload["summary"]) > 1024 or payload["severity"] not in {
                "critical",
                "error",
                "warning",
                "info",
            }:
                errors.append("'payload' is invalid")
        if errors:
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            return web.json_response(body, status=400)
        if event["event_action"] == "trigger":
            self.alerts.setdefault(event["dedup_key"], event["payload"])
        else:
            self.alerts.pop(event["dedup_key"], None)
        body = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        return self.changed(body, 202)
