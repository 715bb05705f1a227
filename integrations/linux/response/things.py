"""``linux.disable_user``, ``linux.kill_process``, ``linux.quarantine_file``: something on one host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import ActionCall
from integrations.linux.response.session import ask
from integrations.linux.response.single import OnHost, containment
from integrations.ports import Site
from playbooks.actions import BlastRadius, Parameter, ValueType


class DisableUser(OnHost):
    """An account of the host's own ``/etc/shadow``: password locked, expired (so that keys don't open it either),
    its processes ended with what hangs on them."""

    spec = containment(
        "linux.disable_user",
        "Disable an account of a Linux host and end all that it runs.",
        (Parameter(name="user", type=ValueType.USER, description="The account: alice."),),
        target="user",
        noun="disabling",
        permission="usermod, end processes",
        returns={"ended": ValueType.INTEGER},
    )
    apply, look, lift, marked = "disable", "look_disabled", "enable", "marks_disabled"
    passed = ("user",)

    def said(self, call: ActionCall, seen: Mapping[str, Any]) -> str:
        del seen
        return f"{call.params['user']} is locked and expired, and nothing of it runs"


class KillProcess(OnHost):
    """A containment, since it takes something away from somebody: it needs an approval. It can't be given back:
    the undo only forgets which process it was."""

    spec = containment(
        "linux.kill_process",
        "End a process of a Linux host at once; this can't be undone.",
        (
            Parameter(name="pid", type=ValueType.INTEGER, description="Its number."),
            Parameter(
                name="program",
                type=ValueType.TEXT,
                description="The path of its program: another one under this number is not touched.",
            ),
        ),
        target="pid",
        noun="killing",
        permission="end processes",
        returns={"program": ValueType.TEXT},
        lasts=False,
    )
    apply, look, lift, marked = "kill", "look_killed", "forget", "marks_killed"
    passed = ("pid", "program")

    def said(self, call: ActionCall, seen: Mapping[str, Any]) -> str:
        return f"process {call.params['pid']} ({seen.get('program')}) runs no more"

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        host = self.host(call, site)
        seen = await ask(host, "see_process", pid=call.params["pid"])
        children = int(seen.get("children") or 0)
        hangs = f", with {children} processes of its own, which go on" if children else ""
        return BlastRadius(
            summary=f"Process {seen['pid']} on {host} runs {seen.get('program') or seen.get('name')} as "
            f"{seen.get('user')}{hangs}. It can't be started again from here.",
            hosts=(host.name,),
        )


class QuarantineFile(OnHost):
    """Moved to where only root comes, without any right; the undo gives back place, owner, rights, times and
    extended attributes. Who has it open keeps it open: end that process too."""

    spec = containment(
        "linux.quarantine_file",
        "Take a file of a Linux host out of reach.",
        (
            Parameter(
                name="path", type=ValueType.TEXT, description="Its absolute path, without links: /tmp/x.sh."
            ),
        ),
        target="path",
        noun="quarantine",
        permission="move files",
        returns={"sha256": ValueType.HASH, "size": ValueType.INTEGER},
        timeout=60.0,
    )
    apply, look, lift, marked = "quarantine", "look_quarantined", "restore", "marks_quarantined"
    passed = ("path",)

    def said(self, call: ActionCall, seen: Mapping[str, Any]) -> str:
        others = int(seen.get("links") or 1) - 1
        more = f"; it has {others} other names on the host, which stay" if others > 0 else ""
        return f"{call.params['path']} is in quarantine, SHA-256 {seen.get('sha256')}{more}"

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        host = self.host(call, site)
        seen = await ask(host, "see_file", path=call.params["path"])
        users = int(seen.get("open") or 0)
        used = f"{users} processes have it open now" if users else "no process has it open now"
        return BlastRadius(
            summary=f"{call.params['path']} on {host}: {int(seen['size']):,} bytes, of {seen.get('owner')}; {used}.",
            hosts=(host.name,),
        )
