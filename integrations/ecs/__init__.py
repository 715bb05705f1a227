"""Elastic Common Schema itself: documents that somebody else made of logs."""

from integrations.contract import Source
from integrations.ecs.event import EVENT

SOURCES: tuple[Source, ...] = (EVENT,)
