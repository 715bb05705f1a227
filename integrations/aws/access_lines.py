"""The words of AWS's access logs: separated by blanks, ``"quoted"`` or ``[bracketed]`` where they have some."""

from __future__ import annotations

import re

from integrations.fields import put, text
from integrations.web import put_url
from rules.ecs import Document

MOST_WORDS = 80
_WORD = re.compile(r'"((?:[^"\\]|\\.)*+)"(?= |$)|\[([^\]]{0,64})\](?= |$)|(\S+)', re.DOTALL)


def words_of(line: str) -> list[str | None]:
    """Return the words of a line; ``-`` is None."""
    found: list[str | None] = []
    for match in _WORD.finditer(line):
        quoted, bracketed, bare = match.groups()
        found.append(text(quoted if quoted is not None else bracketed if bracketed is not None else bare))
        if len(found) >= MOST_WORDS:
            break
    return found


def put_request(document: Document, request: str | None) -> None:
    """Set ``http.*`` and ``url.*`` from a request's first line: ``GET https://example.com:443/ HTTP/1.1``."""
    if request is None:
        return
    method, _, rest = request.partition(" ")
    if not method.isascii() or not method.isalpha() or len(method) > 32:
        return
    target, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/"):
        target, version = rest, ""
    put(document, "http.request.method", method)
    put(document, "http.version", version.removeprefix("HTTP/"))
    put_url(document, target.strip())


def put_tls(document: Document, cipher: str | None, protocol: str | None) -> None:
    """Set ``tls.*`` from ``ECDHE-RSA-AES128-GCM-SHA256`` and ``TLSv1.2`` (or ``tlsv12``)."""
    put(document, "tls.cipher", cipher)
    if protocol is None:
        return
    name, _, version = protocol.lower().partition("v")
    if name in ("tls", "ssl") and version:
        put(document, "tls.version", version if "." in version else ".".join(version))
        put(document, "tls.version_protocol", name)
