"""Auth0: the logs of a tenant."""

from integrations.auth0.log import LOG

SOURCES = (LOG,)

__all__ = ["SOURCES"]
