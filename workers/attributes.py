"""Search attributes: by what Temporal's own lists find incidents, runs and containments.

``SiemIncident = 'inc-…' AND SiemStatus = 'waiting'`` there lists an incident's runs that asked people.
"""

from __future__ import annotations

from collections.abc import Iterable

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from rules.entities import Entity

INCIDENT = SearchAttributeKey.for_keyword("SiemIncident")
PLAYBOOK = SearchAttributeKey.for_keyword("SiemPlaybook")
ENTITY = SearchAttributeKey.for_keyword_list("SiemEntity")
STATUS = SearchAttributeKey.for_keyword("SiemStatus")
"""Of an incident its status; of a run ``running``, ``waiting`` once it asked or waits for something,
``cancelling``, and at last how it ended."""
MOST_ENTITIES = 20


def entities_of(entities: Iterable[Entity]) -> list[str]:
    return [str(entity) for entity in entities][:MOST_ENTITIES]


def attributes_of_run(incident: str, playbook: str, entities: Iterable[Entity]) -> TypedSearchAttributes:
    """Return what a playbook run is started with."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(INCIDENT, incident),
            SearchAttributePair(PLAYBOOK, playbook),
            SearchAttributePair(ENTITY, entities_of(entities)),
            SearchAttributePair(STATUS, "running"),
        ]
    )


def attributes_of_containment(incident: str, playbook: str) -> TypedSearchAttributes:
    """Return what a containment is started with: who asked for it first."""
    return TypedSearchAttributes(
        [SearchAttributePair(INCIDENT, incident), SearchAttributePair(PLAYBOOK, playbook)]
    )
