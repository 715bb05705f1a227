"""CACAO 2.0 security playbooks: what their writing and reading share.

Format: https://docs.oasis-open.org/cacao/security-playbooks/v2.0/security-playbooks-v2.0.html. What CACAO has
no word for (for how long a block stays, what a question releases) stands in an extension of each step, as the
standard provides; another program sees the same workflow without it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://docs.oasis-open.org/cacao/siem-chatops")
"""Of all ids that are made here: the same playbook has the same ids each time."""
EXTENSION = f"extension-definition--{uuid.uuid5(SPACE, 'step')}"
MANUAL, ACTION = "manual", "siem-action"
"""Types of commands: a question or notice to people, and an action of the catalogue."""


@dataclass(frozen=True)
class Unmapped:
    """One thing that has no counterpart, or none that is exact."""

    place: str
    """Where it stands: ``steps.block``, ``workflow.action--…``."""
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}: {self.remedy}"


class CacaoError(Exception):
    """What was given is no CACAO 2.0 playbook; the text says where and why."""


def identifier(kind: str, *names: str) -> str:
    """Return an id of CACAO's form, ``kind--UUID``, the same for the same names."""
    return f"{kind}--{uuid.uuid5(SPACE, chr(0).join((kind, *names)))}"
