"""Keycloak: login and admin events."""

from integrations.keycloak.event import EVENT

SOURCES = (EVENT,)

__all__ = ["SOURCES"]
