"""Actions that a user writes in YAML, over a named HTTP connection, without touching Python."""

from integrations.yaml_actions.loading import ActionFileError, LoadedVendor, load_vendor, load_vendors
from integrations.yaml_actions.schema import vendor_schema

__all__ = ["ActionFileError", "LoadedVendor", "load_vendor", "load_vendors", "vendor_schema"]
