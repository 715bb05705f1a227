"""Actions that a user writes in YAML, over a named HTTP connection, without touching Python."""

from integrations.yaml_actions.loading import ActionFileError, LoadedVendor, load_vendor, load_vendors

__all__ = ["ActionFileError", "LoadedVendor", "load_vendor", "load_vendors"]
