"""Zeek's logs of who signed in where: SSH, Kerberos, NTLM, RDP, RADIUS, VNC, SOCKS, MySQL, IRC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.fields import add, integer, mac, put, put_end, text
from integrations.text import address
from integrations.times import Times
from integrations.zeek.flows import put_destination_name
from rules.ecs import Document


def _put_result(document: Document, value: Any) -> None:
    if isinstance(value, bool):
        put(document, "event.outcome", "success" if value else "failure")


def read_ssh(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    said = entry.get("auth_success")
    _put_result(document, said)
    if isinstance(said, bool):
        document["event"]["category"] = ["network", "authentication"]
        document["event"]["type"] = ["connection", "protocol", "start"]
    direction = (text(entry.get("direction")) or "").lower()
    put(document, "network.direction", direction if direction in ("inbound", "outbound") else None)
    add(
        document,
        "related.hash",
        [found for name in ("hassh", "hasshServer") if (found := text(entry.get(name)))],
    )


def read_ntlm(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "user.name", text(entry.get("username")))
    put(document, "user.domain", text(entry.get("domainname")))
    put(document, "source.domain", text(entry.get("hostname")))
    put_destination_name(document, text(entry.get("server_dns_computer_name")))
    _put_result(document, entry.get("success"))


def read_kerberos(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    kind = text(entry.get("request_type"))
    put(document, "event.action", kind)
    client = text(entry.get("client")) or ""
    name, _slash, realm = client.partition("/")
    put(document, "user.name", name)
    put(document, "user.domain", realm)
    put(document, "service.name", text(entry.get("service")))
    _put_result(document, entry.get("success"))
    put(document, "error.code", text(entry.get("error_msg")))
    put(document, "event.reason", text(entry.get("error_msg")))


def read_rdp(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    cookie = (text(entry.get("cookie")) or "").removeprefix("mstshash=")
    put(document, "user.name", cookie)
    put(document, "source.domain", text(entry.get("client_name")))
    put(document, "event.action", text(entry.get("result")))
    result = (text(entry.get("result")) or "").lower()
    if result in ("success", "succeeded"):
        put(document, "event.outcome", "success")
    elif "fail" in result or result.startswith("ssl_not"):
        put(document, "event.outcome", "failure")


def read_radius(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "user.name", text(entry.get("username")))
    result = (text(entry.get("result")) or "").lower()
    put(document, "event.outcome", {"success": "success", "failed": "failure"}.get(result, "unknown"))
    put(document, "source.mac", mac(entry.get("mac")))
    framed = text(entry.get("framed_addr"))
    if framed and address(framed):
        add(document, "related.ip", framed)
    put(document, "message", text(entry.get("reply_msg")))


def read_rfb(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    said = entry.get("auth")
    _put_result(document, said)
    if isinstance(said, bool):
        document["event"]["category"] = ["network", "authentication"]


def read_socks(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "user.name", text(entry.get("user")))
    put(document, "event.outcome", _socks(text(entry.get("status"))))
    asked = text(entry.get("request.host") or entry.get("request.name") or entry.get("request_name"))
    put_end(document, "server", asked, entry.get("request_p"))


def _socks(status: str | None) -> str | None:
    return None if status is None else "success" if status == "succeeded" else "failure"


def read_mysql(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    command = text(entry.get("cmd"))
    put(document, "event.action", command)
    argument = text(entry.get("arg"))
    if command == "query":
        put(document, "database.statement", argument)
    elif command == "login":
        put(document, "user.name", argument)
        document["event"]["category"] = ["network", "database", "authentication"]
    elif command == "init_db":
        put(document, "database.name", argument)
    put(document, "database.rows", integer(entry.get("rows")))
    _put_result(document, entry.get("success"))


def read_irc(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "event.action", text(entry.get("command")))
    put(document, "user.name", text(entry.get("user")) or text(entry.get("nick")))
    put(document, "file.name", text(entry.get("dcc_file_name")))
    put(document, "file.size", integer(entry.get("dcc_file_size")))
    put(document, "file.mime_type", text(entry.get("dcc_mime_type")))


def read_ldap(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    action = text(entry.get("opcode")) or ("search" if "base_object" in entry else None)
    put(document, "event.action", action)
    result = (text(entry.get("result")) or "").lower()
    if result:
        put(document, "event.outcome", "success" if result == "success" else "failure")
    put(document, "event.reason", text(entry.get("diagnostic_message")))
    if action and action.startswith("bind"):
        document["event"]["category"] = ["network", "authentication"]
        document["event"]["type"] = ["connection", "protocol", "start"]
        put(document, "user.name", text(entry.get("object")))
