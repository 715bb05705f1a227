"""The HTTP API: blocklists that firewalls poll, health and metrics."""

from workers.api.app import create_app
from workers.api.feeds import Consumer, Feed, Listing, render
from workers.api.server import ApiServer

__all__ = ["ApiServer", "Consumer", "Feed", "Listing", "create_app", "render"]
