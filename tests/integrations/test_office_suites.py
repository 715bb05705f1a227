"""Identity and office suites: what their samples, each one document, don't show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from integrations.catalogue import source
from integrations.contract import Origin, Record
from integrations.entra.audit_samples import audit, target
from integrations.entra.audit_samples import monitor as monitored_audit
from integrations.entra.signin_samples import monitor, signin
from integrations.google_workspace.activity_samples import activity, event
from integrations.operations import type_of
from integrations.pipeline import Pipeline
from rules.ecs import Document, flatten

ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))


def normalised(name: str, record: Any) -> list[Document]:
    return Pipeline(source(name), ORIGIN).feed(Record(orjson.dumps(record), "f@0"))


def test_each_event_of_an_activity_is_a_document_of_its_application() -> None:
    shared = activity(
        "drive",
        event("access", "view", doc_title="a"),
        event("acl_change", "change_user_access", doc_title="a"),
    )
    first, second = normalised("google_workspace.activity", shared)
    assert [each["event"]["action"] for each in (first, second)] == ["view", "change_user_access"]
    assert {each["data_stream"]["dataset"] for each in (first, second)} == {"google_workspace.drive"}
    assert first["event"]["id"] != second["event"]["id"]
    assert first["vendor"]["events"]["name"] == "view"


def test_an_application_that_is_no_name_makes_no_dataset() -> None:
    (found,) = normalised("google_workspace.activity", activity("../x", event("a", "b")))
    assert found["event"]["dataset"] == "google_workspace.activity"


@pytest.mark.parametrize(
    ("name", "plain", "wrapped"),
    [
        ("entra.signin", signin(50126, "Invalid"), monitor(signin(50126, "Invalid"))),
        ("entra.audit", audit("Add user", "UserManagement", target("User", "Bob")),
         monitored_audit(audit("Add user", "UserManagement", target("User", "Bob")))),
    ],
)  # fmt: skip
def test_both_shapes_of_entra_tell_rules_the_same(name: str, plain: Any, wrapped: Any) -> None:
    (graph,), (azure,) = normalised(name, plain), normalised(name, wrapped)
    assert graph["vendor"]["properties"] == azure["vendor"]["properties"]
    for field in ("action", "category", "type", "outcome"):
        assert graph["event"][field] == azure["event"][field]
    assert graph["user"] == {key: value for key, value in azure["user"].items() if key in graph["user"]}


def test_a_json_text_where_an_object_belongs_is_read_and_hostile_depth_is_kept() -> None:
    deep = "[" * 5000 + "]" * 5000
    (found,) = normalised(
        "entra.signin", monitor({**signin(), "deviceDetail": deep, "status": '{"errorCode":53003}'})
    )
    assert found["event"]["kind"] == "event"
    assert found["event"]["code"] == "53003"


def test_messages_within_messages_of_a_parameter_are_read_to_a_stated_depth() -> None:
    nested: dict[str, Any] = {"name": "x", "value": "bottom"}
    for _ in range(60):
        nested = {"name": "x", "messageValue": {"parameter": [nested]}}
    shared = activity("gmail", {"type": "a", "name": "delivery", "parameters": [nested]})
    (found,) = normalised("google_workspace.activity", shared)
    flat = flatten(found["vendor"]["parameters"])
    assert all(name.count(".") <= 7 for name in flat)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("user.lifecycle.create", "creation"), ("Add member to role.", "creation"), ("FileDownloaded", "access"),
        ("CHANGE_ACL_EDITORS", "change"), ("Remove-InboxRule", "deletion"), ("Set-Mailbox", "change"),
        ("access_denied", "denied"), ("role_access", "access"), ("Frobnicate", None), ("", None),
    ],
)  # fmt: skip
def test_the_verb_of_an_operation_tells_its_type(name: str, kind: str | None) -> None:
    assert type_of(name) == kind
