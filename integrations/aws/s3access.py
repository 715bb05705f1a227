"""Amazon S3's server access logs: one line a request to a bucket.

Reference: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from __future__ import annotations

import re

from integrations.aws.access_lines import put_request, put_tls, words_of
from integrations.aws.arn import put_place
from integrations.aws.cloudtrail_identity import session_name
from integrations.contract import Sample, UnparsedError
from integrations.fields import add, categorise, integer, put, put_ip, text
from integrations.normalisers import line_source
from integrations.times import Times
from integrations.web import put_agent, put_path, unescaped
from rules.ecs import Document

_NAMES = (
    "bucket_owner bucket time remote_ip requester request_id operation key request_uri http_status error_code "
    "bytes_sent object_size total_time turn_around_time referrer user_agent version_id host_id "
    "signature_version cipher_suite authentication_type host_header tls_version access_point_arn acl_required"
).split()
_LINE = re.compile(r"[0-9a-f]{64} \S{3,63} \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] ", re.ASCII)


def _read(line: str, times: Times) -> Document:
    words = words_of(line)
    entry = {name: word for name, word in zip(_NAMES, words, strict=False) if word is not None}
    operation = entry.get("operation")
    time = times.parse(entry.get("time"), "%d/%b/%Y:%H:%M:%S %z")
    if len(words) < 17 or operation is None or time is None:
        raise UnparsedError("expected an S3 access log line: owner bucket [time] address requester …")
    document: Document = {"@timestamp": time}
    status = integer(entry.get("http_status"))
    failed = entry.get("error_code") is not None or (status is not None and status >= 400)
    categorise(document, ("web",), ("access",), action=operation, outcome="failure" if failed else "success")
    put(document, "event.code", entry.get("error_code"))
    if (total := integer(entry.get("total_time"))) is not None:
        put(document, "event.duration", total * 1_000_000)
    for side in ("client", "source"):
        put(document, f"{side}.address", entry.get("remote_ip"))
        put_ip(document, f"{side}.ip", entry.get("remote_ip"))
    _put_requester(document, entry.get("requester"))
    put_request(document, entry.get("request_uri"))
    put(document, "url.domain", entry.get("host_header"))
    put(document, "http.request.referrer", entry.get("referrer"))
    put(document, "http.response.status_code", status)
    put(document, "http.response.body.bytes", integer(entry.get("bytes_sent")))
    put_agent(document, entry.get("user_agent"))
    put_tls(document, entry.get("cipher_suite"), entry.get("tls_version"))
    put_place(document, entry.get("access_point_arn"))
    if key := text(unescaped(unescaped(entry.get("key", "")))):  # S3 escapes keys twice
        put_path(document, "file", f"s3://{entry.get('bucket')}/{key}")
        put(document, "file.size", integer(entry.get("object_size")))
    document["vendor"] = entry
    return document


def _put_requester(document: Document, requester: str | None) -> None:
    """A canonical id, or the ARN of a user or an assumed role; none of a stranger."""
    put(document, "user.id", requester)
    put(document, "client.user.id", requester)
    if requester is None or not requester.startswith("arn:"):
        return
    resource = requester.split(":", 5)[-1]
    kind, _, rest = resource.partition("/")
    name = rest.partition("/")[0] if kind == "assumed-role" else rest.rpartition("/")[2]
    put(document, "user.name", name)
    add(document, "related.user", [name, session_name(requester)])


_OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
_SAMPLES = (
    Sample(
        f'{_OWNER} example-bucket [19/Apr/2026:10:20:30 +0000] 203.0.113.7 arn:aws:iam::111122223333:user/alice '
        '3E57427F3EXAMPLE REST.GET.OBJECT reports/april.pdf "GET /reports/april.pdf?x=1 HTTP/1.1" 200 - 4096 4096 41 28 '
        '"https://example.com/" "aws-cli/2.15.30" - s9lzHYrFp76ZVxRcpX9= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader '
        "example-bucket.s3.eu-central-1.amazonaws.com TLSv1.2 - -",
        {"@timestamp": "2026-04-19T10:20:30.000Z", "event.action": "REST.GET.OBJECT", "event.outcome": "success",
         "event.category": ["web"], "event.type": ["access"], "event.duration": 41_000_000, "client.ip": "203.0.113.7",
         "source.ip": "203.0.113.7", "user.name": "alice", "http.request.method": "GET", "http.version": "1.1",
         "http.response.status_code": 200, "http.response.body.bytes": 4096, "url.path": "/reports/april.pdf", "url.query": "x=1",
         "url.original": "/reports/april.pdf?x=1", "url.domain": "example-bucket.s3.eu-central-1.amazonaws.com",
         "http.request.referrer": "https://example.com/", "user_agent.original": "aws-cli/2.15.30", "tls.version": "1.2",
         "tls.version_protocol": "tls", "tls.cipher": "ECDHE-RSA-AES128-GCM-SHA256", "cloud.provider": "aws",
         "file.path": "s3://example-bucket/reports/april.pdf", "vendor.bucket": "example-bucket"},
    ),
    Sample(
        f'{_OWNER} example-bucket [19/Apr/2026:10:20:31 +0000] 2001:db8::7 - 7B4A0FABBEXAMPLE REST.GET.VERSIONING - '
        '"GET /example-bucket?versioning HTTP/1.1" 403 AccessDenied 243 - 113 - "-" "S3Console/0.4" - id - - - host TLSV1.1',
        {"event.outcome": "failure", "event.code": "AccessDenied", "source.ip": "2001:db8::7", "user.id": None,
         "http.response.status_code": 403, "tls.version": "1.1", "file.path": None},
    ),
    Sample(
        f'{_OWNER} example-bucket [19/Apr/2026:10:20:32 +0000] - AmazonS3 7B4A0FABBEXAMPLE S3.EXPIRE.OBJECT old.log "-" - - - 5 - - "-" "-" - -',
        {"event.action": "S3.EXPIRE.OBJECT", "source.address": None, "user.id": "AmazonS3", "event.outcome": "success"},
    ),
    Sample(
        f'{_OWNER} example-bucket [19/Apr/2026:10:20:33 +0000] 198.51.100.9 arn:aws:sts::111122223333:assumed-role/Admin/bob@example.com '
        '3E5 REST.DELETE.OBJECT a%2520b.txt "DELETE /a%20b.txt HTTP/1.1" 204 - - 10 9 8 "-" "aws-sdk-java/1" - h SigV4 c AuthHeader h TLSv1.3',
        {"user.name": "Admin", "related.user": ["Admin", "bob@example.com"], "file.name": "a b.txt", "file.size": 10},
    ),
)  # fmt: skip

S3ACCESS = line_source(
    "aws.s3access",
    "Amazon S3 server access logs",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
    _read,
    lambda line: _LINE.match(line) is not None,
    _SAMPLES,
)
