"""``aws.deactivate_key`` and ``aws.deny_user``: an IAM user can do nothing more, by one key or at all.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html and .../API_PutUserPolicy.html. An
explicit Deny beats every Allow, of sessions that exist too; the inline policy carries the containment's mark
in its name, and the undo deletes that policy only. IAM takes some seconds until it holds everywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from integrations.aws.connection import KIND, Aws, open_aws
from integrations.contract import ActionCall, ActionRefusedError
from integrations.footprint import footprint_of
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen, TargetGoneError, stored
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType

_USER = re.compile(r"[\w+=,.@-]{1,64}\Z", re.ASCII)
_KEY = re.compile(r"[A-Z0-9]{16,128}\Z")
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
USER = Parameter(name="user", type=ValueType.USER, description="The IAM user's name, without its path.")


class DeactivateKey(Reversible):
    spec = ActionSpec(
        name="aws.deactivate_key",
        kind=ActionKind.CONTAINMENT,
        summary="Deactivate an access key of an IAM user.",
        parameters=(
            Parameter(name="access_key", type=ValueType.TEXT, description="The key's id: AKIA…"),
            USER,
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="access_key",
        noun="deactivation",
        timeout=30.0,
        connection=KIND,
        permission="iam:ListAccessKeys, iam:UpdateAccessKey, iam:ListGroupsForUser",
        per_minute=60,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        """Raises `ActionRefusedError` where the key is not this user's: the guard was asked about the user."""
        user, key = user_of(call.params["user"]), _key_of(call)
        aws = open_aws(site, call.params.get("connection"))
        keys = await access_keys(aws, user)
        status = next((str(one["Status"]) for one in keys if one["AccessKeyId"] == key), None)
        if status is None:
            raise TargetGoneError(f"{user} has no access key {key}")
        return Seen(status != "Active", f"the key {key} of {user} is {status}")

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        if _key_of(call) == open_aws(site, call.params.get("connection")).named.need("access_key_id"):
            raise ActionRefusedError(f"{_key_of(call)} is the connection's own key: it could not be undone")
        await self._set(call, site, "Inactive")

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await self._set(call, site, "Active")

    async def _set(self, call: ActionCall, site: Site, status: str) -> None:
        await open_aws(site, call.params.get("connection")).ask(
            "iam", "update_access_key", UserName=user_of(call.params["user"]), AccessKeyId=_key_of(call), Status=status
        )  # fmt: skip

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        return await groups(open_aws(site, call.params.get("connection")), user_of(call.params["user"]))

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Events know a key by its user."""
        with stored():
            return await footprint_of(self.spec.model_copy(update={"target": "user"}), call.params, site)


class DenyUser(Reversible):
    spec = ActionSpec(
        name="aws.deny_user",
        kind=ActionKind.CONTAINMENT,
        summary="Deny an IAM user everything, sessions that exist included.",
        parameters=(USER, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="denial",
        timeout=30.0,
        connection=KIND,
        permission="iam:GetUser, iam:GetUserPolicy, iam:PutUserPolicy, iam:DeleteUserPolicy, iam:ListGroupsForUser",
        per_minute=60,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        user = user_of(call.params["user"])
        aws = open_aws(site, call.params.get("connection"))
        if await aws.ask("iam", "get_user", expected=("NoSuchEntity",), UserName=user) is None:
            raise TargetGoneError(f"{aws.named.name} has no IAM user {user} (NoSuchEntity)")
        answer = await aws.ask(
            "iam", "get_user_policy", expected=("NoSuchEntity",), UserName=user, PolicyName=_policy(call)
        )
        if answer is None:
            return Seen(False, f"{user} is not denied by {_policy(call)}")
        whole = _parsed(answer.get("PolicyDocument")) == DENY
        said = f"{user} is denied everything" if whole else f"{_policy(call)} of {user} was altered"
        return Seen(whole, f"{said} ({_policy(call)})", partly=not whole, ours=True)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        aws, user = open_aws(site, call.params.get("connection")), user_of(call.params["user"])
        if user == await aws.own_user():
            raise ActionRefusedError(f"{user} is the connection's own user: it could not be undone")
        await aws.ask(
            "iam", "put_user_policy", UserName=user, PolicyName=_policy(call), PolicyDocument=json.dumps(DENY)
        )  # fmt: skip

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await open_aws(site, call.params.get("connection")).ask(
            "iam", "delete_user_policy", expected=("NoSuchEntity",), UserName=user_of(call.params["user"]),
            PolicyName=_policy(call),
        )  # fmt: skip

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        return await groups(open_aws(site, call.params.get("connection")), user_of(call.params["user"]))


class LookupUser:
    """Answers ``keys`` (``AKIA… is Active, last used …``), ``groups``, ``mfa``, ``created`` and
    ``password_used`` (ISO 8601, empty where never)."""

    spec = ActionSpec(
        name="aws.lookup_user",
        kind=ActionKind.LOOKUP,
        summary="Say an IAM user's access keys, groups and last use.",
        parameters=(USER, CONNECTION),
        returns={
            "user": ValueType.USER,
            "arn": ValueType.TEXT,
            "created": ValueType.TEXT,
            "password_used": ValueType.TEXT,
            "mfa": ValueType.BOOLEAN,
            "groups": ValueType.LIST,
            "keys": ValueType.LIST,
            "active_keys": ValueType.INTEGER,
        },
        timeout=30.0,
        connection=KIND,
        permission="iam:GetUser, iam:ListAccessKeys, iam:GetAccessKeyLastUsed, iam:ListGroupsForUser, iam:ListMFADevices",
        per_minute=60,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        name = user_of(call.params["user"])
        aws = open_aws(site, call.params.get("connection"))
        user = (await aws.known("iam", "get_user", UserName=name))["User"]
        keys = await access_keys(aws, name)
        said = []
        for key in keys:
            used = await aws.known("iam", "get_access_key_last_used", AccessKeyId=key["AccessKeyId"])
            at = used.get("AccessKeyLastUsed", {}).get("LastUsedDate")
            said.append(
                f"{key['AccessKeyId']} is {key['Status']}, last used {at.isoformat() if at else 'never'}"
            )
        devices = await aws.known("iam", "list_mfa_devices", UserName=name)
        at = user.get("PasswordLastUsed")
        return {
            "user": name,
            "arn": str(user["Arn"]),
            "created": user["CreateDate"].isoformat(),
            "password_used": at.isoformat() if at else "",
            "mfa": bool(devices["MFADevices"]),
            "groups": await groups(aws, name),
            "keys": said,
            "active_keys": sum(key["Status"] == "Active" for key in keys),
        }


class LookupKey:
    """Answers whose an access key is, and when, where and for what it was last used."""

    spec = ActionSpec(
        name="aws.lookup_key",
        kind=ActionKind.LOOKUP,
        summary="Say whose an access key is and what it was last used for.",
        parameters=(
            Parameter(name="access_key", type=ValueType.TEXT, description="The key's id: AKIA…"),
            CONNECTION,
        ),
        returns={
            "known": ValueType.BOOLEAN,
            "user": ValueType.TEXT,
            "used": ValueType.TEXT,
            "service": ValueType.TEXT,
            "region": ValueType.TEXT,
        },
        timeout=20.0,
        connection=KIND,
        permission="iam:GetAccessKeyLastUsed",
        per_minute=60,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        aws = open_aws(site, call.params.get("connection"))
        asked = {"AccessKeyId": _key_of(call)}
        answer = await aws.ask("iam", "get_access_key_last_used", expected=("NoSuchEntity",), **asked)
        used = (answer or {}).get("AccessKeyLastUsed", {})
        at = used.get("LastUsedDate")
        return {
            "known": answer is not None,
            "user": str((answer or {}).get("UserName") or ""),
            "used": at.isoformat() if at else "",
            "service": str(used.get("ServiceName") or ""),
            "region": str(used.get("Region") or ""),
        }


def user_of(value: str) -> str:
    """Return the name of an IAM user. Raises `ActionRefusedError` for what can be none."""
    if not _USER.match(value):
        raise ActionRefusedError(f"{value!r:.80} is no name of an IAM user")
    return value


async def access_keys(aws: Aws, user: str) -> list[dict[str, Any]]:
    """Return a user's access keys. Raises `TargetGoneError` where there is no such user."""
    answer = await aws.ask("iam", "list_access_keys", expected=("NoSuchEntity",), UserName=user)
    if answer is None:
        raise TargetGoneError(f"{aws.named.name} has no IAM user {user} (NoSuchEntity)")
    return list(answer["AccessKeyMetadata"])


async def groups(aws: Aws, user: str) -> list[str]:
    """Return the names of a user's groups; a user is in 10 at most, so that is one page."""
    found = await aws.known("iam", "list_groups_for_user", UserName=user)
    return sorted(str(group["GroupName"]) for group in found["Groups"])


def _key_of(call: ActionCall) -> str:
    key = str(call.params["access_key"])
    if not _KEY.match(key):
        raise ActionRefusedError(f"{key!r:.80} is no id of an access key")
    return key


def _policy(call: ActionCall) -> str:
    return "siem-deny-" + hashlib.sha256(call.key.encode()).hexdigest()[:24]


def _parsed(document: Any) -> Any:
    """Return a policy as boto3 gives it: parsed already, or as JSON in percent-encoding."""
    if not isinstance(document, str):
        return document
    try:
        return json.loads(unquote(document))
    except ValueError:
        return None
