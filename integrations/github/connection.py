"""The way to a repository on GitHub: a fine-grained token for that one repository.

https://docs.github.com/rest/authentication/authenticating-to-the-rest-api. A used rate limit is 403 as well
as 429 there (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from integrations.answers import record
from integrations.connections import ConnectionKind, Http, Setting, bearer, http
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "github"
URL = "https://api.github.com"
HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")


@asynccontextmanager
async def open_github(site: Site, name: Any) -> AsyncIterator[Http]:
    async with http(site, KIND, name, authenticate=bearer(), headers=HEADERS, url=URL) as github:
        yield github


def repository_of(github: Http) -> str:
    """Return the connection's repository, ``owner/name``. Raises `ActionRefusedError` where it is none."""
    found = github.named.need("repository")
    if not _REPOSITORY.match(found):
        raise ActionRefusedError(
            f"connection {github.named.name!r}: repository is owner/name, not {found!r:.80}"
        )
    return found


async def ask_github(github: Http, method: str, path: str, **arguments: Any) -> Any:
    """As `Http.json`, but a used rate limit is worth a retry whatever its status is."""
    answer = await github.ask(method, path, expected=(403,), **arguments)
    if answer.status_code == 403:
        wait = answer.headers.get("retry-after", "")
        used = answer.headers.get("x-ratelimit-remaining") == "0"
        said = github.named.clean(f"{github.named.name}: {method} {path}: 403 {answer.text[:200]}")
        if wait.isdigit() or used:
            raise ActionUnavailableError(said, retry_after=float(wait) if wait.isdigit() else 60.0)
        raise ActionRefusedError(said)
    try:
        return answer.json()
    except ValueError as error:
        raise ActionUnavailableError(f"{github.named.name}: {method} {path} did not answer JSON") from error


async def _test(site: Site, name: str) -> str:
    async with open_github(site, name) as github:
        found = record(await ask_github(github, "GET", f"/repos/{repository_of(github)}"), name)
    issues = "has issues" if found.get("has_issues") else "has its issues turned off"
    return f"GitHub shows {found.get('full_name')}, which {issues}"


GITHUB = ConnectionKind(
    name=KIND,
    title="GitHub: issues of one repository",
    documentation="https://docs.github.com/rest/issues/issues",
    settings=(
        Setting("repository", "owner/name"),
        Setting("token", "a fine-grained personal access token, or an app's", secret=True),
        Setting("url", f"GitHub Enterprise Server: https://HOST/api/v3; else {URL}", required=False),
    ),
    permissions=("Issues: read and write, of that repository alone",),
    test=_test,
    setup="GitHub: Settings, Developer settings, Fine-grained tokens, Generate; Only select repositories; "
    "Repository permissions: Issues, Read and write. The repository should be private.",
)
