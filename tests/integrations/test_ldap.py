"""The directory's actions against a real slapd: who may bind before, during and after."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ldap3
import pytest

from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.ldap import ACTIONS, CONNECTIONS, connection
from integrations.ports import Site
from tests.integrations.ldap_server import BASE, PASSWORD, SLAPD, Slapd, person
from tests.integrations.vendor_server import HOSTILE, call, prove_containment, site_of

pytestmark = [
    pytest.mark.skipif(SLAPD is None, reason="slapd is not installed: apt-get install slapd"),
    pytest.mark.engine,
]
BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
DISABLE, REMOVE = BY_NAME["ldap.disable_user"], BY_NAME["ldap.remove_from_group"]
UNLOCK, RESET, LOOKUP = (
    BY_NAME["ldap.unlock_user"],
    BY_NAME["ldap.reset_password"],
    BY_NAME["ldap.lookup_user"],
)

PEOPLE = (
    person("alice", more="shadowExpire: 40000\n")
    + person("bob", shadow=False)
    + person("carol", more="shadowExpire: 1\n")
    + person("dave", shadow=False)
    + person("o'hara (x)*", shadow=False)
    + person("erin", shadow=False)
    + f"\ndn: cn=inner,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: inner\nmember: uid=erin,ou=people,{BASE}\nmember: uid=dave,ou=people,{BASE}\n"
    f"\ndn: cn=middle,ou=groups,{BASE}\nobjectClass: groupOfUniqueNames\ncn: middle\n"
    f"uniqueMember: cn=inner,ou=groups,{BASE}\nuniqueMember: cn=outer,ou=groups,{BASE}\n"
    f"\ndn: cn=outer,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: outer\nmember: cn=middle,ou=groups,{BASE}\n"
    + f"\ndn: cn=admins,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: admins\n"
    f"member: uid=alice,ou=people,{BASE}\nmember: uid=bob,ou=people,{BASE}\n"
    f"\ndn: cn=wheel,ou=groups,{BASE}\nobjectClass: posixGroup\ncn: wheel\ngidNumber: 10\nmemberUid: alice\n"
)
ACTIVE = "".join(
    person(
        name,
        more=f"objectClass: user\nobjectCategory: person\nsAMAccountName: {name}\nuserPrincipalName: {name}@example.com\n"
        f"userAccountControl: {control}\nlockoutTime: {lockout}\n",
        shadow=False,
    )
    for name, control, lockout in (("alice", 66048, 0), ("bob", 514, 133000000000000000))
)


SID = b"\x01\x05\x00\x00\x00\x00\x00\x05" + b"".join(n.to_bytes(4, "little") for n in (21, 1, 2, 3))
"""Of a domain: S-1-5-21-1-2-3 and the number of the object behind it."""


def sid(number: int) -> str:
    return "objectSid:: " + base64.b64encode(SID + number.to_bytes(4, "little")).decode() + "\n"


PRIMARY = person(
    "mallory",
    more="objectClass: user\nobjectCategory: person\nsAMAccountName: mallory\nuserAccountControl: 512\n"
    f"primaryGroupID: 512\n{sid(1105)}",
    shadow=False,
) + "".join(
    f"\ndn: cn={name},ou=groups,{BASE}\nobjectClass: group\ncn: {name}\nmember: {member}\n{sid(number)}"
    for name, member, number in (("Domain Admins", f"uid=x,{BASE}", 512), ("Others", f"uid=x,{BASE}", 513))
)


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with Slapd(tmp_path_factory.mktemp("ldap") / "d", PEOPLE) as server:
        yield server


@pytest.fixture
def site(slapd: Slapd) -> Site:
    return site_of(directory=slapd.connection)


def may_bind(slapd: Slapd, name: str, password: str = "") -> bool:
    it = ldap3.Connection(
        f"ldap://127.0.0.1:{slapd.port}", f"uid={name},ou=people,{BASE}", password or f"password-of-{name}"
    )
    try:
        return bool(it.bind())
    finally:
        it.unbind()


def values(slapd: Slapd, dn: str, *names: str) -> dict[str, list[str]]:
    """Read as another client would: with ldapsearch."""
    answer = subprocess.run(
        ["ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", f"ldap://127.0.0.1:{slapd.port}", "-D",
         f"cn=admin,{BASE}", "-w", PASSWORD, "-b", dn, "-s", "base", "*", "+"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    pairs = [line.split(": ", 1) for line in answer.stdout.splitlines() if ": " in line]
    return {name: [value for key, value in pairs if key == name] for name in names}


async def test_who_is_disabled_can_bind_no_more_until_the_undo(slapd: Slapd, site: Site) -> None:
    dn = f"uid=alice,ou=people,{BASE}"
    before = values(slapd, dn, "shadowExpire", "pwdAccountLockedTime", "userPassword", "mail")
    assert may_bind(slapd, "alice")
    await DISABLE.run(call(user="alice"), site)
    assert not may_bind(slapd, "alice")
    assert values(slapd, dn, "shadowExpire") == {"shadowExpire": ["1"]}
    await DISABLE.undo(call(user="alice"), site)
    assert may_bind(slapd, "alice")
    assert values(slapd, dn, "shadowExpire", "pwdAccountLockedTime", "userPassword", "mail") == before


@pytest.mark.parametrize("name", ["alice", "EXAMPLE\\bob", "bob@example.com"])
async def test_apply_and_undo_twice(site: Site, name: str) -> None:
    await prove_containment(DISABLE, site, call(user=name))


async def test_who_was_disabled_before_stays_so(slapd: Slapd, site: Site) -> None:
    await DISABLE.run(call(user="carol"), site)
    await DISABLE.undo(call(user="carol"), site)
    assert values(slapd, f"uid=carol,ou=people,{BASE}", "shadowExpire") == {"shadowExpire": ["1"]}


async def test_half_an_undo_is_completed(slapd: Slapd, site: Site) -> None:
    await DISABLE.run(call(user="alice"), site)
    dn = f"uid=alice,ou=people,{BASE}"
    await asyncio.to_thread(
        subprocess.run,
        ["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{slapd.port}", "-D", f"cn=admin,{BASE}", "-w", PASSWORD],
        input=f"dn: {dn}\nchangetype: modify\nreplace: shadowExpire\nshadowExpire: 40000\n",
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert (await DISABLE.verify(call(user="alice"), site)).in_force
    await DISABLE.undo(call(user="alice"), site)
    assert may_bind(slapd, "alice")


@pytest.mark.parametrize("group", ["admins", "wheel"])
async def test_a_member_is_taken_out_and_put_back(slapd: Slapd, site: Site, group: str) -> None:
    dn = f"cn={group},ou=groups,{BASE}"
    before = values(slapd, dn, "member", "memberUid")
    what = call(user="alice", group=group)
    await prove_containment(REMOVE, site, what)
    after = values(slapd, dn, "member", "memberUid")
    assert {name: sorted(found) for name, found in after.items()} == {
        name: sorted(found) for name, found in before.items()
    }
    await REMOVE.run(what, site)
    assert "alice" not in str(values(slapd, dn, "member", "memberUid"))
    await REMOVE.undo(what, site)


async def test_groups_are_told_to_the_guard_and_to_people(site: Site) -> None:
    assert await DISABLE.groups_of(call(user="alice"), site) == ["admins", "wheel"]
    found = await LOOKUP.run(call(user="alice"), site)
    assert found == {
        "dn": f"uid=alice,ou=people,{BASE}", "enabled": True, "locked": False, "name": "alice",
        "mail": "alice@example.com", "groups": ["admins", "wheel"],
    }  # fmt: skip


async def test_groups_in_groups_count_and_a_round_ends(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await DISABLE.groups_of(call(user="erin"), site) == ["inner", "middle", "outer"]
    with pytest.raises(ActionRefusedError, match="through another group"):
        await REMOVE.run(call(user="erin", group="outer"), site)
    await prove_containment(REMOVE, site, call(user="erin", group="inner"))
    monkeypatch.setattr(connection, "GROUPS", 2)
    with pytest.raises(ActionRefusedError, match="in more than 2 groups"):
        await DISABLE.groups_of(call(user="erin"), site)


async def test_a_lock_of_wrong_passwords_is_lifted_and_one_of_ours_is_not(slapd: Slapd, site: Site) -> None:
    for _ in range(3):
        assert not may_bind(slapd, "dave", "wrong")
    assert not may_bind(slapd, "dave")
    assert (await LOOKUP.run(call(user="dave"), site))["locked"]
    assert await UNLOCK.run(call(user="dave"), site) == {"unlocked": True}
    assert may_bind(slapd, "dave")
    await DISABLE.run(call(user="dave"), site)
    assert await UNLOCK.run(call(user="dave"), site) == {"unlocked": False}
    assert not may_bind(slapd, "dave")
    await DISABLE.undo(call(user="dave"), site)


async def test_a_password_is_replaced(slapd: Slapd, site: Site) -> None:
    assert may_bind(slapd, "bob")
    assert await RESET.run(call(user="bob"), site) == {"done": True}
    assert not may_bind(slapd, "bob")


async def test_nothing_breaks_out_of_a_filter(slapd: Slapd, site: Site) -> None:
    for value in HOSTILE:
        for action in ACTIONS:
            for params in ({"user": value, "group": "admins"}, {"user": "alice", "group": value}):
                if "group" in params and action is not REMOVE and params["user"] == "alice":
                    continue
                with pytest.raises(ActionError):
                    await action.run(call(**params), site)
    assert may_bind(slapd, "alice")
    assert (await LOOKUP.run(call(user="o'hara (x)*"), site))["enabled"]
    await prove_containment(DISABLE, site, call(user="o'hara (x)*"))


async def test_what_is_away_slow_or_refuses_is_told_apart(
    slapd: Slapd, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = call(user="alice")
    wrong = site_of(directory={**slapd.connection, "password": "not-the-password"})
    with pytest.raises(ActionRefusedError, match="invalidCredentials") as caught:
        await DISABLE.run(what, wrong)
    assert "not-the-password" not in str(caught.value)
    reader = site_of(
        directory={**slapd.connection, "user": f"cn=reader,{BASE}", "password": "reader-password"}
    )
    with pytest.raises(ActionRefusedError, match="insufficientAccessRights"):
        await DISABLE.run(what, reader)
    gone = site_of(directory={**slapd.connection, "url": "ldap://127.0.0.1:1"})
    with pytest.raises(ActionUnavailableError):
        await DISABLE.run(what, gone)
    secure = {key: value for key, value in slapd.connection.items() if key != "starttls"}
    with pytest.raises((ActionRefusedError, ActionUnavailableError)):
        await DISABLE.run(what, site_of(directory=secure))
    monkeypatch.setattr(connection, "SECONDS", 1)
    slapd.freeze()
    try:
        with pytest.raises(ActionUnavailableError):
            await DISABLE.verify(what, site)
    finally:
        slapd.thaw()
    assert not (await DISABLE.verify(what, site)).in_force
    test = CONNECTIONS[0].test
    assert test is not None
    assert (await test(site, "directory")).startswith(f"an LDAP directory answers cn=admin,{BASE}")


async def test_a_directory_that_cant_disable_says_so(tmp_path: Path) -> None:
    with Slapd(tmp_path / "d", PEOPLE, policy=False) as bare:
        site = site_of(directory=bare.connection)
        with pytest.raises(ActionRefusedError, match="needs OpenLDAP's password policy"):
            await DISABLE.run(call(user="bob"), site)
        await prove_containment(DISABLE, site, call(user="alice"))


async def test_active_directory_s_bit_alone_changes(tmp_path: Path) -> None:
    with Slapd(tmp_path / "d", ACTIVE, microsoft=True) as active:
        site = site_of(directory=active.connection)
        dn = f"uid=alice,ou=people,{BASE}"
        await prove_containment(DISABLE, site, call(user="EXAMPLE\\alice"))
        await DISABLE.run(call(user="alice@example.com"), site)
        assert values(active, dn, "userAccountControl") == {"userAccountControl": ["66050"]}
        await DISABLE.undo(call(user="alice@example.com"), site)
        assert values(active, dn, "userAccountControl") == {"userAccountControl": ["66048"]}
        assert (await LOOKUP.run(call(user="bob"), site))["enabled"] is False
        assert await UNLOCK.run(call(user="bob"), site) == {"unlocked": True}
        assert await UNLOCK.run(call(user="bob"), site) == {"unlocked": False}


async def test_the_primary_group_counts_though_no_group_names_its_members(tmp_path: Path) -> None:
    with Slapd(tmp_path / "d", PRIMARY, microsoft=True) as active:
        site = site_of(directory=active.connection)
        assert await DISABLE.groups_of(call(user="mallory"), site) == ["Domain Admins"]
        for action in (DISABLE, REMOVE):
            names = await action.names_of(call(user="mallory", group="x"), site)
            assert names[0] == f"uid=mallory,ou=people,{BASE}"
            assert {"mallory", "S-1-5-21-1-2-3-1105"} <= set(names)
