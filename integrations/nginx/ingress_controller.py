"""``nginx.ingress_controller``: access lines of the Kubernetes ingress-nginx controller.

Behind the combined format it writes ``$request_length $request_time [$proxy_upstream_name]
[$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time
$upstream_status $req_id``. Several upstreams that were tried stand with ``, `` between them; the
last one answered.
"""

from __future__ import annotations

import re

from integrations.access import looks_like_access, split_line, split_port
from integrations.contract import UnparsedError
from integrations.fields import integer, number, put
from integrations.nginx.access import client_event, read_head
from integrations.nginx.ingress_controller_samples import INGRESS_CONTROLLER_SAMPLES
from integrations.normalisers import line_source
from integrations.text import address
from integrations.times import Times
from rules.ecs import Document

_TAIL = re.compile(
    r" (\d{1,18}|-) (\d{1,9}\.\d{1,6}|-) \[([^\]]{0,255})\] (?:\[([^\]]{0,255})\] )?"
    r"(.{1,2048}) ([0-9a-fA-F]{8,64}|-)\s*",
    re.ASCII,
)


def read(line: str, times: Times) -> Document:
    access = split_line(line, times)
    match = _TAIL.fullmatch(access.tail)
    if match is None:
        raise UnparsedError("expected request length, request time and [upstream] behind the combined format")
    hosts, user, _ = read_head(access.head)
    document = client_event(access, hosts, user)
    length, seconds, name, alternative, tried, request_id = match.groups()
    put(document, "http.request.bytes", integer(length))
    if (taken := number(seconds)) is not None:
        put(document, "event.duration", round(taken * 1000) * 1_000_000)
    put(document, "http.request.id", None if request_id == "-" else request_id)
    vendor = document.setdefault("vendor", {})
    put(vendor, "upstream.name", name)
    put(vendor, "upstream.alternative_name", alternative)
    # The four lists have as many items each: upstream, length, time, status.
    items = tried.replace(",", " ").split()
    if len(items) % 4 == 0:
        count = len(items) // 4
        addresses, lengths, times_taken, statuses = (
            items[count * at : count * at + count] for at in range(4)
        )
        put(vendor, "upstream.addresses", [item for item in addresses if item != "-"])
        ip, port = split_port(addresses[-1])
        if address(ip):
            put(document, "destination.address", ip)
            put(document, "destination.ip", address(ip))
            put(document, "destination.port", port)
        put(vendor, "upstream.response.length", integer(lengths[-1]))
        put(vendor, "upstream.response.time", number(times_taken[-1]))
        put(vendor, "upstream.response.status_code", integer(statuses[-1]))
    if not vendor:
        del document["vendor"]
    return document


def recognise(line: str) -> bool:
    match = looks_like_access(line)
    return match is not None and _TAIL.fullmatch(match[10]) is not None


INGRESS_CONTROLLER = line_source(
    "nginx.ingress_controller",
    "Kubernetes ingress-nginx controller access log",
    "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/",
    read,
    recognise,
    INGRESS_CONTROLLER_SAMPLES,
)
