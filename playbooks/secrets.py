"""Secrets that were written into a file, by the shapes that vendors give them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}")),
    ("a Slack webhook", re.compile(r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{10,}")),
    ("an AWS key id", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a GitHub token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}")),
    ("a Google API key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.")),
    ("a bearer token", re.compile(r"(?i)\bbearer\s+[A-Za-z0-9._~+/-]{16,}")),
    ("a password in a URL", re.compile(r"[a-z][a-z0-9+.-]{1,15}://[^/\s:@{}]{1,80}:[^/\s@{}]{1,80}@")),
    (
        "a secret",
        re.compile(
            r"(?i)\b(?:password|passwd|passphrase|secret|api_?key|access_?key|auth_?token|client_?secret)"
            r"\s{0,4}[:=]\s{0,4}['\"]?(?!\{\{)[^\s'\"{}#,]{6,}['\"]?\s*(?:[,}#]|$)"
        ),
    ),
)


def find_secrets(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield line and column, from 0, and what it looks like, of each secret; comments are searched too."""
    for number, line in enumerate(lines):
        for kind, shape in _SHAPES:
            if found := shape.search(line[:8_000]):
                yield number, found.start(), kind
                break
