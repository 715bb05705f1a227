"""Elastic Load Balancing's access logs (application, network (TLS) and classic load balancers) and connection logs.

References: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html,
…/application/load-balancer-connection-logs.html, …/network/load-balancer-access-logs.html and
…/classic/access-log-collection.html
"""

from __future__ import annotations

import re

from integrations.aws.access_lines import put_request, put_tls, words_of
from integrations.aws.arn import put_place
from integrations.aws.elb_samples import ELB_SAMPLES
from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, port_number, put, put_end
from integrations.flows import put_flow
from integrations.normalisers import line_source
from integrations.times import Times
from integrations.web import put_agent, put_domain
from rules.ecs import Document

_PROXY = (
    "elb client target request_processing_time target_processing_time response_processing_time elb_status_code "
    "target_status_code received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol"
)
_APPLICATION = (
    f"type time {_PROXY} target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority "
    "request_creation_time actions_executed redirect_url error_reason target_list target_status_code_list "
    "classification classification_reason conn_trace_id"
).split()
_CLASSIC = f"time {_PROXY}".split()
_NETWORK = (
    "type version time elb listener client target connection_time tls_handshake_time received_bytes sent_bytes "
    "incoming_tls_alert chosen_cert_arn chosen_cert_serial ssl_cipher ssl_protocol tls_named_group domain_name "
    "alpn_fe_protocol alpn_be_protocol alpn_client_preference_list tls_connection_creation_time"
).split()
_CONNECTION = (
    "time client_ip client_port listener_port tls_protocol tls_cipher tls_handshake_latency leaf_client_cert_subject "
    "leaf_client_cert_validity leaf_client_cert_serial_number tls_verify_status conn_trace_id tls_keyexchange"
).split()
_HTTP = ("http", "https", "h2", "grpcs", "ws", "wss")
_LINE = re.compile(
    r"(?:(?:https?|h2|grpcs|wss?) |tls \d\.\d )?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z? "
    r"(?:app/|net/)?[\w/-]{1,128} \S{1,128} \S{1,64} -?\d",
    re.ASCII,
)
_CONNECTED = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z [\da-fA-F.:]{2,45} \d{1,5} \d{1,5} (?:-|(?:TLS|SSL)v\S{1,8}) ",
    re.ASCII,
)
_VALIDITY = re.compile(r"NotBefore=([^;]{1,40});NotAfter=([^;]{1,40})$")


def _read(line: str, times: Times) -> Document:
    words = words_of(line)
    if _CONNECTED.match(line):
        return _read_connection(words, times)
    first = words[0] if words else None
    if first == "tls":
        names, least = _NETWORK, 16
    elif first in _HTTP:
        names, least = _APPLICATION, 16
    else:
        names, least = _CLASSIC, 12
    entry = {name: word for name, word in zip(names, words, strict=False) if word is not None}
    time = times.iso(entry.get("time"))
    if len(words) < least or time is None:
        raise UnparsedError("expected a load balancer's line: [type] time name client:port target:port …")
    document: Document = {"@timestamp": time}
    _put_ends(document, entry)
    received, sent = integer(entry.get("received_bytes")), integer(entry.get("sent_bytes"))
    request = entry.get("request") or ""
    if first == "tls" or request.startswith("- -") or not request:
        failed = entry.get("incoming_tls_alert") is not None
        categorise(document, ("network",), ("connection",), outcome="failure" if failed else "success")
        put(document, "network.transport", "tcp")
        put(document, "source.bytes", received)
        put(document, "destination.bytes", sent)
        put_flow(document)
    else:
        _put_web(document, entry, received, sent)
    put(document, "event.end", time)
    begun = entry.get("request_creation_time") or entry.get("tls_connection_creation_time")
    put(document, "event.start", times.iso(begun))
    if (took := integer(entry.get("connection_time"))) is not None and first == "tls":
        put(document, "event.duration", took * 1_000_000)
    put_tls(document, entry.get("ssl_cipher"), entry.get("ssl_protocol"))
    put(document, "tls.client.server_name", entry.get("domain_name") if first == "tls" else None)
    put(document, "trace.id", entry.get("trace_id"))
    put(document, "event.reason", entry.get("error_reason"))
    put_place(document, entry.get("target_group_arn") or entry.get("chosen_cert_arn"))
    document["vendor"] = entry
    return document


def _read_connection(words: list[str | None], times: Times) -> Document:
    entry = {name: word for name, word in zip(_CONNECTION, words, strict=False) if word is not None}
    time = times.required(times.iso(entry.get("time")))
    document: Document = {"@timestamp": time}
    verified, _, reason = entry.get("tls_verify_status", "").partition(":")
    encrypted = entry.get("tls_protocol") is not None
    outcome = (
        "failure" if verified == "Failed" else "success" if verified == "Success" or not encrypted else None
    )
    categorise(document, ("network",), ("connection", "start"), action="connection", outcome=outcome)
    put_end(document, "source", entry.get("client_ip"), entry.get("client_port"))
    put(document, "destination.port", port_number(entry.get("listener_port")))
    put(document, "network.transport", "tcp")
    put_flow(document)
    put(document, "event.reason", reason)
    put_tls(document, entry.get("tls_cipher"), entry.get("tls_protocol"))
    put(document, "tls.established", outcome == "success" if encrypted and outcome else None)
    put(document, "tls.client.subject", entry.get("leaf_client_cert_subject"))
    put(document, "tls.client.x509.serial_number", entry.get("leaf_client_cert_serial_number"))
    if valid := _VALIDITY.match(entry.get("leaf_client_cert_validity", "")):
        put(document, "tls.client.not_before", times.iso(valid[1]))
        put(document, "tls.client.not_after", times.iso(valid[2]))
    put(document, "trace.id", entry.get("conn_trace_id"))
    document["vendor"] = entry
    return document


def _put_ends(document: Document, entry: dict[str, str]) -> None:
    for side, name in (("source", "client"), ("destination", "target")):
        host, colon, port = entry.get(name, "").rpartition(":")
        if colon:
            put_end(document, side, host, port)


def _put_web(document: Document, entry: dict[str, str], received: int | None, sent: int | None) -> None:
    status = integer(entry.get("elb_status_code"))
    outcome = None if status is None else "success" if 0 < status < 400 else "failure"
    categorise(document, ("web",), ("access",), outcome=outcome)
    put_request(document, entry.get("request"))
    put_domain(document, "url", entry.get("domain_name"))
    put(document, "network.protocol", "https" if entry.get("ssl_protocol") else "http")
    put(document, "http.response.status_code", status)
    put(document, "http.request.body.bytes", received)
    put(document, "http.response.body.bytes", sent)
    put_agent(document, entry.get("user_agent"))


ELB = line_source(
    "aws.elb",
    "Elastic Load Balancing access and connection logs",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    _read,
    lambda line: (_LINE.match(line) or _CONNECTED.match(line)) is not None,
    ELB_SAMPLES,
)
