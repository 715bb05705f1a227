"""Vendors in YAML: the contract of those in Python, tests of their own, and nothing out of its place."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from aiohttp import web

import integrations
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.yaml_actions import (
    ActionFileError,
    LoadedVendor,
    load_vendor,
    load_vendors,
    vendor_schema,
)
from integrations.yaml_actions.rehearsal import run_tests
from playbooks.actions import ActionKind, ValueType
from tests.integrations.test_connections import serving

ACME = """
    vendor: acme
    title: Acme's door locks
    documentation: "Acme API 2"
    connection:
      auth: header
      header: X-Api-Key
      settings: {site: {description: The building.}}
      test: {get: /me, says: "we are {{ response.body.name }}"}
    actions:
      - name: acme.lock_badge
        kind: containment
        summary: Lock a person's badge.
        parameters: {user: {type: user, description: Whose badge.}}
        target: user
        noun: lock
        permission: badges.write
        run: {put: "/badges/{{ params.user }}/lock", json: {note: "{{ call.mark }}", site: "{{ connection.site }}"}}
        verify:
          get: "/badges/{{ params.user }}"
          expected: [404]
          in_force: "{{ response.status == 200 and response.body.locked }}"
          detail: "the badge is {{ response.body.state | default('unknown') }}"
        undo: {delete: "/badges/{{ params.user }}/lock", expected: [404]}
        tests:
          - name: it locks
            params: {user: alice}
            answers: [{to: PUT /badges/alice/lock, body: {note: siem blk-test, site: x}, status: 204}]
            expect: {result: {}}
          - name: it is locked
            call: verify
            params: {user: alice}
            answers: [{to: GET /badges/alice, json: {locked: true, state: locked}}]
            expect: {in_force: true, detail: the badge is locked}
          - name: there is no such badge
            call: verify
            params: {user: bob}
            answers: [{to: GET /badges/bob, status: 404}]
            expect: {in_force: false}
          - name: nothing to undo
            call: undo
            params: {user: alice}
            answers: [{to: DELETE /badges/alice/lock, status: 404}]
            expect: {}
          - name: we may not
            params: {user: alice}
            answers: [{to: PUT /badges/alice/lock, status: 403, text: no such right}]
            expect: {error: no such right}
      - name: acme.list_doors
        kind: lookup
        summary: List the doors that a person may open.
        parameters: {user: {type: user, description: Whose doors.}}
        returns: {doors: list, count: integer}
        run:
          get: /doors
          query: {who: "{{ params.user }}"}
          paging: {items: "{{ response.body.doors }}", next: "{{ response.body.next | default('') }}", query: page}
          result: {doors: "{{ items | pick('name') }}", count: "{{ items | length }}"}
        tests:
          - name: two pages
            params: {user: a b}
            answers:
              - {to: "GET /doors?who=a+b", json: {doors: [{name: front}], next: p2}}
              - {to: "GET /doors?who=a+b&page=p2", json: {doors: [{name: lab}]}}
            expect: {result: {doors: [front, lab], count: 2}}
    """


def load(text: str = ACME) -> LoadedVendor:
    return load_vendor(textwrap.dedent(text), "acme.yaml")


def site(url: str) -> Any:
    return SimpleNamespace(
        connections={"locks": {"kind": "acme", "url": url, "token": "t0ken-secret", "site": "hq"}}
    )


def call(**params: Any) -> ActionCall:
    return ActionCall(params=params, key="blk-1", until=datetime(2026, 3, 30, tzinfo=UTC))


async def test_a_vendor_passes_its_own_tests() -> None:
    found = await run_tests(load())
    assert len(found) == 6
    assert [one.faults for one in found] == [()] * 6


async def test_a_wrong_expectation_is_told() -> None:
    text = ACME.replace("to: PUT /badges/alice/lock, body", "to: POST /badges/alice/lock, body").replace(
        "count: 2}", "count: 3}"
    )
    told = " ".join(fault for one in await run_tests(load(text)) for fault in one.faults)
    assert "expected POST /badges/alice/lock, sent was PUT /badges/alice/lock" in told
    assert "expected the result" in told


def test_it_promises_what_an_action_in_python_promises() -> None:
    vendor = load()
    lock, doors = (action.spec for action in vendor.actions)
    assert (lock.kind, lock.target, lock.connection, lock.noun) == (
        ActionKind.CONTAINMENT,
        "user",
        "acme",
        "lock",
    )
    assert doors.returns == {"doors": ValueType.LIST, "count": ValueType.INTEGER}
    assert vendor.kind.permissions == ("badges.write",)
    assert {setting.name for setting in vendor.kind.settings} == {"url", "token", "site"}
    assert hasattr(vendor.actions[0], "undo")
    assert not hasattr(vendor.actions[1], "undo")


async def test_the_secret_goes_out_as_auth_says_and_a_trial_tells_who_we_are() -> None:
    async def me(request: web.Request) -> web.Response:
        return web.json_response({"name": request.headers["X-Api-Key"][:2] + "…"})

    vendor = load()
    assert vendor.kind.test is not None
    async with serving(me=me) as url:
        assert await vendor.kind.test(site(url), "locks") == "we are t0…"


@pytest.mark.parametrize(
    "user",
    [
        "../admin",
        "..",
        ".",
        "a/b",
        "a?x=1",
        "a#b",
        "%2e%2e%2fadmin",
        "a\r\nHost: evil",
        "//evil.example/x",
        "a;b",
        "\u202e",
        "x" * 200,
    ],
)
async def test_no_parameter_leaves_its_place_in_a_path(user: str) -> None:
    seen: list[str] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.json_response({})

    app_routes = {"badges/{rest:.*}": take, "{rest:.*}": take}
    async with serving(**app_routes) as url:
        try:
            await load().actions[0].run(call(user=user), site(url))
        except ActionRefusedError:
            assert seen == []
            return
    (path,) = seen
    assert path.startswith("/badges/")
    assert path.endswith("/lock")
    assert path.count("/") == 3
    assert "?" not in path


async def test_answers_that_are_not_as_promised_are_told() -> None:
    async def odd(_: web.Request) -> web.Response:
        return web.json_response({"doors": [{"name": "x"}]})

    async def text(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    wrong = load(ACME.replace('count: "{{ items | length }}"', 'count: "{{ response.body.doors }}"'))
    async with serving(doors=odd) as url:
        with pytest.raises(ActionUnavailableError, match="its answer's count is not as expected"):
            await wrong.actions[1].run(call(user="a"), site(url))
    async with serving(doors=text) as url:
        with pytest.raises(ActionRefusedError):
            await load().actions[1].run(call(user="a"), site(url))


async def test_pages_end_and_stay_on_their_host() -> None:
    async def endless(_: web.Request) -> web.Response:
        return web.json_response({"doors": [], "next": "p"})

    async def away(_: web.Request) -> web.Response:
        return web.json_response({"doors": [], "next": "https://evil.example/doors"})

    async with serving(doors=endless) as url:
        with pytest.raises(ActionRefusedError, match="more than 20 pages"):
            await load().actions[1].run(call(user="a"), site(url))
    linked = load(ACME.replace(", query: page}", "}"))
    async with serving(doors=away) as url:
        with pytest.raises(ActionRefusedError, match=r"evil\.example, which is not this connection's host"):
            await linked.actions[1].run(call(user="a"), site(url))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("undo: {delete", "undoo: {delete", "unknown key 'undoo'"),
        ("        target: user\n        noun", "        noun", "a containment needs verify, undo and target"),
        ("target: user", "target: usr", "there is no parameter 'usr'"),
        ('params.user }}/lock", json', 'params.usr }}/lock", json', "there is no params.usr"),
        ("{{ call.mark }}", "{{ connection.token }}", "connection.token is a secret"),
        ("{{ call.mark }}", "{{ response.body }}", "there is no 'response' here"),
        ("{{ call.mark }}", "{{ call.mark", "this is no expression"),
        ('put: "/badges', 'put: "https://evil.example/badges', "a path begins with /"),
        ("kind: lookup", "kind: containment", "a containment needs"),
        (
            "returns: {doors: list, count: integer}",
            "returns: {doors: list}",
            "returns does not promise 'count'",
        ),
        ("name: acme.list_doors", "name: other.list_doors", "is not of the vendor 'acme'"),
        ("      header: X-Api-Key\n", "", "`header:` goes with `auth: header`"),
        ("get: /doors", "delete: /doors", "a lookup changes nothing"),
        ("user: {type: user", "user: {type: text", "the guard does not see a user that is a text"),
        ("kind: lookup", "kind: lookup\n        guarded: true", "guarded is for a change"),
    ],
)
def test_what_would_not_work_is_a_fault_with_its_place(old: str, new: str, said: str) -> None:
    text = ACME.replace(old, new, 1)
    assert text != ACME
    with pytest.raises(ActionFileError) as caught:
        load(text)
    assert said in str(caught.value)
    assert "acme.yaml:" in str(caught.value)


def test_a_folder_gives_all_its_vendors_and_all_its_faults(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(textwrap.dedent(ACME))
    assert [vendor.name for vendor in load_vendors(tmp_path)] == ["acme"]
    (tmp_path / "b.yaml").write_text(textwrap.dedent(ACME))
    (tmp_path / "c.yaml").write_text("- 1\n")
    with pytest.raises(ActionFileError) as caught:
        load_vendors(tmp_path)
    assert "another file has the vendor 'acme'" in str(caught.value)
    assert "c.yaml:1:1: expected a vendor" in str(caught.value)


def test_the_schema_takes_what_is_right_says_what_each_key_is_for_and_refuses_typos() -> None:
    schema = vendor_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    right = yaml.safe_load(textwrap.dedent(ACME))
    assert [error.message for error in validator.iter_errors(right)] == []
    models = [schema, *schema["$defs"].values()]
    unsaid = [
        key for model in models for key, one in model.get("properties", {}).items() if not one["description"]
    ]
    assert unsaid == []
    for typo in ({"vendro": "acme"}, {"actions": []}, {"connection": {"auth": "baerer"}}):
        assert list(validator.iter_errors({**right, **typo}))


async def test_the_example_of_the_handbook_passes_its_own_tests() -> None:
    page = Path(integrations.__file__).with_name("README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    tested = await run_tests(load(example))
    assert [one.faults for one in tested] == [()] * 4
