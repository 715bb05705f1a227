"""Misspelt fields in queries, without any engine."""

from __future__ import annotations

import pytest

from integrations.opensearch.query_fields import check_fields
from integrations.ports import StoreQueryError


@pytest.mark.parametrize(
    "query",
    [
        "",
        "*",
        "failed password",
        "user.name:alice AND NOT source.ip:203.0.113.0\\/24",
        'message:"no.such:field" OR "10:30"',
        "user.name.caseless:(alice OR bob)",
        "@timestamp:[2026-01-01T10:00:00Z TO now]",
        "source.ip:2001\\:db8\\:\\:1",
        "aws.cloudtrail.requestParameters.x:1",
        "url.full:/https:.*/",
        "_exists_:user.name",
        "user.*:alice",
        "process.executable:C\\:\\\\Windows\\\\*",
    ],
)
def test_known_fields_pass(query: str) -> None:
    check_fields(query)


def test_every_unknown_field_is_named_with_its_column_and_a_likely_one() -> None:
    with pytest.raises(StoreQueryError) as told:
        check_fields("usr.name:alice AND (sourceip:1 OR user.name:x)")
    assert str(told.value).splitlines() == [
        "column 1: there is no field usr.name; did you mean user.name?",
        "column 21: there is no field sourceip; did you mean source.ip?",
    ]
