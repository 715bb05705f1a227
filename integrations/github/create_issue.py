"""``github.create_issue``: an issue in a repository, once for each request.

https://docs.github.com/rest/issues/issues#create-an-issue. The mark is an HTML comment at the body's end,
looked for among the newest issues (the list is up to date at once; GitHub's search is not). The text stands
in a fence that it can't close: names in it notify nobody, links and pictures in it load nothing.
"""

from __future__ import annotations

import re
from typing import Any

from integrations.answers import record, records, text
from integrations.connections import Http
from integrations.contract import ActionCall
from integrations.github.connection import KIND, ask_github, open_github, repository_of
from integrations.ports import Site
from integrations.reversal import CONNECTION
from integrations.tickets import RETURNS, TEXT, TITLE, Ticket, line, make_once, told
from playbooks.actions import ActionKind, ActionSpec

PAGES = 3
"""Pages of 100 issues, the newest first."""


class CreateIssue:
    spec = ActionSpec(
        name="github.create_issue",
        kind=ActionKind.CHANGE,
        summary="Create an issue in the connection's repository on GitHub, once for each request.",
        parameters=(TITLE, TEXT, CONNECTION),
        returns=RETURNS,
        timeout=20.0,
        connection=KIND,
        permission="Issues: read and write",
        per_minute=60,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        title = line(call.params["title"], 256)
        async with open_github(site, call.params.get("connection")) as github:
            path = f"/repos/{repository_of(github)}/issues"

            async def find(mark: str) -> Ticket | None:
                for page in range(1, PAGES + 1):
                    query = {
                        "state": "all", "sort": "created", "direction": "desc", "per_page": "100", "page": str(page),
                    }  # fmt: skip
                    found = records(await ask_github(github, "GET", path, params=query), github.named.name)
                    for issue in found:
                        if str(issue.get("body") or "").rstrip().endswith(f"<!-- {mark} -->"):
                            return _ticket(github, issue)
                    if len(found) < 100:
                        break
                return None

            async def make(mark: str) -> Ticket:
                body = {"title": title, "body": f"{fenced(told(call))}\n\n<!-- {mark} -->"}
                answer = await ask_github(github, "POST", path, json=body)
                return _ticket(github, record(answer, github.named.name))

            return await make_once(call, site, self.spec.name, find, make)


def fenced(plain: str) -> str:
    """Return a text as a fenced block of Markdown that nothing within it ends (GFM, 4.5)."""
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{plain}\n{fence}"


def _ticket(github: Http, issue: dict[str, Any]) -> Ticket:
    return {"id": f"#{issue.get('number')}", "url": text(issue, "html_url", github.named.name)}
