"""What is done to Windows hosts over WinRM: isolated, locked, an account disabled, a process ended, looked at."""

from integrations.contract import Action
from integrations.windows.response.collect_triage import CollectTriage
from integrations.windows.response.connection import WINRM
from integrations.windows.response.disable_user import DisableUser
from integrations.windows.response.isolate_host import IsolateHost
from integrations.windows.response.kill_process import KillProcess
from integrations.windows.response.lock_computer import LockComputer

ACTIONS: tuple[Action, ...] = (IsolateHost(), LockComputer(), DisableUser(), KillProcess(), CollectTriage())
CONNECTIONS = (WINRM,)

__all__ = ["ACTIONS", "CONNECTIONS"]
