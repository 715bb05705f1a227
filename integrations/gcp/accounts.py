"""``gcp.disable_key`` and ``gcp.disable_account``: a service account can do nothing more, by one key or at all.

https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts (disable, enable) and
.../projects.serviceAccounts.keys. Tokens that were given out before go on until they end, an hour at most; of
a disabled account they stop (https://docs.cloud.google.com/iam/docs/service-accounts-disable-enable).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.answers import record, text
from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.footprint import footprint_of
from integrations.gcp.connection import IAM, KIND, open_gcp, project_of
from integrations.google_api import ask_google, google_account
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen, TargetGoneError, stored
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType

_EMAIL = re.compile(r"[a-z0-9][a-z0-9-]{0,62}@[a-z0-9.:-]{1,100}\.gserviceaccount\.com\Z")
_KEY = re.compile(r"[0-9a-f]{40}\Z")
USER = Parameter(
    name="user",
    type=ValueType.USER,
    description="The service account's address: deploy@example-project.iam.gserviceaccount.com.",
)


class _Switch(Reversible):
    """What has a ``disabled`` and is disabled and enabled by verbs of its own."""

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_gcp(site, call.params.get("connection"), IAM) as iam:
            found = await ask_google(iam, "GET", self._path(iam, call), missing=True)
        what = f"{self._what(call)} of {iam.named.name}"
        if found is None:
            raise TargetGoneError(f"there is no {what}")
        text(record(found, iam.named.name), "name", iam.named.name)
        disabled = found.get("disabled", False)
        if not isinstance(disabled, bool):
            raise ActionUnavailableError(f"{iam.named.name} answered with disabled: {disabled!r:.40}")
        return Seen(disabled, f"{what} is {'disabled' if disabled else 'enabled'}")

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Raises `ActionRefusedError` for what the connection itself needs."""
        del seen
        async with open_gcp(site, call.params.get("connection"), IAM) as iam:
            self._refuse_own(iam, call)
            await ask_google(iam, "POST", f"{self._path(iam, call)}:disable", json={})

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        async with open_gcp(site, call.params.get("connection"), IAM) as iam:
            await ask_google(iam, "POST", f"{self._path(iam, call)}:enable", json={})

    def _refuse_own(self, iam: Http, call: ActionCall) -> None:
        if google_account(iam.named)["client_email"] == call.params["user"]:
            raise ActionRefusedError(f"{call.params['user']} is the connection's own: it could not be undone")

    def _path(self, iam: Http, call: ActionCall) -> str:
        """Return the path of what is disabled."""
        email = str(call.params["user"])
        if not _EMAIL.match(email):
            raise ActionRefusedError(f"{email!r:.80} is no address of a service account")
        return f"/v1/projects/{project_of(iam)}/serviceAccounts/{email}"

    def _what(self, call: ActionCall) -> str:
        return f"service account {call.params['user']}"


class DisableAccount(_Switch):
    spec = ActionSpec(
        name="gcp.disable_account",
        kind=ActionKind.CONTAINMENT,
        summary="Disable a service account of Google Cloud.",
        parameters=(USER, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="disabling",
        timeout=30.0,
        connection=KIND,
        permission="iam.serviceAccounts.get, .disable, .enable",
        per_minute=120,
    )


class DisableKey(_Switch):
    spec = ActionSpec(
        name="gcp.disable_key",
        kind=ActionKind.CONTAINMENT,
        summary="Disable a key of a service account of Google Cloud.",
        parameters=(
            Parameter(name="key_id", type=ValueType.TEXT, description="The key's id: 40 digits in hex."),
            USER,
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="key_id",
        noun="disabling",
        timeout=30.0,
        connection=KIND,
        permission="iam.serviceAccountKeys.get, .disable, .enable",
        per_minute=120,
    )

    def _path(self, iam: Http, call: ActionCall) -> str:
        key = str(call.params["key_id"])
        if not _KEY.match(key):
            raise ActionRefusedError(f"{key!r:.80} is no id of a key")
        return f"{super()._path(iam, call)}/keys/{key}"

    def _refuse_own(self, iam: Http, call: ActionCall) -> None:
        """Only the key that the connection signs with is its own; another one of its account may be stolen."""
        if google_account(iam.named).get("private_key_id") == call.params["key_id"]:
            raise ActionRefusedError("it is the connection's own key: it could not be undone")

    def _what(self, call: ActionCall) -> str:
        return f"key {call.params['key_id']} of the {super()._what(call)}"

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Events know a key by its account."""
        with stored():
            return await footprint_of(self.spec.model_copy(update={"target": "user"}), call.params, site)
