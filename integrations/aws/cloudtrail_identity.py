"""Who made an AWS call: ``userIdentity`` of a CloudTrail record.

Reference: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html

``user.name`` is who holds the rights: the IAM user, or the role of an assumed one; a session's name, which
often is a person's, goes to ``related.user``. Root has no name (it would be Linux's in every list of
users), only an id; a service has none either.
"""

from __future__ import annotations

from typing import Any

from integrations.fields import mapping, pick, put, text
from rules.ecs import Document

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What stands for a user's name that somebody typed at a login and that is no user's: maybe a password."""


def put_identity(document: Document, record: dict[str, Any]) -> None:
    """Set ``user.*`` from ``userIdentity`` and, of a login by Identity Center, ``additionalEventData``."""
    identity = mapping(record.get("userIdentity"))
    kind = identity.get("type")
    user: dict[str, Any] = {}
    principal = text(identity.get("principalId"))
    if principal is not None:
        user["id"] = principal
    name = text(identity.get("userName"))
    if kind in ("AssumedRole", "FederatedUser", "Role"):
        issuer = mapping(mapping(identity.get("sessionContext")).get("sessionIssuer"))
        name = text(issuer.get("userName")) or name
    elif kind == "IdentityCenterUser":
        person = text(pick(identity, "onBehalfOf.userId")) or text(identity.get("userId"))
        put(user, "id", person or principal)
    if name is None and kind in ("IdentityCenterUser", "Unknown", None):
        name = text(pick(record, "additionalEventData.UserName"))
    if name == HIDDEN:
        name = None
    if name is not None:
        user["name"] = name
        if name.count("@") == 1:
            user["email"] = name
    if user:
        document["user"] = user
    session = session_name(identity.get("arn")) or session_name(principal, ":")
    if related := [part for part in dict.fromkeys((name, session)) if part]:
        document["related"] = {"user": related}


def session_name(arn: Any, separator: str = "/") -> str | None:
    """Return the session's name of an assumed role (or a federated user's name): the end of
    ``arn:aws:sts::111122223333:assumed-role/Admin/alice`` or ``AROAEXAMPLE:alice``. None where a machine
    named it: an instance's id, digits."""
    if not isinstance(arn, str):
        return None
    if separator == "/" and ":assumed-role/" not in arn and ":federated-user/" not in arn:
        return None
    name = arn.rpartition(separator)[2] if separator in arn else ""
    return name if name and not name.startswith("i-") and not name.isdigit() else None
