"""Sources that a user writes in YAML, without touching Python."""

from integrations.definitions.loading import SourceFileError, load_folder, load_source
from integrations.definitions.schema import source_schema

__all__ = ["SourceFileError", "load_folder", "load_source", "source_schema"]
