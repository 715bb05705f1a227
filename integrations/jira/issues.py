"""``jira.create_issue`` and ``jira.add_comment``.

REST API 3: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/,
.../api-group-issue-search/ and .../api-group-issue-comments/. Texts are Atlassian Document Format, in which
a text node is never markup. An issue's mark is a label, a comment's its last paragraph. Jira finds a new
issue by its label some seconds late.
"""

from __future__ import annotations

import re
from typing import Any

from integrations.answers import record, records, text
from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.jira.connection import KIND, open_jira
from integrations.ports import Site
from integrations.reversal import CONNECTION
from integrations.tickets import RETURNS, TEXT, TITLE, Ticket, line, make_once, told
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

_PROJECT = re.compile(r"[A-Z][A-Z0-9_]{1,99}\Z")
_ISSUE = re.compile(r"[A-Z][A-Z0-9_]{1,99}-[1-9][0-9]{0,14}\Z")
_TYPE = re.compile(r"[^\x00-\x1f\x7f]{1,60}\Z")
COMMENTS = 100
"""The newest comments, in which one of ours is looked for."""


class CreateIssue:
    spec = ActionSpec(
        name="jira.create_issue",
        kind=ActionKind.CHANGE,
        summary="Create an issue in Jira, once for each request.",
        parameters=(
            TITLE,
            TEXT,
            Parameter(
                name="project",
                type=ValueType.TEXT,
                description="The project's key, the connection's own where left out.",
                required=False,
            ),
            Parameter(
                name="type", type=ValueType.TEXT, description="The issue's type.", required=False, default="Task"
            ),
            CONNECTION,
        ),
        returns=RETURNS,
        timeout=20.0,
        connection=KIND,
        permission="Create Issues, Browse Projects",
        per_minute=60,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_jira(site, call.params.get("connection")) as jira:
            project = str(call.params.get("project") or jira.named.need("project"))
            if not _PROJECT.match(project):
                raise ActionRefusedError(f"{project!r:.80} is no key of a project")
            kind = str(call.params.get("type") or "Task")
            if not _TYPE.match(kind):
                raise ActionRefusedError(f"{kind!r:.80} is no type of an issue")
            title = line(call.params["title"], 255)

            async def find(mark: str) -> Ticket | None:
                query = {
                    "jql": f'project = "{project}" AND labels = "{mark}"',
                    "maxResults": 1,
                    "fields": ["labels"],
                }
                answer = record(
                    await jira.json("POST", "/rest/api/3/search/jql", json=query), jira.named.name
                )
                found = records(answer.get("issues"), jira.named.name)
                return _ticket(jira, text(found[0], "key", jira.named.name)) if found else None

            async def make(mark: str) -> Ticket:
                fields = {
                    "project": {"key": project},
                    "issuetype": {"name": kind},
                    "summary": title,
                    "description": document(told(call)),
                    "labels": ["siem", mark],
                }
                answer = await jira.json("POST", "/rest/api/3/issue", json={"fields": fields})
                return _ticket(jira, text(record(answer, jira.named.name), "key", jira.named.name))

            return await make_once(call, site, self.spec.name, find, make)


class AddComment:
    spec = ActionSpec(
        name="jira.add_comment",
        kind=ActionKind.CHANGE,
        summary="Add a comment to an issue in Jira, once for each request.",
        parameters=(
            Parameter(name="issue", type=ValueType.TEXT, description="The issue's key: SEC-17."),
            Parameter(name="text", type=ValueType.TEXT, description="The comment, in plain text."),
            CONNECTION,
        ),
        returns=RETURNS,
        timeout=20.0,
        connection=KIND,
        permission="Add Comments, Browse Projects",
        per_minute=60,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        issue = str(call.params["issue"])
        if not _ISSUE.match(issue):
            raise ActionRefusedError(f"{issue!r:.80} is no key of an issue, like SEC-17")
        path = f"/rest/api/3/issue/{issue}/comment"
        async with open_jira(site, call.params.get("connection")) as jira:

            async def find(mark: str) -> Ticket | None:
                newest = {"orderBy": "-created", "maxResults": str(COMMENTS)}
                answer = record(await jira.json("GET", path, params=newest), jira.named.name)
                for comment in records(answer.get("comments"), jira.named.name):
                    if _last_paragraph(comment.get("body")) == mark:
                        return _comment(jira, issue, comment)
                return None

            async def make(mark: str) -> Ticket:
                answer = await jira.json("POST", path, json={"body": document(told(call), mark)})
                return _comment(jira, issue, record(answer, jira.named.name))

            return await make_once(call, site, self.spec.name, find, make)


def document(plain: str, *more: str) -> dict[str, Any]:
    """Return plain text in Atlassian Document Format: a paragraph for each, with hard breaks within."""
    paragraphs = [part for part in (*plain.split("\n\n"), *more) if part.strip()]
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in paragraphs]}


def _paragraph(part: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for row in part.split("\n"):
        if content:
            content.append({"type": "hardBreak"})
        if row:
            content.append({"type": "text", "text": row})
    return {"type": "paragraph", "content": content}


def _last_paragraph(body: Any) -> str:
    """Return the text of a document's last block, the empty string where there is none."""
    blocks = body.get("content") if isinstance(body, dict) else None
    last = blocks[-1] if isinstance(blocks, list) and blocks else None
    parts = last.get("content") if isinstance(last, dict) else None
    texts = parts if isinstance(parts, list) else []
    return "".join(str(part.get("text", "")) for part in texts if isinstance(part, dict))


def _ticket(jira: Http, key: str) -> Ticket:
    return {"id": key, "url": f"{str(jira.client.base_url).rstrip('/')}/browse/{key}"}


def _comment(jira: Http, issue: str, comment: dict[str, Any]) -> Ticket:
    number = text(comment, "id", jira.named.name)
    return {"id": number, "url": f"{_ticket(jira, issue)['url']}?focusedCommentId={number}"}
