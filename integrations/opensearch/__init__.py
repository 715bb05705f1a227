"""OpenSearch: where events, alerts, incidents, evidence and small state documents are kept."""

from integrations.contract import Source
from integrations.opensearch.audit_log import AUDIT
from integrations.opensearch.connection import Access, Connection
from integrations.opensearch.keyring import (
    KeyFile,
    Keyring,
    KeyringError,
    KeyWrapper,
    add_key,
    keep_keyring,
    parse_keyring,
    read_keyring,
)
from integrations.opensearch.kms import CommandKeyring
from integrations.opensearch.sealing import MissingKeyError
from integrations.opensearch.stores import OpenSearchStores, connect

SOURCES: tuple[Source, ...] = (AUDIT,)

__all__ = [
    "SOURCES",
    "Access",
    "CommandKeyring",
    "Connection",
    "KeyFile",
    "KeyWrapper",
    "Keyring",
    "KeyringError",
    "MissingKeyError",
    "OpenSearchStores",
    "add_key",
    "connect",
    "keep_keyring",
    "parse_keyring",
    "read_keyring",
]
