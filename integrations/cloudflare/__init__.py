"""Cloudflare's Logpush."""

from integrations.cloudflare.http import HTTP
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (HTTP,)
