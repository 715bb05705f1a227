"""``bitbucket.audit``: audit records of Bitbucket Data Center. See `integrations.atlassian.datacenter`."""

from __future__ import annotations

from typing import Any

from integrations.atlassian.datacenter import is_of_bitbucket, is_record, put_record
from integrations.bitbucket.audit_samples import AUDIT_SAMPLES
from integrations.normalisers import json_source
from integrations.times import Times
from rules.ecs import Document


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one record. Raises `UnparsedError` for one without an action or time."""
    return put_record(entry, times)


def recognise(entry: dict[str, Any]) -> bool:
    return is_record(entry) and is_of_bitbucket(entry)


AUDIT = json_source(
    "bitbucket.audit",
    "Bitbucket Data Center audit log",
    "https://confluence.atlassian.com/bitbucketserver/audit-log-integrations-1005493346.html",
    read,
    recognise,
    AUDIT_SAMPLES,
)
