"""``collect:`` of ``siem.yaml``: where each source's records come from, as strict models.

An entry names a source and exactly one way: files to tail, syslog to listen for, HTTP to take, objects
to fetch, or an API to pull from. Secrets are named by variable (``x_env``) or file (``x_file``).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from workers.site_values import Duration, Listen, Name, Network, Section, Share, Size, TimeZone

WAYS = ("files", "syslog", "http", "objects", "pull")


class EntryError(ValueError):
    """An entry can't work as it is written; the text says what to write."""


class SyslogSection(Section):
    """Listen for syslog: RFC 3164 and 5424 over UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425)."""

    udp: Listen | None = None
    tcp: Listen | None = None
    tls: Listen | None = None
    certificate: Path | None = None
    """The TLS listener's certificate chain, PEM."""
    key: Path | None = None
    client_ca: Path | None = None
    """Take only senders with a certificate of these authorities, PEM."""
    clients: tuple[str, ...] = ()
    """And only certificates of one of these names (DNS name of the certificate, else its common name)."""
    senders: tuple[Network, ...] = ()
    """Take only from these networks; from anywhere where none is named."""
    receive_buffer: Size = 16 << 20
    """Bytes of UDP that the kernel is asked to hold while we are busy."""
    connections: int = Field(default=1000, ge=1, le=50_000)
    """The most TCP and TLS connections at once."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (self.udp or self.tcp or self.tls):
            raise ValueError(
                "syslog listens nowhere: write udp, tcp or tls with HOST:PORT, like 0.0.0.0:6514"
            )
        if self.tls and not (self.certificate and self.key):
            raise ValueError("tls needs certificate: PATH and key: PATH, both PEM files")
        if self.clients and not self.client_ca:
            raise ValueError("clients are told by their certificates: write client_ca: PATH as well")
        return self


class HttpSection(Section):
    """Take records over HTTP, at the receiver's address."""

    name: Name | None = None
    """The last part of ``/ingest/NAME``; the entry's name where it is not written. A Splunk HEC entry
    has the path ``/services/collector`` and is told by its token."""
    shape: Literal["plain", "firehose", "splunk-hec", "pubsub"] = "plain"
    token_env: str | None = None
    token_file: Path | None = None
    """The bearer token, access key or HEC token; of Pub/Sub also ``?token=``."""
    secret_env: str | None = None
    secret_file: Path | None = None
    """The secret of HMAC-SHA256 signatures, in place of a token."""
    signature: Literal["standard-webhooks", "github"] | None = None
    """Whose headers carry the signature: ``webhook-signature`` or ``X-Hub-Signature-256``."""
    jwks: str | None = None
    """Of Pub/Sub: URL or file of the keys of the OpenID tokens; Google's are at
    ``https://www.googleapis.com/oauth2/v3/certs``."""
    audience: str | None = None
    """What the OpenID token must be for."""
    email: str | None = None
    """The service account that the OpenID token must be of."""
    max_body: Size = 10 << 20
    """Bytes of one request as sent."""
    max_unpacked: Size = 64 << 20
    """Bytes of one request unpacked."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        token = self.token_env or self.token_file
        secret = self.secret_env or self.secret_file
        for kind in ("token", "secret"):
            if getattr(self, f"{kind}_env") and getattr(self, f"{kind}_file"):
                raise ValueError(f"{kind}_env and {kind}_file are both there: write one of the two")
        if bool(secret) != bool(self.signature):
            raise ValueError(
                "a signature needs both: signature: standard-webhooks | github and secret_env: NAME"
            )
        if secret and self.shape != "plain":
            raise ValueError(f"the shape {self.shape} has no signatures: write token_env: NAME")
        if self.jwks and self.shape != "pubsub":
            raise ValueError("jwks is for the shape pubsub")
        if self.jwks and not (self.audience and self.email):
            raise ValueError("jwks needs audience: and email: else anybody's Google token would do")
        if not (token or secret or self.jwks):
            raise ValueError("anybody could write: name a token (token_env: NAME) or a signature")
        return self


class ObjectsSection(Section):
    """Fetch objects of an S3-style store, as a queue announces them."""

    queue: str = Field(pattern=r"^https?://\S+$")
    """URL of the SQS queue with the store's notifications."""
    connection: Name | None = None
    """Of ``connections``, kind ``s3`` or ``aws``. Without one, what the machine has: the environment of AWS'
    own tools, or an instance's role."""
    only: tuple[str, ...] = ("*",)
    """Only objects whose names are like one of these glob patterns, like ``*/CloudTrail/*.json.gz``,"""
    skip: tuple[str, ...] = ("*/", "*/CloudTrail-Digest/*")
    """and like none of these: folders, and what is no log."""
    visibility: Duration = timedelta(minutes=2)
    """A message is ours for so long, and longer while its objects are read; after a crash it comes again so
    late."""
    largest: Size = 256 << 20
    """Bytes of one object as it is stored."""
    largest_unpacked: Size = 4 << 30
    """Bytes of one object unpacked."""


class PullSection(Section):
    """Pull from the vendor's API that gives the entry's source."""

    connection: Name
    """Of ``connections``: url and credentials."""
    every: Duration = timedelta(minutes=1)
    since: Duration = timedelta(days=1)
    """How far back the first pull goes."""
    options: dict[str, Any] = Field(default_factory=dict, alias="with")
    """The API's own settings, like ``{organisation: example}``."""


class CollectSection(Section):
    """One entry."""

    source: str = Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")
    name: Name | None = None
    """What state and messages call it; the source's name where it is not written."""
    files: tuple[str, ...] = Field(default=(), min_length=1)
    """Glob patterns."""
    syslog: SyslogSection | None = None
    http: HttpSection | None = None
    objects: ObjectsSection | None = None
    pull: PullSection | None = None
    timezone: TimeZone = "UTC"
    year: int | None = Field(default=None, ge=1970, le=9999)
    host: str | None = None
    spool: Size = 1 << 30
    """Bytes on disk of what was pushed to us and is not stored yet."""
    silent_after: Duration | None = None
    """An incident where nothing came for so long; None: it may be silent."""
    errors_above: Share = 0.2
    """An incident where a greater share of a quarter of an hour's events could not be parsed."""

    @property
    def identity(self) -> str:
        return self.name or self.source

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [way for way in WAYS if getattr(self, way)]
        if len(given) != 1:
            raise ValueError(
                f"an entry has exactly one of {', '.join(WAYS)}, not {' and '.join(given) or 'none'}"
            )
        return self


class ReceiverSection(Section):
    """Where HTTP entries listen, in the collector's process."""

    listen: Listen = "127.0.0.1:8710"
    certificate: Path | None = None
    key: Path | None = None
    """PEM files; without them plain HTTP, for loopback and behind a proxy."""
    requests: int = Field(default=32, ge=1, le=1000)
    """The most requests at work at once; the others are told to come again."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("TLS needs both: certificate: PATH and key: PATH")
        return self


def check_identities(sections: tuple[CollectSection, ...]) -> tuple[CollectSection, ...]:
    """Raises ValueError where two entries would share what is kept under their name."""
    seen: dict[str, CollectSection] = {}
    for section in sections:
        other = seen.setdefault(section.identity, section)
        if other is not section and not (section.files and other.files):
            raise ValueError(
                f"two entries are called {section.identity!r}: give one of them a name: of its own"
            )
    paths = [section.http.name or section.identity for section in sections if section.http]
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        raise ValueError(
            f"two entries have the path /ingest/{twice[0]}: give one of them a http: {{name: …}}"
        )
    return sections
