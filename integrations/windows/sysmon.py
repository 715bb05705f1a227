"""Sysmon's events, on Windows and on Linux: users, hashes, connections, names asked for, registry values.

Elements by event: https://learn.microsoft.com/sysinternals/downloads/sysmon
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from integrations.fields import integer
from integrations.flows import put_flow
from integrations.text import address
from integrations.web import domain_parts
from integrations.windows.names import DNS_STATUSES
from integrations.windows.records import WindowsRecord
from rules.ecs import Document

DNS_TYPES = {
    "1": "A", "2": "NS", "5": "CNAME", "6": "SOA", "12": "PTR", "15": "MX", "16": "TXT", "24": "SIG", "25": "KEY",
    "28": "AAAA", "33": "SRV", "35": "NAPTR", "43": "DS", "46": "RRSIG", "47": "NSEC", "48": "DNSKEY",
    "52": "TLSA", "65": "HTTPS", "249": "TKEY", "250": "TSIG", "251": "IXFR", "252": "AXFR", "255": "ANY",
    "65281": "WINS", "65282": "WINSR",
}  # fmt: skip
_HASHES = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}


@lru_cache(maxsize=4096)
def _minute(text: str) -> bool:
    """Whether ``2025-10-24 23:41`` is one, and written so."""
    try:
        return f"{datetime.strptime(text, '%Y-%m-%d %H:%M'):%Y-%m-%d %H:%M}" == text
    except ValueError:
        return False


def utc(value: Any) -> str | None:
    """Return one of Sysmon's times (``2025-10-24 23:41:00.589``) as ECS writes it."""
    if type(value) is not str or len(value) != 23 or value[16] != ":" or value[19] != ".":
        return None
    seconds, rest = value[17:19], value[20:]
    if not (value.isascii() and seconds.isdecimal() and rest.isdecimal()) or seconds > "59":
        return None
    return f"{value[:10]}T{value[11:]}Z" if _minute(value[:16]) else None


def split_user(value: Any) -> dict[str, str]:
    """Return ``name`` and ``domain`` of ``DOMAIN\\name``, as far as it has them."""
    if type(value) is not str or value in ("", "-"):
        return {}
    domain, separator, name = value.partition("\\")
    if not separator:
        return {"name": value}
    return (
        {"name": name, "domain": domain}
        if domain and name
        else {"name": name or domain}
        if name or domain
        else {}
    )


def _any(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    if (moment := utc(data.get("UtcTime"))) is not None:
        document["@timestamp"] = moment
    user = split_user(data.get("User") or data.get("SourceUser"))
    if user:
        if record.sid == "S-1-5-18" and user.get("name") == "SYSTEM":
            user["id"] = "S-1-5-18"
        document["user"] = user
    process = document.get("process")
    if process is None:
        process = document["process"] = {}
    pid = data.get("ProcessId") or data.get("SourceProcessId")
    if pid is not None and (number := integer(pid)) is not None:
        process["pid"] = number
    if (thread := integer(data.get("SourceThreadId"))) is not None:
        process["thread"] = {"id": thread}
    if not process:
        del document["process"]
    rule = data.get("RuleName")
    if type(rule) is str and rule not in ("", "-"):
        _set_rule(rule, document)
    if (registry := document.get("registry")) is not None:
        _registry(record, data, registry)
    if "Hashes" in data and "file" in document:
        put_hashes(data, document["file"])


def _set_rule(rule: str, document: Document) -> None:
    """Set the configuration's rule; many write ATT&CK's technique in it: ``technique_id=T1059,technique_name=…``."""
    document["rule"] = {"name": rule}
    if "technique_id=" not in rule:
        return
    pairs = dict(part.partition("=")[::2] for part in rule.split(","))
    technique = {}
    if (id := pairs.get("technique_id", "").strip()) and id.startswith("T"):
        technique["id"] = [id]
    if name := pairs.get("technique_name", "").strip():
        technique["name"] = [name]
    if technique:
        document["threat"] = {"framework": "MITRE ATT&CK", "technique": technique}


def _registry(record: WindowsRecord, data: Mapping[str, Any], registry: dict[str, Any]) -> None:
    kind = data.get("EventType")
    if record.code == 12 and kind in ("CreateKey", "DeleteKey"):
        registry["is_key"] = True
    if record.code != 13 or type(details := data.get("Details")) is not str or not details:
        return
    if details.startswith(("DWORD (0x", "QWORD (0x")) and details.endswith(")"):
        high, _, low = details[7:-1].partition("-")
        number = integer(high) if not low else integer(f"{high}{low.removeprefix('0x')}")
        if number is not None:
            registry["data"] = {"type": f"SZ_{details[:5]}", "strings": [str(number)]}
    elif details == "Binary Data":
        registry["data"] = {"type": "REG_BINARY"}
    else:
        registry["data"] = {"type": "REG_SZ", "strings": [details]}


def put_hashes(data: Mapping[str, Any], into: dict[str, Any]) -> None:
    """Set ``hash`` and ``pe.imphash`` of ``SHA1=…,MD5=…,SHA256=…,IMPHASH=…``."""
    text = data.get("Hashes")
    if type(text) is not str or text in ("", "-"):
        return
    found: dict[str, str] = {}
    for part in text.split(",", 16)[:16]:
        name, _, value = part.partition("=")
        if not value.isalnum() or not value.strip("0"):
            continue
        if (field := _HASHES.get(name)) is not None:
            found[field] = value.lower()
        elif name == "IMPHASH":
            into.setdefault("pe", {})["imphash"] = value.lower()
    if found:
        into["hash"] = found


def _begun(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _any(record, data, document)
    process = document.setdefault("process", {})
    put_hashes(data, process)
    if (pid := integer(data.get("ParentProcessId"))) is not None:
        process.setdefault("parent", {})["pid"] = pid
    if parent := split_user(data.get("ParentUser")):
        process.setdefault("parent", {})["user"] = parent
    if type(logon := data.get("LogonId")) is str and logon:
        document["winlog"]["logon"] = {"id": logon}
    if not process:
        del document["process"]


def _connected(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _any(record, data, document)
    network = document.setdefault("network", {})
    source = document.get("source")
    name = data.get("SourceHostname")
    if type(name) is str and name not in ("", "-") and source:
        source["domain"] = name
    service = data.get("DestinationPortName")
    if type(service) is str and service not in ("", "-"):
        network["protocol"] = service.lower()
    put_flow(document)


def _with_file(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _any(record, data, document)
    file = document.setdefault("file", {})
    put_hashes(data, file)
    if record.code == 15 and type(data.get("Hash")) is str:
        put_hashes({"Hashes": data["Hash"]}, file)
    _sign(data, file)
    if record.code == 24:
        if (session := data.get("Session")) and type(session) is str:
            document["session"] = {"id": session}
        _client(data, document)
    if not file:
        del document["file"]


def _client(data: Mapping[str, Any], document: Document) -> None:
    """Take the remote user of ``user: DOMAIN\\name ip: 192.0.2.1 hostname: pc-1``."""
    info = data.get("ClientInfo")
    if type(info) is not str:
        return
    found = info.partition("ip: ")[2].split(" ", 1)[0].strip()
    if ip := address(found):
        document["source"] = {"ip": ip, "address": ip}


def _sign(data: Mapping[str, Any], file: dict[str, Any]) -> None:
    subject, status = data.get("Signature"), data.get("SignatureStatus")
    if type(subject) is str and subject not in ("", "-"):
        file.setdefault("code_signature", {})["subject_name"] = subject
    if type(status) is str and status not in ("", "-", "Unavailable"):
        file.setdefault("code_signature", {})["valid"] = status == "Valid"


def _loaded(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _with_file(record, data, document)
    file = document.get("file")
    if not file:
        return
    dll: dict[str, Any] = {
        name: dict(file[name]) for name in ("hash", "pe", "code_signature") if name in file
    }
    if (path := file.get("path")) is not None:
        dll["path"] = path
        dll["name"] = path.rpartition("\\" if "\\" in path else "/")[2]
    document["dll"] = dll


def _query(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _any(record, data, document)
    document["network"] = {"protocol": "dns"}
    put_answers(data, document)


def put_answers(data: Mapping[str, Any], document: Document) -> None:
    """Set ``dns.*`` of a query with its results: ``type:  5 www.example.org;::ffff:192.0.2.1;``."""
    dns = document.setdefault("dns", {})
    question = dns.get("question")
    if question and (name := question.get("name")):
        question.update(domain_parts(name))
    status = data.get("QueryStatus")
    if type(status) is str and status not in ("", "-"):
        name = DNS_STATUSES.get(status, status)
        document["sysmon"] = {"dns": {"status": name}}
        document["event"]["outcome"] = "success" if status == "0" else "failure"
    results = data.get("QueryResults")
    if type(results) is not str or results in ("", "-"):
        return
    answers: list[dict[str, str]] = []
    resolved: list[str] = []
    for part in results.split(";")[:256]:
        part = part.strip()
        if not part:
            continue
        if part.startswith("type:"):
            kind, _, value = part[5:].strip().partition(" ")
            if value:
                answers.append({"type": DNS_TYPES.get(kind, kind), "data": value.strip()})
        elif (ip := address(part)) is not None:
            answers.append({"type": "AAAA" if ":" in ip else "A", "data": ip})
            if ip not in resolved:
                resolved.append(ip)
    if answers:
        dns["answers"] = answers
    if resolved:
        dns["resolved_ip"] = resolved


def _error(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _any(record, data, document)
    if type(code := data.get("ID")) is str and code:
        document["error"] = {"code": code}


SYSMON_READERS = {
    "sysmon": _any,
    "sysmon_started": _begun,
    "sysmon_connected": _connected,
    "sysmon_file": _with_file,
    "sysmon_loaded": _loaded,
    "sysmon_query": _query,
    "sysmon_error": _error,
}
