"""The way to a Google Cloud project: a service account of its own.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest. Compute Engine's changes are
operations that go on after the answer: https://docs.cloud.google.com/compute/docs/api/how-tos/api-requests-responses.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from integrations.answers import inner, record, records, text
from integrations.assertions import signed_grant
from integrations.connections import ConnectionKind, Http, Setting, choose, open_http, segment
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.google_api import TOKENS, ask_google, google_account
from integrations.ports import Site

KIND = "gcp"
COMPUTE = "https://compute.googleapis.com"
IAM = "https://iam.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
PAUSES = (0.05, 0.1, 0.2, 0.4, *(0.8,) * 15)
"""Seconds before each look at an operation."""
LATER = frozenset(
    {"RESOURCE_NOT_READY", "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "INTERNAL_ERROR", "QUOTA_EXCEEDED"}
)
"""Codes of a failed operation that a later attempt may not meet."""
_PROJECT = re.compile(r"(?:[a-z0-9.-]{1,50}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\Z")


@asynccontextmanager
async def open_gcp(site: Site, name: Any, url: str) -> AsyncIterator[Http]:
    """Open one of Google Cloud's APIs with the site's service account."""
    named = choose(site, KIND, name)
    account = google_account(named)
    prove = signed_grant(
        str(named.get("token_url") or TOKENS),
        scope=SCOPE,
        issuer=account["client_email"],
        key=account["private_key"],
        key_id=account.get("private_key_id", ""),
    )
    async with open_http(named, authenticate=prove, url=url) as opened:
        yield opened


def project_of(gcp: Http) -> str:
    """Return the connection's project. Raises `ActionRefusedError` where it is none."""
    found = gcp.named.need("project")
    if not _PROJECT.match(found):
        raise ActionRefusedError(f"connection {gcp.named.name!r}: {found!r:.80} is no id of a project")
    return found


async def finish(compute: Http, operation: Any) -> None:
    """Wait until an operation of Compute Engine's is done. Raises `ActionError` where it failed or lasts."""
    found = record(operation, compute.named.name)
    name = segment(text(found, "name", compute.named.name))
    path = f"/compute/v1/projects/{project_of(compute)}/global/operations/{name}"
    for pause in PAUSES:
        if found.get("status") == "DONE":
            break
        await asyncio.sleep(pause)
        found = record(await ask_google(compute, "GET", path), compute.named.name)
    else:
        raise ActionUnavailableError(f"{compute.named.name}: {name} is not done yet", retry_after=2)
    if errors := inner(found, "error").get("errors"):
        first = records(errors, compute.named.name)[0]
        said = f"{compute.named.name}: {first.get('code')}: {str(first.get('message'))[:300]}"
        raise (ActionUnavailableError if first.get("code") in LATER else ActionRefusedError)(said)


async def _test(site: Site, name: str) -> str:
    async with open_gcp(site, name, COMPUTE) as compute:
        project = project_of(compute)
        path = f"/compute/v1/projects/{project}/global/firewalls"
        found = record(await ask_google(compute, "GET", path, params={"maxResults": "1"}), name)
        text(found, "kind", name)
    return f"Google Cloud answers {google_account(compute.named)['client_email']}, who sees the firewall of {project}"


GCP = ConnectionKind(
    name=KIND,
    title="Google Cloud: one project",
    documentation="https://docs.cloud.google.com/iam/docs/keys-create-delete",
    settings=(
        Setting("key", "the service account's key, the JSON file as Google gives it (key_file)", secret=True),
        Setting("project", "the project's id"),
        Setting("network", "the VPC network that is protected, else default", required=False),
        Setting("url", f"the APIs, else {COMPUTE} and {IAM}", required=False),
        Setting("token_url", f"the token service, {TOKENS}", required=False),
    ),
    permissions=(
        "compute.firewalls.create, .delete, .get, .list, compute.networks.updatePolicy, compute.globalOperations.get "
        "(block_ip)",
        "iam.serviceAccountKeys.get, .disable, .enable (disable_key)",
        "iam.serviceAccounts.get, .disable, .enable (disable_account)",
    ),
    test=_test,
    setup="gcloud iam service-accounts create siem; gcloud iam roles create siemResponder --project PROJECT "
    "--permissions with those above that you use; gcloud projects add-iam-policy-binding PROJECT --member "
    "serviceAccount:siem@PROJECT.iam.gserviceaccount.com --role projects/PROJECT/roles/siemResponder; "
    "gcloud iam service-accounts keys create siem.json --iam-account siem@PROJECT.iam.gserviceaccount.com",
)
