"""``linux.auditd``: events of the Linux audit daemon, their records joined by time and serial number.

Records of one event may be mixed with those of others. An event is whole at its ``EOE``, at once where
its type is one that user space writes alone, and else once `PATIENCE_SECONDS` of newer records or
`MOST_HELD` newer events have come. ECS as Elastic's ``auditd.log`` documents it; every field of the
records stays under ``vendor`` by its own name, those of PATH and other repeated records as lists.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integrations.contract import Normaliser, Origin, Record, Source, UnparsedError
from integrations.linux.audit_meanings import ARCHITECTURES, RECORDS, SYSCALLS, syscall_name
from integrations.linux.audit_records import AuditRecord, parse_record, socket_address
from integrations.linux.audit_samples import AUDIT_SAMPLES
from integrations.linux.lines import put
from integrations.syslog import Envelope
from integrations.text import address, readable
from integrations.unwrapping import by_syslog
from rules.ecs import Document

PATIENCE_SECONDS = 2
MOST_HELD = 64
LARGEST = 60_000
"""Bytes of one event's records."""
_PARTS = frozenset(
    {
        "PROCTITLE",
        "PATH",
        "CWD",
        "EXECVE",
        "SOCKADDR",
        "EOE",
        "SYSCALL",
        "BPRM_FCAPS",
        "MMAP",
        "OBJ_PID",
        "FD_PAIR",
        "IPC",
    }
)
"""Records that say more of another one."""
_WITH_SYSCALL = frozenset(
    {"AVC", "SELINUX_ERR", "CONFIG_CHANGE", "NETFILTER_CFG", "LOGIN", "KERN_MODULE", "SECCOMP", "ANOM_PROMISCUOUS", "ANOM_LINK", "TTY", "BPF",
     "INTEGRITY_RULE", "URINGOP", "FANOTIFY"}
)  # fmt: skip
"""Kernel records that a SYSCALL may follow. (TIME_… and MAC_… are told by their beginnings.)"""
_IDS = {
    "auid": ("user", "audit", "id"), "uid": ("user", "id"), "euid": ("user", "effective", "id"), "suid": ("user", "saved", "id"),
    "fsuid": ("user", "filesystem", "id"), "gid": ("user", "group", "id"), "egid": ("user", "effective", "group", "id"),
    "sgid": ("user", "saved", "group", "id"), "fsgid": ("user", "filesystem", "group", "id"),
    "AUID": ("user", "audit", "name"), "UID": ("user", "name"), "EUID": ("user", "effective", "name"), "GID": ("user", "group", "name"),
    "exe": ("process", "executable"), "comm": ("process", "name"), "cwd": ("process", "working_directory"), "proctitle": ("process", "title"),
    "ses": ("session", "id"), "key": ("rule", "name"), "terminal": ("user", "terminal"),
}  # fmt: skip
_NUMBERS = {"pid": ("process", "pid"), "ppid": ("process", "parent", "pid"), "exit": ("process", "exit_code")}
_UNSET = frozenset({"4294967295", "-1", "unset"})


_KIND = re.compile(r"[A-Z][A-Z0-9_]{2,39}", re.ASCII)
_NEXT = re.compile(rb"\n(?=node=|type=)")


class _Group:
    """The records of one event, as far as they have come."""

    def __init__(self, raw: Record, record: AuditRecord) -> None:
        self.position = raw.position
        self.lines = [raw.data]
        self.records = [record]
        self.size = len(raw.data)

    def add(self, raw: Record, record: AuditRecord) -> None:
        self.lines.append(raw.data)
        self.records.append(record)
        self.size += len(raw.data) + 1

    @property
    def record(self) -> Record:
        return Record(b"\n".join(self.lines), self.position)


class AuditNormaliser:
    def __init__(self, origin: Origin) -> None:
        self._host = origin.host
        self._held: dict[tuple[str | None, str, int], _Group] = {}
        self._newest = 0

    @property
    def held(self) -> Record | None:
        return next((group.record for group in self._held.values()), None)

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        if not record.data.strip():
            return ()
        if b"\n" not in record.data:
            return self._feed(record, parse_record(readable(record.data)))
        # A whole event at once, as some shippers send it.
        lines = _NEXT.split(record.data)
        parsed = [parse_record(readable(line)) for line in lines]
        raws = [Record(line, f"{record.position}.{at}") for at, line in enumerate(lines)]
        return [pair for raw, one in zip(raws, parsed, strict=True) for pair in self._feed(raw, one)]

    def flush(self) -> Sequence[tuple[Record, Document]]:
        groups = list(self._held.values())
        self._held.clear()
        return [self._event(group) for group in groups]

    def _feed(self, raw: Record, record: AuditRecord) -> list[tuple[Record, Document]]:
        key = (record.node, record.time, record.serial)
        group = self._held.get(key)
        if record.type == "EOE":
            # It says nothing but that its event is whole.
            return [self._event(self._held.pop(key))] if group else []
        if group is None:
            group = self._held[key] = _Group(raw, record)
            self._newest = max(self._newest, record.seconds)
        else:
            group.add(raw, record)
        if (len(group.records) == 1 and _alone(record.type)) or group.size > LARGEST:
            return [self._event(self._held.pop(key))]
        too_many = len(self._held) - MOST_HELD
        old = [
            known
            for at, (known, other) in enumerate(self._held.items())
            if at < too_many or other.records[0].seconds < self._newest - PATIENCE_SECONDS
        ]
        return [self._event(self._held.pop(known)) for known in old]

    def _event(self, group: _Group) -> tuple[Record, Document]:
        return group.record, describe_event(group.records, self._host)


def _alone(kind: str) -> bool:
    return not (kind in _PARTS or kind in _WITH_SYSCALL or kind.startswith(("TIME_", "MAC_")))


def describe_event(records: Sequence[AuditRecord], host: str | None = None) -> Document:
    """Return the document of the records of one event."""
    main = _main(records)
    fields, vendor = _merge(records)
    document: Document = {
        "@timestamp": main.time,
        "event": {"kind": "event"},
        "host": {"os": {"type": "linux"}},
    }
    if name := main.node or host:
        document["host"] |= {"name": name, "hostname": name}
    architecture = ARCHITECTURES.get(fields.get("arch", ""), fields.get("arch"))
    if architecture:
        put(document, ("host", "architecture"), architecture)
    _identify(document, fields)
    meaning = RECORDS.get(main.type)
    if "syscall" in fields:
        call = syscall_name(architecture or "", fields["syscall"])
        vendor["syscall"] = call
        vendor.setdefault("SYSCALL", call)
        meaning = meaning if main.type != "SYSCALL" else SYSCALLS.get(call)
        _network(document, fields, call)
    event = document["event"]
    event["action"] = main.type.lower()
    event["sequence"] = main.serial
    if meaning:
        event["category"], event["type"] = list(meaning[0]), list(meaning[1])
    else:
        event["type"] = ["info"]
    if outcome := _outcome(fields):
        event["outcome"] = outcome
    _process(document, fields, records)
    _files(document, fields, records)
    _account(document, fields, main.type)
    if main.type in {"AVC", "USER_AVC"}:
        _decision(document, fields)
    if main.type.startswith("VIRT_"):
        for name, place in (("vm", ("container", "name")), ("virt", ("container", "runtime"))):
            if value := fields.get(name):
                put(document, place, value)
    document["vendor"] = vendor
    return document


def _main(records: Sequence[AuditRecord]) -> AuditRecord:
    """The record that says what happened: one that is not a part of another, else the system call."""
    for record in records:
        if record.type not in _PARTS:
            return record
    for record in records:
        if record.type == "SYSCALL":
            return record
    return records[0]


def _merge(records: Sequence[AuditRecord]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return all fields, the main record's first, and the same for ``vendor``, repeated ones as lists."""
    main = _main(records)
    fields = dict(main.fields)
    several: dict[str, list[str]] = {}
    has_arguments = any(record.type == "EXECVE" for record in records)
    for record in records:
        for name, value in record.fields.items():
            if record.type == "SYSCALL" and has_arguments and name in {"a0", "a1", "a2", "a3"}:
                continue
            if record.type != "PATH":
                fields.setdefault(name, value)
            values = several.setdefault(name, [])
            if value not in values:
                values.append(value)
    vendor: dict[str, Any] = {
        name: values[0] if len(values) == 1 else values for name, values in several.items()
    }
    kinds = list(dict.fromkeys(record.type for record in records))
    vendor["type"] = kinds[0] if len(kinds) == 1 else kinds
    return fields, vendor


def _identify(document: Document, fields: dict[str, str]) -> None:
    for name, place in _IDS.items():
        value = fields.get(name)
        if value is not None and not (name == "ses" and value in _UNSET):
            put(document, place, value)
    for name, place in _NUMBERS.items():
        value = fields.get(name, "")
        if value.removeprefix("-").isdecimal() and len(value) < 19:
            put(document, place, int(value))


def _outcome(fields: dict[str, str]) -> str | None:
    said = fields.get("success") or fields.get("res") or fields.get("result") or ""
    return {
        "yes": "success",
        "success": "success",
        "1": "success",
        "no": "failure",
        "failed": "failure",
        "fail": "failure",
        "0": "failure",
    }.get(said.lower())


def _process(document: Document, fields: dict[str, str], records: Sequence[AuditRecord]) -> None:
    arguments: list[str] = []
    for record in records:
        if record.type == "EXECVE":
            arguments = [
                record.fields.get(f"a{at}", "") for at in range(min(_number(record.fields.get("argc")), 4096))
            ]
            while arguments and not arguments[-1]:
                arguments.pop()
    if not arguments and (command := fields.get("cmd")):
        put(document, ("process", "command_line"), command)
        arguments = command.split()
    elif arguments:
        put(
            document,
            ("process", "command_line"),
            shlex.join(arguments) if len(arguments) > 1 else arguments[0],
        )
    elif title := fields.get("proctitle"):
        put(document, ("process", "command_line"), title)
    if arguments:
        document.setdefault("process", {}).update(args=arguments, args_count=len(arguments))
    process = document.get("process", {})
    if "name" not in process and (program := process.get("executable", "").rpartition("/")[2]):
        process["name"] = program


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 7 else 0


def _files(document: Document, fields: dict[str, str], records: Sequence[AuditRecord]) -> None:
    """The file is the first path that is no parent folder; a rename has the new name, too."""
    paths = [record.fields for record in records if record.type == "PATH"]
    named = [path for path in paths if "name" in path and _kind(path) != "PARENT"]
    if not named:
        return
    folder = fields.get("cwd", "")
    made = next((path for path in named if _kind(path) in {"CREATE", "DELETE"}), None)
    if made is None:
        made = next((path for path in named if _kind(path) != "UNKNOWN"), named[0])
    path = posixpath.normpath(posixpath.join(folder, made["name"]))
    file: dict[str, Any] = {
        "path": path,
        "name": posixpath.basename(path),
        "directory": posixpath.dirname(path),
    }
    for name, field in (
        ("inode", "inode"),
        ("ouid", "uid"),
        ("ogid", "gid"),
        ("OUID", "owner"),
        ("OGID", "group"),
    ):
        if name in made:
            file[field] = made[name]
    if mode := made.get("mode"):
        file["mode"] = mode[-4:]
    document["file"] = file


def _kind(path: dict[str, str]) -> str | None:
    """Return what a path is in its event; Linux 3.10, as of RHEL 7, names the field ``objtype``."""
    return path.get("nametype") or path.get("objtype")


def _network(document: Document, fields: dict[str, str], call: str) -> None:
    if "saddr" not in fields:
        return
    ip, port, path = socket_address(fields["saddr"])
    side = "source" if call in {"accept", "accept4", "recvfrom"} else "destination"
    if ip:
        put(document, (side, "ip"), ip)
        put(document, (side, "address"), ip)
        put(document, (side, "port"), port)
    elif path:
        put(document, ("file", "path"), path)


def _account(document: Document, fields: dict[str, str], kind: str) -> None:
    if acct := fields.get("acct") or (
        fields.get("id") if kind in {"ADD_USER", "DEL_USER", "USER_MGMT"} else None
    ):
        if RECORDS.get(kind, ((), ()))[0] == ("iam",):
            put(document, ("user", "target", "name"), acct)
        put(document, ("user", "name"), acct)
    if group := fields.get("grp"):
        put(document, ("group", "name"), group)
    if unit := fields.get("unit"):
        put(document, ("service", "name"), unit)
    for name, side in (
        ("addr", "source"),
        ("src", "source"),
        ("dst", "destination"),
        ("laddr", "destination"),
    ):
        if said := fields.get(name):
            put(document, (side, "address"), said)
            if ip := address(said):
                put(document, (side, "ip"), ip)
    for name, side in (("rport", "source"), ("lport", "destination")):
        if port := _number(fields.get(name)):
            put(document, (side, "port"), port)
    if (hostname := fields.get("hostname")) and not address(hostname):
        put(document, ("source", "domain"), hostname)


def _decision(document: Document, fields: dict[str, str]) -> None:
    """SELinux and AppArmor: what was asked, and that it was denied."""
    denied = fields.get("apparmor") == "DENIED" or "denied" in fields.get("avc", "")
    document["event"] |= {"category": ["process"], "type": ["denied" if denied else "info"]}
    if denied:
        document["event"]["outcome"] = "failure"


def _open(origin: Origin) -> Normaliser:
    return AuditNormaliser(origin)


def _guess(records: Sequence[bytes]) -> float:
    hits = 0
    for record in records:
        try:
            parse_record(readable(record))
        except UnparsedError:
            continue
        hits += 1
    return hits / max(1, len(records))


def _restore(message: str, envelope: Envelope) -> str:
    """The journal's and rsyslog's ``audit[PID]: USER_LOGIN pid=…`` have no serial; what is whole alone needs
    none."""
    kind, _, fields = message.partition(" ")
    if envelope.program != "audit" or not _alone(kind) or not _KIND.fullmatch(kind):
        return message
    moment = datetime.fromisoformat(envelope.time)
    return f"type={kind} msg=audit({moment.timestamp():.3f}:0): {fields}"


AUDITD = by_syslog(
    Source(
        name="linux.auditd",
        title="Linux audit events (auditd's audit.log, raw or enriched)",
        documentation="auditd(8), ausearch(8), the Linux Audit project's record types and fields",
        open=_open,
        guess=_guess,
        joins=True,
        samples=AUDIT_SAMPLES,
    ),
    "audispd",
    "audisp-syslog",
    "auditd",
    "audit",
    "kernel",
    restore=_restore,
)
