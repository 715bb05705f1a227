"""Traefik."""

from integrations.contract import Source
from integrations.traefik.access import ACCESS

SOURCES: tuple[Source, ...] = (ACCESS,)
