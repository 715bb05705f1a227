"""SQL Server's audit actions: what each ``action_id`` means.

Reference: ``sys.dm_audit_actions``, and Microsoft Learn, "SQL Server Audit Action Groups and Actions".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Action(NamedTuple):
    name: str
    """event.action"""
    category: tuple[str, ...]
    type: tuple[str, ...]
    statement_class: str | None = None


_DB = ("database",)
_LOGIN = ("database", "authentication")
_IAM = ("database", "iam")
_CONFIG = ("database", "configuration")

ACTIONS: Mapping[str, Action] = {
    "LGIS": Action("login-succeeded", _LOGIN, ("start",)),
    "LGIF": Action("login-failed", _LOGIN, ("start", "denied")),
    "LGO": Action("logout", ("database", "session"), ("end",)),
    "DBAS": Action("database-authentication-succeeded", _LOGIN, ("start",)),
    "DBAF": Action("database-authentication-failed", _LOGIN, ("start", "denied")),
    "DBL": Action("database-logout", ("database", "session"), ("end",)),
    "DAGS": Action("database-authentication-succeeded", _LOGIN, ("start",)),
    "DAGF": Action("database-authentication-failed", _LOGIN, ("start", "denied")),
    "LGB": Action("broker-login", _LOGIN, ("start",)),
    "LGM": Action("database-mirroring-login", _LOGIN, ("start",)),
    "SL": Action("select", _DB, ("access",), "read"),
    "VW": Action("view", _DB, ("access",), "read"),
    "IN": Action("insert", _DB, ("change",), "write"),
    "UP": Action("update", _DB, ("change",), "write"),
    "DL": Action("delete", _DB, ("deletion",), "write"),
    "RF": Action("references", _DB, ("access",)),
    "EX": Action("execute", _DB, ("info",), "function"),
    "RC": Action("receive", _DB, ("access",), "read"),
    "BCM": Action("batch-completed", _DB, ("info",)),
    "BST": Action("batch-started", _DB, ("info",)),
    "RCM": Action("rpc-completed", _DB, ("info",)),
    "RST": Action("rpc-started", _DB, ("info",)),
    "TXCM": Action("transaction-commit", _DB, ("info",), "misc"),
    "TXRB": Action("transaction-rollback", _DB, ("info",), "misc"),
    "CR": Action("create", _DB, ("creation",), "ddl"),
    "AL": Action("alter", _DB, ("change",), "ddl"),
    "DR": Action("drop", _DB, ("deletion",), "ddl"),
    "TO": Action("take-ownership", _IAM, ("change",), "role"),
    "G": Action("grant", _IAM, ("change", "admin"), "role"),
    "GWG": Action("grant-with-grant", _IAM, ("change", "admin"), "role"),
    "D": Action("deny", _IAM, ("change", "admin"), "role"),
    "DWC": Action("deny-with-cascade", _IAM, ("change", "admin"), "role"),
    "R": Action("revoke", _IAM, ("change", "admin"), "role"),
    "RWC": Action("revoke-with-cascade", _IAM, ("change", "admin"), "role"),
    "RWG": Action("revoke-with-grant", _IAM, ("change", "admin"), "role"),
    "APRL": Action("add-member", _IAM, ("change", "group"), "role"),
    "DPRL": Action("drop-member", _IAM, ("change", "group"), "role"),
    "PWC": Action("change-password", _IAM, ("change", "user"), "role"),
    "PWCS": Action("change-own-password", _IAM, ("change", "user"), "role"),
    "PWR": Action("reset-password", _IAM, ("change", "user"), "role"),
    "PWRS": Action("reset-own-password", _IAM, ("change", "user"), "role"),
    "PWEX": Action("password-expiration", _IAM, ("change", "user"), "role"),
    "PWPL": Action("password-policy", _IAM, ("change", "user"), "role"),
    "PWU": Action("password-unlock", _IAM, ("change", "user"), "role"),
    "LGEA": Action("enable-login", _IAM, ("change", "user"), "role"),
    "LGDA": Action("disable-login", _IAM, ("change", "user"), "role"),
    "LGNM": Action("change-login-name", _IAM, ("change", "user"), "role"),
    "LGDB": Action("change-default-database", _IAM, ("change", "user"), "role"),
    "USAF": Action("change-users-login", _IAM, ("change", "user"), "role"),
    "IMP": Action("impersonate", _IAM, ("info",), "role"),
    "BA": Action("backup", _DB, ("access",), "misc"),
    "BAL": Action("backup-log", _DB, ("access",), "misc"),
    "RS": Action("restore", _DB, ("change",), "misc"),
    "DBCC": Action("dbcc", _DB, ("info",), "misc"),
    "AUSC": Action("audit-session-changed", _CONFIG, ("change",)),
    "AUSF": Action("audit-shutdown-on-failure", _CONFIG, ("change",)),
    "AUNC": Action("audit-changed", _CONFIG, ("change",)),
    "SVSR": Action("server-started", _DB, ("start",)),
    "SVSD": Action("server-shutdown", _DB, ("end",)),
    "SVPD": Action("server-paused", _DB, ("change",)),
    "SVCN": Action("server-continued", _DB, ("change",)),
    "ALST": Action("alter-server-state", _CONFIG, ("change",)),
    "ALSS": Action("alter-settings", _CONFIG, ("change",)),
    "ALCN": Action("alter-connection", _CONFIG, ("change",)),
    "XU": Action("unsafe-assembly", _DB, ("info",)),
    "XA": Action("external-access-assembly", _DB, ("info",)),
    "VSST": Action("view-server-state", _DB, ("access",), "misc"),
    "VDST": Action("view-database-state", _DB, ("access",), "misc"),
    "ACDO": Action("database-object-access", _DB, ("access",)),
    "ACO": Action("schema-object-access", _DB, ("access",)),
    "UDAU": Action("user-defined-audit", _DB, ("info",)),
}

PRINCIPALS = frozenset({"LX", "SL", "WL", "AL", "CL", "US", "SU", "WU", "AU", "RL", "SG", "AR", "WG", "GU"})
"""``class_type`` of logins, users and roles."""
TABLES = frozenset({"U", "V", "S", "IT", "ET", "SN", "TF", "IF"})
"""``class_type`` of tables, views, synonyms and table functions."""
