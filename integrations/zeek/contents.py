"""Zeek's logs of what was carried: web, TLS and certificates, files, mail, file shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.access import outcome_of, split_port
from integrations.certificates import distinguished
from integrations.fields import add, integer, put, put_end, put_new, text
from integrations.text import address
from integrations.times import Times
from integrations.web import agent_fields, put_path, put_url
from integrations.zeek.flows import put_duration
from rules.ecs import Document


def read_http(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    method = text(entry.get("method"))
    put(document, "event.action", method)
    put(document, "http.request.method", method)
    put_url(document, text(entry.get("uri")))
    if host := text(entry.get("host")):
        name, port = split_port(host)
        put(document, "url.domain", name)
        put(document, "url.port", port)
        put(document, "destination.domain", None if address(name) else name)
    put_new(document, "url.port", document.get("destination", {}).get("port"))
    put(document, "url.username", text(entry.get("username")))
    put(document, "user.name", text(entry.get("username")))
    put(document, "http.request.referrer", text(entry.get("referrer")))
    put(document, "http.version", text(entry.get("version")))
    put(document, "http.request.body.bytes", integer(entry.get("request_body_len")))
    put(document, "http.response.body.bytes", integer(entry.get("response_body_len")))
    if status := integer(entry.get("status_code")):
        put(document, "http.response.status_code", status)
        put(document, "event.outcome", outcome_of(status))
    for side, name in (("request", "orig_mime_types"), ("response", "resp_mime_types")):
        kinds = entry.get(name)
        put(document, f"http.{side}.mime_type", text(kinds[0]) if isinstance(kinds, list) and kinds else None)
    if agent := text(entry.get("user_agent")):
        document["user_agent"] = agent_fields(agent)


def read_ssl(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    version = text(entry.get("version")) or ""
    for prefix in ("TLSv", "DTLSv", "SSLv"):
        digits = version.removeprefix(prefix)
        if digits != version and digits.isdigit():
            put(document, "tls.version", f"{digits[0]}.{digits[1:] or '0'}")
            put(document, "tls.version_protocol", prefix[:-1].lower())
    put(document, "tls.cipher", text(entry.get("cipher")))
    put(document, "tls.curve", text(entry.get("curve")))
    for name in ("established", "resumed"):
        if isinstance(said := entry.get(name), bool):
            put(document, f"tls.{name}", said)
    put(document, "tls.next_protocol", text(entry.get("next_protocol")))
    if server := text(entry.get("server_name")):
        put(document, "tls.client.server_name", server)
        put(document, "destination.domain", None if address(server) else server)
    put(document, "tls.client.ja3", text(entry.get("ja3")))
    put(document, "tls.server.ja3s", text(entry.get("ja3s")))
    for side, prefix in (("server", ""), ("client", "client_")):
        for field, name in (("subject", "subject"), ("issuer", "issuer")):
            if said := text(entry.get(f"{prefix}{name}")):
                put(document, f"tls.{side}.{field}", said)
                for part, value in distinguished(said).items():
                    put(document, f"tls.{side}.x509.{field}.{part}", value)
    if entry.get("established") is False:
        put(document, "event.outcome", "failure")
    elif entry.get("established") is True:
        put(document, "event.outcome", "success")


def read_x509(document: Document, entry: Mapping[str, Any], times: Times) -> None:
    put(document, "file.x509.serial_number", text(entry.get("certificate.serial")))
    put(document, "file.x509.version_number", text(entry.get("certificate.version")))
    for field in ("subject", "issuer"):
        for part, value in distinguished(text(entry.get(f"certificate.{field}")) or "").items():
            put(document, f"file.x509.{field}.{part}", value)
    put(document, "file.x509.not_before", times.any(entry.get("certificate.not_valid_before")))
    put(document, "file.x509.not_after", times.any(entry.get("certificate.not_valid_after")))
    put(document, "file.x509.public_key_algorithm", text(entry.get("certificate.key_alg")))
    put(document, "file.x509.public_key_size", integer(entry.get("certificate.key_length")))
    put(document, "file.x509.public_key_curve", text(entry.get("certificate.curve")))
    put(document, "file.x509.signature_algorithm", text(entry.get("certificate.sig_alg")))
    names: list[str] = []
    for name in ("san.dns", "san.ip", "san.email", "san.uri"):
        values = entry.get(name)
        names += [item for item in values if isinstance(item, str)] if isinstance(values, list) else []
    put(document, "file.x509.alternative_names", names)
    add(document, "related.hash", text(entry.get("fingerprint")))


def read_files(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put_path(document, "file", text(entry.get("filename")))
    put(document, "file.mime_type", text(entry.get("mime_type")))
    total = integer(entry.get("total_bytes"))
    put(document, "file.size", total)
    for name in ("md5", "sha1", "sha256"):
        put(document, f"file.hash.{name}", text(entry.get(name)))
    for side, name in (("server", "tx_hosts"), ("client", "rx_hosts")):
        hosts = entry.get(name)
        if isinstance(hosts, list) and hosts and isinstance(hosts[0], str):
            put_end(document, side, hosts[0])
            add(document, "related.ip", [host for host in hosts if isinstance(host, str) and address(host)])
    put(document, "network.protocol", (text(entry.get("source")) or "").lower())
    put_duration(document, entry.get("duration"))


def read_pe(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "file.pe.architecture", text(entry.get("machine")))


def read_ftp(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    command = text(entry.get("command"))
    put(document, "event.action", command)
    put(document, "user.name", text(entry.get("user")))
    put(document, "file.size", integer(entry.get("file_size")))
    put(document, "file.mime_type", text(entry.get("mime_type")))
    argument = text(entry.get("arg")) or ""
    if command in ("RETR", "STOR", "STOU", "APPE", "DELE", "RNFR", "RNTO", "SIZE", "MDTM"):
        put_path(document, "file", _after_host(argument))
        kind = {"RETR": "access", "DELE": "deletion", "STOR": "creation", "STOU": "creation"}.get(command)
        if kind:
            document["event"]["type"] = [*document["event"]["type"], kind]
    if (code := integer(entry.get("reply_code"))) is not None:
        put(document, "event.code", str(code))
        put(document, "event.outcome", "failure" if code >= 400 else "success")


def _after_host(argument: str) -> str:
    """Zeek writes a file as ``ftp://192.0.2.1/./pub/a.txt``."""
    if not argument.startswith("ftp://"):
        return argument
    return "/" + argument[6:].partition("/")[2].removeprefix("./")


def read_smtp(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "source.domain", _host(entry.get("helo")))
    put(document, "email.from.address", _addresses([entry.get("mailfrom") or entry.get("from")]))
    for field, name in (("to", "rcptto"), ("cc", "cc")):
        values = entry.get(name)
        put(document, f"email.{field}.address", _addresses(values if isinstance(values, list) else [values]))
    put(document, "email.reply_to.address", _addresses([entry.get("reply_to")]))
    put(document, "email.subject", text(entry.get("subject")))
    put(document, "email.message_id", (text(entry.get("msg_id")) or "").strip("<>"))
    put(document, "email.x_mailer", text(entry.get("user_agent")))
    reply = text(entry.get("last_reply")) or ""
    if reply[:3].isdigit():
        put(document, "event.code", reply[:3])
        put(document, "event.outcome", "failure" if reply[:1] in "45" else "success")
    if isinstance(tls := entry.get("tls"), bool):
        put(document, "tls.established", tls)


def _host(value: Any) -> str | None:
    name = text(value)
    return None if name is None or address(name.strip("[]")) else name


def _addresses(values: list[Any]) -> list[str]:
    """``Alice <alice@example.com>`` is her address."""
    found = []
    for value in values:
        whole = text(value) or ""
        one = whole.rpartition("<")[2].partition(">")[0] if "<" in whole else whole
        if one.strip():
            found.append(one.strip())
    return found


_SMB = {
    "SMB::FILE_OPEN": "access", "SMB::FILE_READ": "access", "SMB::FILE_WRITE": "change",
    "SMB::FILE_RENAME": "change", "SMB::FILE_DELETE": "deletion", "SMB::FILE_SET_ATTRIBUTE": "change",
}  # fmt: skip


def read_smb_files(document: Document, entry: Mapping[str, Any], times: Times) -> None:
    action = text(entry.get("action")) or ""
    put(document, "event.action", action)
    if kind := _SMB.get(action):
        document["event"]["type"] = ["connection", "protocol", kind]
    name, share = text(entry.get("name")), text(entry.get("path"))
    put_path(document, "file", name)
    if name and share:
        put(document, "file.path", f"{share.rstrip(chr(92))}\\{name}")
        put(document, "file.directory", document["file"]["path"].rpartition("\\")[0])
    put(document, "file.size", integer(entry.get("size")))
    for field, key in (
        ("mtime", "modified"),
        ("accessed", "accessed"),
        ("created", "created"),
        ("ctime", "changed"),
    ):
        put(document, f"file.{field}", times.any(entry.get(f"times.{key}")))


def read_smb_mapping(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "file.path", text(entry.get("path")))


def read_smb_cmd(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "event.action", text(entry.get("command")))
    put(document, "user.name", text(entry.get("username")))
    if status := text(entry.get("status")):
        put(
            document,
            "event.outcome",
            "success" if status in ("SUCCESS", "MORE_PROCESSING_REQUIRED") else "failure",
        )
    put_path(document, "file", text(entry.get("referenced_file.name")))
    put_duration(document, entry.get("rtt"))


def read_quic(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    if name := text(entry.get("server_name")):
        put(document, "tls.client.server_name", name)
        put(document, "destination.domain", None if address(name) else name)
    put(document, "network.transport", "udp")
