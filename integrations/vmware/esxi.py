"""``vmware.esxi``: what an ESXi host logs: hostd, vpxa, shell, sshd (auth.log), vobd, vmkernel, dcui, the probes.

By syslog or in the files of /var/run/log; `vmware.lines` has the notations. What is typed at the shell is a
process that starts, so that rules about processes see it.
"""

from __future__ import annotations

import re

from integrations.contract import Sample
from integrations.fields import categorise, put, put_new
from integrations.linux.auth import describe as describe_auth
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.vmware.lines import Said, read_line, vendor_of, vsphere_source
from integrations.vmware.meanings import put_user, read_observation, read_sentence
from rules.ecs import Document

_SHELL = re.compile(r"\[([^\]\s]{1,128})\]: (.{1,8192})", re.DOTALL)
_EVENT = re.compile(r"Event (\d{1,12}) : (.*)", re.DOTALL)
_VOB = re.compile(r"\[(\w{1,40})\] \d{1,20}us: \[([\w.-]{3,128})\] (.*)", re.DOTALL | re.ASCII)
_TASK = re.compile(r"Task (Created|Completed) : (\S{1,128}?)(?: Status (\w{1,16}))?$", re.ASCII)
_METHOD = re.compile(r"vim\.([A-Za-z.]{1,64}?)\.(\w{1,64})-\d{1,12}", re.ASCII)
_AUTH = frozenset({"sshd", "login", "su", "sudo"})
_TOOLS = frozenset(
    {
        "esxcli",
        "localcli",
        "vim-cmd",
        "vsish",
        "vmkfstools",
        "esxcfg-firewall",
        "esxcfg-vswitch",
        "esxcfg-info",
    }
)
"""Programs that stand in /bin of every ESXi host."""


def _read(text: str, envelope: Envelope | None, times: Times) -> Document:
    said = read_line(text, envelope, times)
    document: Document = {"@timestamp": said.time}
    categorise(
        document, [], ["error" if said.level in {"error", "critical", "alert", "emergency"} else "info"]
    )
    put(document, "message", said.message)
    put(document, "log.level", said.level)
    put(document, "process.name", said.program)
    put(document, "process.pid", said.pid)
    put(document, "host.name", said.host)
    put(document, "host.hostname", said.host)
    put(document, "host.os.name", "ESXi")
    put(document, "event.provider", said.program)
    put(document, "vendor", vendor_of(said))
    _describe(said, document)
    if user := said.originator.get("user"):
        put_user(document, user.removeprefix("vpxuser:"))
    return document


def _describe(said: Said, document: Document) -> None:
    program = said.program.lower()
    if program in {"shell", "esxishell"} and (match := _SHELL.match(said.message)):
        _shell(document, match[1], match[2])
    elif program in _AUTH:
        if describe_auth(program, said.message, document):
            put(document, "event.provider", said.program)
    elif match := _VOB.match(said.message.lstrip()):
        put(document, "vendor.correlator", match[1])
        put(document, "message", match[3])
        read_observation(match[2], match[3], document)
    elif match := _EVENT.match(said.message):
        put(document, "vendor.event_id", match[1])
        put(document, "message", match[2])
        read_sentence(match[2], document)
    elif match := _TASK.match(said.message[:512]):
        _task(document, *match.groups())
    else:
        read_sentence(said.message, document)


def _shell(document: Document, user: str, command: str) -> None:
    categorise(document, ["process"], ["start"], action="command")
    words = command.split()[:200]
    put(document, "user.name", user)
    put(document, "process.command_line", command)
    put(document, "process.args", words)
    if words:
        name = words[0].rpartition("/")[2]
        put(document, "process.name", name)
        if "/" in words[0]:
            put(document, "process.executable", words[0])
        elif name in _TOOLS:
            put(document, "process.executable", f"/bin/{name}")


def _task(document: Document, phase: str, task: str, status: str | None) -> None:
    outcome = None if status is None else "success" if status == "success" else "failure"
    match = _METHOD.search(task)
    method = match[2] if match else task
    kinds = {
        "powerOff": "end",
        "powerOn": "start",
        "destroy": "deletion",
        "create": "creation",
        "register": "creation",
    }
    categorise(
        document, ["host"], [kinds.get(method, "change")], action=f"task-{phase.lower()}", outcome=outcome
    )
    put(document, "vendor.task", {"name": task, "method": method})
    put_new(document, "event.code", f"vim.{match[1]}.{method}" if match else None)


_TAGGED = re.compile(
    r"\s(?:(?:Hostd|Vpxa|Fdm|Rhttpproxy|hostd-probe|dcui|vobd|vmkwarning|VMkernel)(?:\[\d{1,10}\])?:"
    r"|vmkernel: (?:\S{1,40} )?cpu\d{1,4}:\d|(?:ESXi)?[Ss]hell\[\d{1,10}\]: \[) ?",
    re.ASCII,
)
"""Tags of syslog that only an ESXi host has."""


def _recognise(message: str) -> bool:
    if _TAGGED.search(message[:160]) is not None:
        return True
    if _VOB.search(message[:300]):
        return True
    if "[Originator@" in message[:200]:
        return "vpxd" not in message[:80]
    head = message[:120]
    if re.match(r"\d{4}-\d\d-\d\dT\S{8,20} (?:[A-Z][a-z]\(\d{1,3}\) |(?:WARNING: )?cpu\d)", head, re.ASCII):
        return True
    return bool(re.match(r"(?:\d{4}-\d\d-\d\dT\S{8,20} )?(?:ESXi)?[Ss]hell\[\d{1,10}\]: \[", head, re.ASCII))


_T = "2026-03-30T16:01:36.123Z "

ESXI = vsphere_source(
    "vmware.esxi",
    "VMware ESXi (hostd, vpxa, shell, sshd, vobd, vmkernel)",
    "VMware vSphere documentation, ESXi Log Files; Broadcom KB 306962",
    _read,
    _recognise,
    (
        Sample(_T + "info hostd[2099414] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=esxui-1 user=root] Event 112 : User root@198.51.100.7 logged in as VMware-client/6.5.0",
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "user-login", "event.category": ["authentication"], "event.type": ["start"],
                "event.outcome": "success", "user.name": "root", "source.ip": "198.51.100.7", "user_agent.original": "VMware-client/6.5.0",
                "process.name": "hostd", "process.pid": 2099414, "log.level": "info", "vendor.originator.opID": "esxui-1", "host.os.name": "ESXi"}),
        Sample("<166>2026-03-30T16:01:36.123Z esx-1.example.com Hostd: warning hostd[2099414] [Originator@6876 sub=Vimsvc] Rejected password for user root from 203.0.113.9",
               {"event.outcome": "failure", "event.type": ["start", "denied"], "source.ip": "203.0.113.9", "host.name": "esx-1.example.com"}),
        Sample(_T + "In(166) Hostd[2099414]: [Originator@6876 sub=Vimsvc.ha-eventmgr] Event 9 : Cannot login root@203.0.113.9",
               {"event.outcome": "failure", "user.name": "root", "source.ip": "203.0.113.9", "vendor.event_id": "9"}),
        Sample(_T + "In(14) shell[2100437]: [root]: esxcli vm process kill --type=force --world-id=2101",
               {"event.category": ["process"], "event.type": ["start"], "user.name": "root", "process.name": "esxcli", "process.executable": "/bin/esxcli",
                "process.command_line": "esxcli vm process kill --type=force --world-id=2101", "process.pid": 2100437}),
        Sample(_T + "shell[2100437]: [root]: /tmp/encrypt /vmfs/volumes", {"process.executable": "/tmp/encrypt", "process.name": "encrypt"}),
        Sample("<38>2026-03-30T16:01:36.123Z esx-1 sshd[2100431]: Accepted keyboard-interactive/pam for root from 198.51.100.7 port 50112 ssh2",
               {"event.category": ["authentication", "session"], "event.outcome": "success", "user.name": "root", "source.ip": "198.51.100.7"}),
        Sample("2026-03-30T16:01:36.123Z: [UserLevelCorrelator] 20134443us: [esx.audit.ssh.session.opened] SSH session was opened for 'root@198.51.100.7'.",
               {"event.action": "esx.audit.ssh.session.opened", "event.outcome": "success", "user.name": "root", "source.ip": "198.51.100.7"}),
        Sample(_T + "In(14) vobd[2097606]:  [UserLevelCorrelator] 20134443us: [esx.audit.account.locked] Remote access for ESXi local user account 'root' has been "
               "locked for 900 seconds after 5 failed login attempts.",
               {"event.action": "esx.audit.account.locked", "event.category": ["iam"], "user.name": "root"}),
        Sample(_T + "info hostd[2099414] [Originator@6876 sub=Vimsvc.TaskManager opID=x user=vpxuser:EXAMPLE\\alice] Task Created : haTask-12-vim.VirtualMachine.powerOff-123",
               {"event.action": "task-created", "event.category": ["host"], "event.type": ["end"], "event.code": "vim.VirtualMachine.powerOff",
                "user.name": "alice", "user.domain": "EXAMPLE"}),
        Sample(_T + "cpu3:2097652)NMP: nmp_ThrottleLogForDevice:3872: Cmd 0x1a failed", {"process.name": "vmkernel", "event.type": ["info"]}),
        Sample(_T + "In(166) Hostd[2099414]: [Originator@6876 sub=Vimsvc.ha-eventmgr] Event 10 : SSH access has been enabled.",
               {"event.action": "ssh-enabled", "event.category": ["configuration"]}),
    ),
)  # fmt: skip
