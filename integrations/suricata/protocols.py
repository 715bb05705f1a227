"""What Suricata's parsers say of a protocol, in ECS. Each reader gets the event type's own object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.access import outcome_of
from integrations.certificates import distinguished
from integrations.dns import put_answers, put_code, put_question
from integrations.fields import (
    add,
    integer,
    mac,
    mapping,
    objects,
    put,
    put_end,
    put_ip,
    put_new,
    text,
)
from integrations.text import address
from integrations.web import agent_fields, put_path, put_url
from rules.ecs import Document

_FLAGS = (("aa", "AA"), ("tc", "TC"), ("rd", "RD"), ("ra", "RA"))
_OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE"}


def read_http(document: Document, http: Mapping[str, Any]) -> None:
    put_url(document, text(http.get("url")))
    if host := text(http.get("hostname")):
        put(document, "url.domain", host)
        put(document, "destination.domain", None if address(host) else host)
    put(document, "url.port", integer(http.get("http_port")))
    put(document, "http.request.method", text(http.get("http_method")))
    put(document, "http.request.referrer", text(http.get("http_refer")))
    put(document, "http.response.mime_type", text(http.get("http_content_type")))
    put(document, "http.response.body.bytes", integer(http.get("length")))
    if version := text(http.get("protocol") or http.get("version")):
        put(document, "http.version", version.removeprefix("HTTP/"))
    if status := integer(http.get("status")):
        put(document, "http.response.status_code", status)
        if document["event"].get("kind") != "alert":
            put(document, "event.outcome", outcome_of(status))
    if agent := text(http.get("http_user_agent")):
        document["user_agent"] = agent_fields(agent)
    forwarded = (text(http.get("xff")) or "").partition(",")[0]
    put_ip(document, "network.forwarded_ip", forwarded)


def read_dns(document: Document, dns: Mapping[str, Any]) -> None:
    """Versions 1 (one event a record), 2 (``answers``) and 3 (``queries``); alerts nest ``query``/``answer``."""
    nested = [*objects(dns.get("answer")), *objects(dns.get("query"))]
    inner: Mapping[str, Any] = nested[0] if nested else {}
    if inner and "rrname" not in dns and "queries" not in dns:
        dns = inner
    queries = objects(dns.get("queries"))
    asked: Mapping[str, Any] = queries[0] if queries else dns
    kind = text(dns.get("type"))
    answered = kind in ("answer", "response") or dns.get("qr") is True
    put(document, "dns.type", "answer" if answered else "query")
    put_question(document, asked.get("rrname"), None)
    if queries or not (answered and "rdata" in dns):
        put_question(document, None, asked.get("rrtype"))
    put(document, "dns.id", text(dns.get("id")))
    opcode = integer(dns.get("opcode"))
    put(document, "dns.op_code", _OPCODES.get(opcode) if opcode is not None else None)
    put(document, "dns.header_flags", [name for key, name in _FLAGS if dns.get(key) is True])
    if answered:
        put_code(document, dns.get("rcode"))
    answers = [
        {
            "name": one.get("rrname"),
            "type": one.get("rrtype"),
            "ttl": one.get("ttl"),
            "data": one.get("rdata"),
        }
        for one in objects(dns.get("answers"))
    ]
    if not answers and "rdata" in dns:
        answers = [
            {
                "name": dns.get("rrname"),
                "type": dns.get("rrtype"),
                "ttl": dns.get("ttl"),
                "data": dns["rdata"],
            }
        ]
    put_answers(document, answers)


def read_tls(document: Document, tls: Mapping[str, Any]) -> None:
    put(document, "tls.server.subject", text(tls.get("subject")))
    put(document, "tls.server.issuer", text(tls.get("issuerdn")))
    put(document, "tls.server.x509.serial_number", (text(tls.get("serial")) or "").replace(":", "").upper())
    put(document, "tls.server.not_before", _time(tls.get("notbefore")))
    put(document, "tls.server.not_after", _time(tls.get("notafter")))
    for field, key in (("subject", "subject"), ("issuer", "issuerdn")):
        for part, value in distinguished(text(tls.get(key)) or "").items():
            put(document, f"tls.server.x509.{field}.{part}", value)
    if print_ := text(tls.get("fingerprint")):
        digest = print_.replace(":", "").upper()
        put(document, "tls.server.hash.sha1", digest)
        add(document, "related.hash", digest)
    if name := text(tls.get("sni")):
        put(document, "tls.client.server_name", name)
        put(document, "destination.domain", None if address(name) else name)
    kind, found, version = (text(tls.get("version")) or "").replace(" ", "v").partition("v")
    if found and version[:1].isdigit():
        put(document, "tls.version", version if "." in version else f"{version}.0")
        put(document, "tls.version_protocol", kind.lower())
    for place, key in (("client.ja3", "ja3"), ("server.ja3s", "ja3s")):
        if known := text(mapping(tls.get(key)).get("hash")):
            put(document, f"tls.{place}", known)
            add(document, "related.hash", known)
    if isinstance(resumed := tls.get("session_resumed"), bool):
        put(document, "tls.resumed", resumed)


def _time(value: Any) -> str | None:
    """Suricata writes a certificate's times in UTC without saying so."""
    found = text(value)
    return f"{found}.000Z" if found and len(found) == 19 and found[10] == "T" else None


def read_file(document: Document, file: Mapping[str, Any]) -> None:
    put_path(document, "file", text(file.get("filename")))
    put(document, "file.size", integer(file.get("size")))
    put(document, "file.mime_type", text(file.get("mimetype")) or None)
    for name in ("md5", "sha1", "sha256"):
        put(document, f"file.hash.{name}", text(file.get(name)))


def read_ssh(document: Document, ssh: Mapping[str, Any]) -> None:
    client, server = mapping(ssh.get("client")), mapping(ssh.get("server"))
    put(document, "network.protocol", "ssh")
    put(document, "user_agent.original", text(client.get("software_version")))
    for side in (client, server):
        add(document, "related.hash", text(mapping(side.get("hassh")).get("hash")))


def read_smtp(document: Document, smtp: Mapping[str, Any]) -> None:
    put(document, "source.domain", _name(smtp.get("helo")))
    put(document, "email.from.address", _addresses([smtp.get("mail_from")]))
    recipients = smtp.get("rcpt_to")
    put(
        document, "email.to.address", _addresses(recipients if isinstance(recipients, list) else [recipients])
    )


def _name(value: Any) -> str | None:
    name = text(value)
    return None if name is None or address(name.strip("[]")) else name


def _addresses(values: list[Any]) -> list[str]:
    return [found for value in values if (found := (text(value) or "").strip("<> "))]


def read_smb(document: Document, smb: Mapping[str, Any]) -> None:
    put(document, "event.action", (text(smb.get("command")) or "").removeprefix("SMB2_COMMAND_").lower())
    put_path(document, "file", text(smb.get("filename")))
    put(document, "file.size", integer(smb.get("size")))
    if status := text(smb.get("status")):
        put(document, "event.outcome", "success" if status == "STATUS_SUCCESS" else "failure")
    ntlm = mapping(smb.get("ntlmssp"))
    put(document, "user.name", text(ntlm.get("user")))
    put(document, "user.domain", text(ntlm.get("domain")))
    put(document, "source.domain", text(ntlm.get("host")))


def read_krb5(document: Document, krb5: Mapping[str, Any]) -> None:
    put(document, "event.action", (text(krb5.get("msg_type")) or "").lower())
    put(document, "user.name", text(krb5.get("cname")))
    put(document, "user.domain", text(krb5.get("realm")))
    put(document, "service.name", text(krb5.get("sname")))
    code = text(krb5.get("error_code"))
    failed = text(krb5.get("msg_type")) == "KRB_ERROR" or code is not None
    put(document, "event.outcome", "failure" if failed else "success")
    put(document, "error.code", code)


def read_rdp(document: Document, rdp: Mapping[str, Any]) -> None:
    put(document, "event.action", text(rdp.get("event_type")))
    put(document, "user.name", (text(rdp.get("cookie")) or "").removeprefix("mstshash=") or None)
    client = mapping(rdp.get("client"))
    put(document, "source.domain", text(client.get("client_name")))


def read_dhcp(document: Document, dhcp: Mapping[str, Any]) -> None:
    put(document, "event.action", text(dhcp.get("dhcp_type")) or text(dhcp.get("type")))
    put(document, "client.mac", mac(dhcp.get("client_mac")))
    assigned = text(dhcp.get("assigned_ip"))
    if assigned and assigned != "0.0.0.0":
        put_end(document, "client", assigned)
    put(document, "host.hostname", text(dhcp.get("hostname")))


def read_ftp(document: Document, ftp: Mapping[str, Any]) -> None:
    command = text(ftp.get("command"))
    put(document, "event.action", command.lower() if command else None)
    if command == "USER":
        put(document, "user.name", text(ftp.get("command_data")))
    codes = ftp.get("completion_code")
    code = integer(codes[0]) if isinstance(codes, list) and codes else None
    put(document, "event.code", str(code) if code is not None else None)
    put(document, "event.outcome", None if code is None else "failure" if code >= 400 else "success")


def read_ftp_data(document: Document, data: Mapping[str, Any]) -> None:
    put(document, "event.action", (text(data.get("command")) or "").lower())
    put_path(document, "file", text(data.get("filename")))


def read_sip(document: Document, sip: Mapping[str, Any]) -> None:
    put(document, "event.action", (text(sip.get("method")) or "").lower())
    put(document, "url.original", text(sip.get("uri")))
    if (code := integer(sip.get("code"))) is not None:
        put(document, "event.code", str(code))
        put(document, "event.outcome", outcome_of(code))


def read_tftp(document: Document, tftp: Mapping[str, Any]) -> None:
    put(document, "event.action", text(tftp.get("packet")))
    put_path(document, "file", text(tftp.get("file")))


def read_nfs(document: Document, nfs: Mapping[str, Any]) -> None:
    put(document, "event.action", (text(nfs.get("procedure")) or "").lower())
    put_path(document, "file", text(nfs.get("filename")))
    if status := text(nfs.get("status")):
        put(document, "event.outcome", "success" if status in ("OK", "NFS_OK") else "failure")


def read_anomaly(document: Document, anomaly: Mapping[str, Any]) -> None:
    put(document, "event.action", text(anomaly.get("event")))
    put(document, "event.reason", text(anomaly.get("type")))
    put_new(document, "network.protocol", (text(anomaly.get("app_proto")) or "").lower())


def read_drop(document: Document, drop: Mapping[str, Any]) -> None:
    put(document, "event.action", "drop")
    put(document, "event.reason", text(drop.get("reason")))
