"""``ldap.remove_from_group``: a user loses what a group gives, until the undo puts it back.

The membership that is written on the group is taken away: ``member``, ``uniqueMember`` (by DN) or
``memberUid`` (RFC 2307, by name), whichever names the user. A membership through another group is not
there to be taken, and is refused with the name of the group that gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ldap3

from integrations.contract import ActionCall, ActionRefusedError
from integrations.ldap.accounts import USER, DirectoryUser, group_names
from integrations.ldap.connection import KIND, Directory, Entry, in_directory
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

WAYS = ("member", "uniqueMember", "memberUid")


class RemoveFromGroup(DirectoryUser, Reversible):
    """Its target is the user in one group."""

    spec = ActionSpec(
        name="ldap.remove_from_group",
        kind=ActionKind.CONTAINMENT,
        summary="Take a user out of a group of the directory.",
        parameters=(
            USER,
            Parameter(name="group", type=ValueType.TEXT, description="The group's common name (cn)."),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="user",
        place="group",
        noun="removal from a group",
        timeout=30.0,
        connection=KIND,
        permission="write member of the group",
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        def work(directory: Directory) -> Seen:
            user, group = _both(directory, call)
            held = _held(user, group)
            if not held and group.dn in {one.dn for one in directory.groups(user)}:
                raise ActionRefusedError(
                    f"{user.dn} is in {group.dn} through another group "
                    f"({', '.join(group_names(directory, user))[:200]}): take it out of that one"
                )
            said = f"{user.dn} is {'in' if held else 'not in'} {group.dn}"
            return Seen(not held, said, {"held": held})

        return await in_directory(site, call.params.get("connection"), work)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        await self._change(call, site, seen.before["held"], ldap3.MODIFY_DELETE, "noSuchAttribute")

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        await self._change(call, site, before["held"], ldap3.MODIFY_ADD, "attributeOrValueExists")

    async def _change(
        self, call: ActionCall, site: Site, held: Mapping[str, str], change: str, done: str
    ) -> None:
        def work(directory: Directory) -> None:
            _, group = _both(directory, call)
            for way, value in held.items():
                directory.modify(group.dn, {way: [(change, [value])]}, tolerated=(done,))

        await in_directory(site, call.params.get("connection"), work)


def _both(directory: Directory, call: ActionCall) -> tuple[Entry, Entry]:
    user = directory.user(call.params["user"])
    kinds = "(objectClass=group)(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)"
    found = directory.search(f"(&(|{kinds})(cn={{}}))", str(call.params["group"]), attributes=("cn", *WAYS))
    if len(found) != 1:
        raise ActionRefusedError(
            f"{directory.named.name} has {len(found)} groups {call.params['group']!r:.80}"
        )
    return user, found[0]


def _held(user: Entry, group: Entry) -> dict[str, str]:
    """Return {attribute: its value} by which a group names a user."""
    own = {user.dn.casefold(), user.first("uid").casefold()} - {""}
    found = {}
    for way in WAYS:
        for value in group.all(way):
            if value.casefold() in own:
                found[way] = value
    return found
