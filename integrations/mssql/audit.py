"""``mssql.audit``: SQL Server Audit: rows of ``sys.fn_get_audit_file`` as JSON, and the text of the events 33205
(``audit_schema_version:1\\nevent_time:…``) that Windows' event log gets.

Reference: Microsoft Learn, "sys.fn_get_audit_file" and "SQL Server Audit Records". The times are UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, mapping, objects, pick, put, put_end, put_new, text
from integrations.joining import joined_source
from integrations.mssql.actions import ACTIONS, PRINCIPALS, TABLES, Action
from integrations.normalisers import load_object
from integrations.sql import put_statement, statement_type
from integrations.times import Times
from rules.ecs import Document

_NAMES = """
audit_schema_version event_time sequence_number action_id succeeded is_column_permission session_id server_principal_id
database_principal_id target_server_principal_id target_database_principal_id object_id user_defined_event_id
transaction_id class_type duration_milliseconds response_rows affected_rows client_ip permission_bitmask
sequence_group_id session_server_principal_name server_principal_name server_principal_sid database_principal_name
target_server_principal_name target_server_principal_sid target_database_principal_name server_instance_name
database_name schema_name object_name statement additional_information user_defined_information application_name
connection_id data_sensitivity_information host_name client_tls_version client_tls_version_name
database_transaction_id ledger_start_sequence_number external_policy_permissions_checked
obo_middle_tier_app_id is_local_secondary_replica
""".split()
_FIELD = re.compile(rf"(?:^|(?<=\n)|(?<=Audit event: ))({'|'.join(_NAMES)}):", re.ASCII)
_ADDRESS = re.compile(r"<address>([^<]{1,64})</address>")
_CLIENT = re.compile(r"\[CLIENT: ([^\]\s]{1,64})\]")
_NOBODY = frozenset({"local machine", "local", "Unknown", "<local machine>"})


def _read(record: str, times: Times) -> list[Document]:
    bare = record.strip()
    if '"winlog"' in bare or '"EventID"' in bare:
        return [_of_windows(load_object(bare), times)]
    if bare[:1] not in {"{", "["}:
        return [_describe(_fields(record), times)]
    bare = bare.lstrip("[").rstrip("],").strip()
    if bare.count('"event_time"') < 2:
        return [_describe(load_object(bare), times)]
    return [_describe(row, times) for row in objects(load_object(f'{{"rows":[{bare}]}}')["rows"])]


def _of_windows(entry: dict[str, Any], times: Times) -> Document:
    """Read event 33205 of Windows' log as Winlogbeat, NXLog or evtx_dump give it: its text is in the first
    parameter, or in the message."""
    winlog = mapping(entry.get("winlog"))
    data = mapping(winlog.get("event_data"))
    raw = pick(entry, "Event.EventData.Data")
    first = raw[0] if isinstance(raw, list) and raw else raw
    listed = mapping(first).get("#text")
    said = (
        data.get("param1"), data.get("Data"), first, listed[0] if isinstance(listed, list) and listed else listed,
        entry.get("Message"), entry.get("message"),
    )  # fmt: skip
    found = next((one for one in said if isinstance(one, str) and "action_id:" in one), None)
    if found is None:
        raise UnparsedError("expected an event 33205 of SQL Server, with action_id in its text")
    document = _describe(_fields(found[max(0, found.find("audit_schema_version:")) :]), times)
    host = text(winlog.get("computer_name")) or text(entry.get("Hostname"))
    put_new(document, "host.name", host or text(pick(entry, "Event.System.Computer")))
    put(document, "event.provider", text(winlog.get("provider_name")) or text(entry.get("SourceName")))
    return document


def _describe(row: dict[str, Any], times: Times) -> Document:
    stamp, action_id = row.get("event_time"), text(row.get("action_id"))
    if action_id is None:
        raise UnparsedError("expected event_time and action_id, as sys.fn_get_audit_file names them")
    if isinstance(stamp, str) and not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", stamp.strip(), re.ASCII):
        stamp = f"{stamp.strip()}Z"
    document: Document = {"@timestamp": times.required(times.iso(stamp))}
    action = ACTIONS.get(action_id) or Action(action_id.lower(), ("database",), ("info",))
    _database(document, row, action)
    categories, types = list(action.category), list(action.type)
    if types == ["info"] and "statement_class" in document.get("database", {}):
        types = statement_type(document["database"]["statement_class"], text(row.get("statement")) or "")
    succeeded = (text(row.get("succeeded")) or "").lower()
    outcome = {"true": "success", "1": "success", "false": "failure", "0": "failure"}.get(succeeded)
    if outcome == "failure" and "denied" not in types:
        types.append("denied")
    categorise(document, categories, types, action=action.name, outcome=outcome)
    put(document, "event.code", action_id)
    put(document, "event.sequence", integer(row.get("sequence_number")))
    if (taken := integer(row.get("duration_milliseconds"))) is not None and 0 < taken < 10**12:
        put(document, "event.duration", taken * 1_000_000)
    _people(document, row, action)
    _client(document, row)
    instance = text(row.get("server_instance_name"))
    put(document, "service.name", instance)
    put(document, "host.name", instance.partition("\\")[0] if instance else None)
    if "authentication" in categories and outcome == "failure":
        put(document, "event.reason", text(row.get("statement")))
    document["vendor"] = row
    return document


def _fields(record: str) -> dict[str, Any]:
    """Part the text of an event into its fields; a statement may have lines of its own."""
    matches = list(_FIELD.finditer(record))[:200]
    found: dict[str, Any] = {}
    for at, match in enumerate(matches):
        end = matches[at + 1].start() if at + 1 < len(matches) else len(record)
        value = record[match.end() : end].strip("\n\r ")
        if at + 1 == len(matches):
            value = value.removesuffix(".").rstrip()
        if value:
            found.setdefault(match[1], value)
    return found


def _database(document: Document, row: Mapping[str, Any], action: Action) -> None:
    put(document, "database.name", text(row.get("database_name")))
    kind, thing = text(row.get("class_type")), text(row.get("object_name"))
    if thing and kind in TABLES:
        put(document, "database.table", thing)
    put(document, "database.statement_class", action.statement_class)
    if "authentication" not in action.category:
        put_statement(document, row.get("statement"))
    rows = "affected_rows" if action.statement_class == "write" else "response_rows"
    put(document, "database.rows", integer(row.get(rows)))
    if kind in PRINCIPALS and thing and action.statement_class in {"ddl", "role"}:
        put(document, "user.target.name", thing)
        document["database"]["statement_class"] = "role"


def _people(document: Document, row: Mapping[str, Any], action: Action) -> None:
    who = text(row.get("session_server_principal_name")) or text(row.get("server_principal_name"))
    domain, separator, name = (who or "").rpartition("\\")
    put(document, "user.name", name if separator else who)
    put(document, "user.domain", domain)
    other = text(row.get("server_principal_name"))
    if other and other != who:
        put(document, "user.effective.name", other.rpartition("\\")[2])
    target = text(row.get("target_server_principal_name")) or text(row.get("target_database_principal_name"))
    if target:
        put(document, "user.target.name", target.rpartition("\\")[2])
    if action.name in {"add-member", "drop-member"}:
        put(document, "group.name", text(row.get("object_name")))
        if not target and "user" in document:
            document["user"].pop("target", None)


def _client(document: Document, row: Mapping[str, Any]) -> None:
    ip = text(row.get("client_ip"))
    if ip is None or ip in _NOBODY:
        more = text(row.get("additional_information")) or ""
        said = _ADDRESS.search(more[:8192]) or _CLIENT.search((text(row.get("statement")) or "")[:4096])
        ip = said[1] if said and said[1] not in _NOBODY else None
    for side in ("client", "source"):
        put_end(document, side, ip)
        if host := text(row.get("host_name")):
            put_new(document, f"{side}.domain", host)
    put(document, "user_agent.original", text(row.get("application_name")))


def _starts(data: bytes) -> bool:
    line = data[:256].lstrip()
    return line.startswith((b"{", b"[", b"Audit event: ", b"audit_schema_version:"))


def _recognise(line: str) -> bool:
    if line.lstrip().startswith(("{", "[")):
        if "action_id:" in line and "audit_schema_version:" in line:
            return "33205" in line
        return '"action_id"' in line and '"event_time"' in line
    return line.startswith(
        ("Audit event: audit_schema_version:", "audit_schema_version:", "Audit event: event_time:")
    )


_TEXT = """audit_schema_version:1
event_time:2026-03-30 16:01:36.1234567
sequence_number:1
action_id:{action}
succeeded:{succeeded}
session_id:57
class_type:{kind}
client_ip:{client}
session_server_principal_name:{who}
server_principal_name:{who}
server_instance_name:DB-1\\SQL2022
database_name:{database}
schema_name:dbo
object_name:{thing}
statement:{statement}
additional_information:{more}
."""

AUDIT = joined_source(
    "mssql.audit",
    "Microsoft SQL Server Audit (event text and rows as JSON)",
    "Microsoft Learn, SQL Server Audit Records; sys.fn_get_audit_file; sys.dm_audit_actions",
    _starts,
    _read,
    _recognise,
    (
        Sample("Audit event: " + _TEXT.format(action="SL  ", succeeded="true", kind="U ", client="198.51.100.7", who="EXAMPLE\\alice", database="hr",
               thing="salaries", statement="SELECT *\nFROM dbo.salaries", more=""),
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "select", "event.category": ["database"], "event.type": ["access"],
                "event.outcome": "success", "event.code": "SL", "user.name": "alice", "user.domain": "EXAMPLE", "source.ip": "198.51.100.7",
                "database.name": "hr", "database.table": "salaries", "database.statement_class": "read", "database.statement": "SELECT *\nFROM dbo.salaries",
                "host.name": "DB-1", "service.name": "DB-1\\SQL2022"}),
        Sample(orjson.dumps({
                   "@timestamp": "2026-03-30T16:01:37Z", "event": {"code": "33205", "provider": "MSSQLSERVER"}, "message": "Audit event: …",
                   "winlog": {"event_id": "33205", "channel": "Security", "provider_name": "MSSQLSERVER", "computer_name": "db-1.example.com",
                              "event_data": {"param1": _TEXT.format(action="LGIS", succeeded="true", kind="LX", client="198.51.100.7", who="EXAMPLE\\alice",
                                                                     database="", thing="", statement="-- network protocol: TCP/IP", more="")}}}).decode(),
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.category": ["database", "authentication"], "event.outcome": "success", "user.name": "alice",
                "source.ip": "198.51.100.7", "host.name": "DB-1", "event.provider": "MSSQLSERVER"}),
        Sample(_TEXT.format(action="LGIF", succeeded="false", kind="LX", client="", who="sa", database="", thing="",
               statement="Login failed for user 'sa'. Reason: Password did not match that for the login provided. [CLIENT: 203.0.113.9]", more=""),
               {"event.action": "login-failed", "event.category": ["database", "authentication"], "event.type": ["start", "denied"],
                "event.outcome": "failure", "user.name": "sa", "source.ip": "203.0.113.9",
                "event.reason": "Login failed for user 'sa'. Reason: Password did not match that for the login provided. [CLIENT: 203.0.113.9]"}),
        Sample('{"event_time":"2026-03-30T16:01:36.1234567","sequence_number":1,"action_id":"APRL","succeeded":true,"class_type":"SG","session_id":57,'
               '"server_principal_name":"alice","target_server_principal_name":"eve","object_name":"sysadmin","database_name":"master",'
               '"statement":"ALTER SERVER ROLE sysadmin ADD MEMBER eve","server_instance_name":"DB-1","client_ip":"2001:db8::7","application_name":"SSMS"}',
               {"event.action": "add-member", "event.category": ["database", "iam"], "event.type": ["change", "group"], "user.target.name": "eve",
                "group.name": "sysadmin", "database.statement_class": "role", "source.ip": "2001:db8::7"}),
        Sample('{"event_time":"2026-03-30T16:01:36Z","action_id":"BCM ","succeeded":1,"statement":"SELECT * FROM hr.dbo.salaries","response_rows":250000,'
               '"duration_milliseconds":1200,"server_principal_name":"bob","host_name":"app-1","database_name":"hr"}',
               {"event.action": "batch-completed", "event.type": ["access"], "database.rows": 250000, "database.table": "salaries",
                "event.duration": 1200000000, "source.domain": "app-1"}),
        Sample('{"event_time":"2026-03-30T16:01:36Z","action_id":"DL","succeeded":false,"class_type":"U","object_name":"salaries","affected_rows":0,'
               '"server_principal_name":"bob","statement":"DELETE FROM salaries"}',
               {"event.outcome": "failure", "event.type": ["deletion", "denied"], "database.rows": 0}),
        Sample('{"event_time":"2026-03-30T16:01:36Z","action_id":"CR","succeeded":true,"class_type":"SL","object_name":"eve","server_principal_name":"bob",'
               '"statement":"CREATE LOGIN eve WITH PASSWORD = \'******\'"}',
               {"event.action": "create", "user.target.name": "eve", "database.statement_class": "role"}),
        Sample('[{"event_time":"2026-03-30T16:01:36Z","action_id":"LGO ","succeeded":true,"server_principal_name":"bob"},'
               '{"event_time":"2026-03-30T16:01:37Z","action_id":"LGO ","succeeded":true}]', {"event.action": "logout", "user.name": "bob"}),
        Sample('{"event_time":"2026-03-30T16:01:36Z","action_id":"ZZZZ","succeeded":true}', {"event.action": "zzzz", "event.type": ["info"]}),
    ),
)  # fmt: skip
