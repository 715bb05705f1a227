"""What can be done to Linux hosts, over SSH: all of it by one program on the host (`integrations.linux.host`)."""

from integrations.contract import Action
from integrations.linux.response.block_ip import BlockIp
from integrations.linux.response.collect_triage import CollectTriage
from integrations.linux.response.hosts import IsolateHost, LockComputer
from integrations.linux.response.setup import SSH
from integrations.linux.response.things import DisableUser, KillProcess, QuarantineFile

ACTIONS: tuple[Action, ...] = (
    BlockIp(), IsolateHost(), LockComputer(), DisableUser(), KillProcess(), QuarantineFile(), CollectTriage(),
)  # fmt: skip
CONNECTIONS = (SSH,)

__all__ = ["ACTIONS", "CONNECTIONS"]
