"""The JSON Schema of a source's YAML file, for editors."""

from __future__ import annotations

from typing import Any

from integrations.definitions.model import SourceFile
from integrations.definitions.patterns import DEFINITIONS


def source_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12)."""
    schema = SourceFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A log source in YAML"
    schema["properties"]["patterns"]["description"] = (
        f"Each matched against the whole record; %{{NAME:part}} may name {', '.join(sorted(DEFINITIONS))}."
    )
    mapped = schema["$defs"]["Mapped"]
    short = {
        "type": ["string", "array"],
        "items": {"type": "string"},
        "description": "The name of a part of the record; of several the first that is there.",
    }
    for owner in (schema["properties"]["fields"], schema["$defs"]["When"]["properties"]["fields"]):
        owner["additionalProperties"] = {"anyOf": [short, {"$ref": "#/$defs/Mapped"}]}
    mapped["description"] = "Where a field's value comes from, and how it is read."
    return schema
