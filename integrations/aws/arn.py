"""Amazon Resource Names: ``arn:partition:service:region:account:resource``.

Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from typing import Any

from integrations.fields import put, put_new
from rules.ecs import Document


def put_place(document: Document, arn: Any = None, *, region: Any = None, account: Any = None) -> None:
    """Set ``cloud.provider``, ``.region`` and ``.account.id``, as stated or else by an ARN."""
    put(document, "cloud.provider", "aws")
    for field, value in (("cloud.region", region), ("cloud.account.id", account)):
        if isinstance(value, str | int) and not isinstance(value, bool):
            put_new(document, field, str(value))
    if isinstance(arn, str) and arn.startswith("arn:"):
        parts = arn[:2048].split(":", 5)
        if len(parts) == 6:
            put_new(document, "cloud.region", parts[3])
            put_new(document, "cloud.account.id", parts[4])


def resource_name(arn: Any) -> str | None:
    """Return the last part of an ARN's resource, None for what is no ARN: ``i-0a`` of ``…:instance/i-0a``."""
    if not isinstance(arn, str) or not arn.startswith("arn:"):
        return None
    return arn.rpartition("/")[2].rpartition(":")[2] or None
