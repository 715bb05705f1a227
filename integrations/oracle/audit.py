"""``oracle.audit``: Oracle's unified audit (syslog, rows as JSON) and its older trails (syslog, ``.aud``, XML).

A record of any of them is described by the columns of UNIFIED_AUDIT_TRAIL; `oracle.records` reads the notations.
A unified record in syslog has no statement: its action, its object and its outcome tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from integrations.contract import Sample
from integrations.fields import add, categorise, integer, put, put_end, put_new, text
from integrations.joining import joined_source
from integrations.oracle.records import AuditRecord, read_record, starts
from integrations.sql import put_statement, read_statement, statement_type
from integrations.times import Times
from rules.ecs import Document

_ADDRESS = re.compile(r"\(HOST=([^()\s]{1,255})\)(?:\(PORT=(\d{1,5})\))?", re.IGNORECASE)
_REFUSED = frozenset({"1017", "28000", "28001", "1005", "1045"})
"""ORA-… of logons: wrong, locked, expired, no password, no privilege."""
_NOT_ALLOWED = frozenset({"1031", "942", "1950", "41900"})
"""ORA-… of statements: insufficient privileges, or an object that one may not see."""
_ROLE = ("GRANT", "REVOKE")
_AUDITING = (
    "AUDIT",
    "NOAUDIT",
    "SYSTEM AUDIT",
    "SYSTEM NOAUDIT",
    "CREATE AUDIT POLICY",
    "DROP AUDIT POLICY",
    "ALTER AUDIT POLICY",
)


def _read(record: str, times: Times) -> Document | None:
    found = read_record(record, times)
    return None if found is None else _describe(found)


def _describe(record: AuditRecord) -> Document:
    columns = record.columns
    document: Document = {"@timestamp": record.time}
    action = columns.get("ACTION_NAME", "")
    word = action.upper() if len(action) < 64 and "\n" not in action else ""
    statement = columns.get("SQL_TEXT") or ("" if _is_name(word) else action)
    code = columns.get("RETURN_CODE", "").strip()
    outcome = ("success" if code == "0" else "failure") if code else None
    _object(document, columns, word, statement)
    kind = document.get("database", {}).get("statement_class")
    categories, types, name = _meaning(word, statement, kind)
    if outcome == "failure" and (code.lstrip("-") in _NOT_ALLOWED or "authentication" in categories):
        types = [*types, "denied"]
    categorise(document, categories, types, action=name, outcome=outcome)
    put(
        document,
        "event.code",
        f"ORA-{integer(code):05}" if outcome == "failure" and (integer(code) or -1) > 0 else None,
    )
    _people(document, columns)
    _client(document, columns)
    put(document, "host.name", record.host)
    put(document, "host.hostname", record.host)
    put(document, "process.pid", record.pid)
    put(document, "session.id", columns.get("SESSIONID"))
    document["vendor"] = record.vendor
    return document


def _is_name(word: str) -> bool:
    """Whether an action is named, as ``LOGON`` or ``CREATE TABLE``: older trails have the statement there."""
    return word in {"CONNECT", "STARTUP", "SHUTDOWN"} or (
        bool(word) and len(word.split()) < 5 and word.replace(" ", "").replace("/", "").isalpha()
    )


def _object(document: Document, columns: Mapping[str, str], word: str, statement: str) -> None:
    put(document, "database.name", columns.get("DBNAME") or columns.get("PDB_NAME"))
    thing = columns.get("OBJECT_NAME")
    put(document, "database.schema", columns.get("OBJECT_SCHEMA"))
    if statement:
        put_statement(document, statement)
    if _is_name(word) and (by_name := read_statement(word)) is not None:
        kind = by_name.statement_class
        if word.startswith(("SYSTEM GRANT", "SYSTEM REVOKE")):
            kind = "role"
        elif "EXECUTE" in word:
            kind = "function"
        if word not in {"LOGON", "LOGOFF", "CONNECT"} and not word.startswith("LOGOFF"):
            put_new(document, "database.statement_class", kind)
    kind = document.get("database", {}).get("statement_class")
    if (
        thing
        and kind in {"read", "write", "ddl"}
        and not any(other in word for other in ("INDEX", "TRIGGER", "PACKAGE"))
    ):
        put(document, "database.table", thing)


def _meaning(word: str, statement: str, kind: str | None) -> tuple[list[str], list[str], str]:
    named = word if _is_name(word) else ""
    name = (
        (named or statement.split(None, 1)[0] if (named or statement.strip()) else "audit")
        .lower()
        .replace(" ", "-")
        .replace("/", "-")[:64]
    )
    if named in {"LOGON", "CONNECT"}:
        return ["database", "authentication"], ["start"], name
    if named.startswith("LOGOFF"):
        return ["database", "session"], ["end"], name
    if named in {"STARTUP", "SHUTDOWN"}:
        return ["database"], ["start" if named == "STARTUP" else "end"], name
    if named.startswith(_AUDITING) or named in {"ALTER SYSTEM", "ALTER DATABASE"}:
        return ["database", "configuration"], ["change"], name
    types = statement_type(kind, named or statement)
    if kind == "role":
        return (
            ["database", "iam"],
            [*types, "admin" if any(other in name for other in ("grant", "revoke")) else "user"],
            name,
        )
    return ["database"], types, name


def _people(document: Document, columns: Mapping[str, str]) -> None:
    user = columns.get("DBUSERNAME")
    put(document, "user.name", user if user != "/" else columns.get("OS_USERNAME"))
    current = columns.get("CURRENT_USER")
    if current and current != user:
        put(document, "user.effective.name", current)
    if (
        (privilege := columns.get("SYSTEM_PRIVILEGE_USED"))
        and privilege not in {"NONE", "0"}
        and not privilege.isdigit()
    ):
        put(document, "user.roles", [part.strip() for part in privilege.split(",")][:50])
    if target := columns.get("TARGET_USER"):
        put(document, "user.target.name", target)
    if role := columns.get("ROLE"):
        put(document, "group.name", role)
    if system := columns.get("OS_USERNAME"):
        put(document, "client.user.name", system)
        add(document, "related.user", system)


def _client(document: Document, columns: Mapping[str, str]) -> None:
    said = columns.get("CLIENT_ADDRESS") or columns.get("AUTHENTICATION_TYPE") or ""
    match = _ADDRESS.search(said[:4096])
    host = text(columns.get("USERHOST"))
    name = host.rpartition("\\")[2] if host else None
    for side in ("client", "source"):
        if match:
            put_end(document, side, match[1], match[2])
        if name and name != document.get(side, {}).get("address"):
            put(document, f"{side}.domain", name)
            put_new(document, f"{side}.address", name)
    put(document, "user_agent.original", columns.get("CLIENT_PROGRAM_NAME"))


def _recognise(line: str) -> bool:
    head = line[:2000].lstrip()
    if head.startswith("{"):
        upper = head.upper()
        return '"ACTION_NAME"' in upper and ('"DBUSERNAME"' in upper or '"RETURN_CODE"' in upper)
    return starts(line.encode("utf-8", "surrogatepass")) and not head.startswith("<?xml")


AUDIT = joined_source(
    "oracle.audit",
    "Oracle Database audit trail (unified and traditional: syslog, .aud, XML, JSON rows)",
    "Oracle Database Security Guide, Administering the Audit Trail; Database Reference, UNIFIED_AUDIT_TRAIL",
    starts,
    _read,
    _recognise,
    (
        Sample('Mar 30 16:01:36 db-1 Oracle Audit[4711]: LENGTH : \'160\' ACTION :[7] \'CONNECT\' DATABASE USER:[1] \'/\' PRIVILEGE :[6] \'SYSDBA\' '
               'CLIENT USER:[6] \'oracle\' CLIENT TERMINAL:[5] \'pts/0\' STATUS:[1] \'0\' DBID:[10] \'1234567890\' ',
               {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "connect", "event.category": ["database", "authentication"],
                "event.type": ["start"], "event.outcome": "success", "user.name": "oracle", "user.roles": ["SYSDBA"], "client.user.name": "oracle",
                "host.name": "db-1", "process.pid": 4711, "vendor.CLIENT TERMINAL": "pts/0"}),
        Sample('Mar 30 16:01:36 db-1 Oracle Audit[4711]: LENGTH: "305" SESSIONID:[9] "340036523" ENTRYID:[1] "1" USERID:[5] "SCOTT" USERHOST:[13] "EXAMPLE\\APP-1" '
               'TERMINAL:[5] "APP-1" ACTION:[3] "100" RETURNCODE:[4] "1017" COMMENT$TEXT:[100] "Authenticated by: DATABASE; Client address: '
               '(ADDRESS=(PROTOCOL=tcp)(HOST=203.0.113.9)(PORT=1749))" OS$USERID:[3] "bob" DBID:[7] "1304234"',
               {"event.action": "logon", "event.outcome": "failure", "event.type": ["start", "denied"], "event.code": "ORA-01017", "user.name": "SCOTT",
                "source.ip": "203.0.113.9", "source.port": 1749, "source.domain": "APP-1", "session.id": "340036523"}),
        Sample("Mon Mar 30 16:01:36 2026 +02:00\nLENGTH : '275'\nACTION :[37] 'select \"a\" from hr.salaries\nwhere 'x''\nDATABASE USER:[3] 'SYS'\nPRIVILEGE :[6] 'SYSDBA'\n"
               "CLIENT USER:[6] 'oracle'\nCLIENT TERMINAL:[0] ''\nSTATUS:[1] '0'\nDBID:[10] '2780785463'\nSESSIONID:[10] '4294967295'\nUSERHOST:[4] 'db-1'\n"
               "CLIENT ADDRESS:[50] '(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.44)(PORT=5123))'\nACTION NUMBER:[1] '3'",
               {"@timestamp": "2026-03-30T14:01:36.000Z", "event.action": "select", "event.type": ["access"], "database.statement_class": "read",
                "database.table": "salaries", "database.statement": "select \"a\" from hr.salaries\nwhere 'x'", "source.ip": "192.0.2.44"}),
        Sample('Mar 30 16:01:36 db-1 Oracle Unified Audit[4711]: LENGTH: \'220\' TYPE:"4" DBID:"2394738957" SESID:"1192358" CLIENTID:"" ENTRYID:"1" STMTID:"2" '
               'DBUSER:"ALICE" CURUSER:"HR" ACTION:"3" RETCODE:"942" SCHEMA:"HR" OBJNAME:"SALARIES" PDB_GUID:"86B637B62FDF7A65E053F706E80A27CA"',
               {"event.action": "select", "event.outcome": "failure", "event.type": ["access", "denied"], "event.code": "ORA-00942", "user.name": "ALICE",
                "user.effective.name": "HR", "database.table": "SALARIES", "database.schema": "HR", "database.statement_class": "read"}),
        Sample('{"EVENT_TIMESTAMP_UTC":"2026-03-30T16:01:36.123456","DBUSERNAME":"ALICE","OS_USERNAME":"alice","USERHOST":"app-1","ACTION_NAME":"GRANT",'
               '"SQL_TEXT":"GRANT DBA TO EVE","RETURN_CODE":0,"ROLE":"DBA","TARGET_USER":"EVE","SYSTEM_PRIVILEGE_USED":"GRANT ANY ROLE",'
               '"AUTHENTICATION_TYPE":"(TYPE=(DATABASE));(CLIENT ADDRESS=((PROTOCOL=tcp)(HOST=2001:db8::7)(PORT=51000)));","CLIENT_PROGRAM_NAME":"sqlplus"}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "grant", "event.category": ["database", "iam"], "event.type": ["change", "admin"],
                "user.target.name": "EVE", "group.name": "DBA", "source.ip": "2001:db8::7", "source.port": 51000, "database.statement": "GRANT DBA TO EVE"}),
        Sample("<AuditRecord><Audit_Type>1</Audit_Type><Session_Id>7</Session_Id><Extended_Timestamp>2026-03-30T16:01:36.123456Z</Extended_Timestamp>"
               "<DB_User>BOB</DB_User><OS_User>bob</OS_User><Userhost>app-1</Userhost><OS_Process>4711</OS_Process><Object_Schema>HR</Object_Schema>"
               "<Object_Name>SALARIES</Object_Name><Action>12</Action><Returncode>0</Returncode><Sql_Text>drop table hr.salaries</Sql_Text></AuditRecord>",
               {"event.action": "drop-table", "event.type": ["deletion"], "database.table": "SALARIES", "process.pid": 4711, "user.name": "BOB"}),
    ),
)  # fmt: skip
