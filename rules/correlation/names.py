"""Names: one alert id for one burst, even where late events move the event that completed it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from rules.alerts import Alert, alert_id
from rules.correlation.definition import SEQUENCES, Definition
from rules.correlation.hits import Key, micros
from rules.correlation.windows import Firing, identity

MOST_REMEMBERED = 50_000


class Names:
    """The ids that were given, by group; bounded, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._given: OrderedDict[tuple[str, Key, tuple[str, ...]], list[tuple[int, str]]] = OrderedDict()

    def name(self, definition: Definition, key: Key, finding: Firing) -> str:
        """Return the finding's alert id: that of its burst where one was given, else its own."""
        place = (definition.name, key, identity(definition, finding.hit))
        given = self._given.setdefault(place, [])
        self._given.move_to_end(place)
        near = [each for each in given if abs(each[0] - finding.at) <= definition.timespan]
        if near:
            return min(near, key=lambda each: (abs(each[0] - finding.at), each))[1]
        group = dict(zip(definition.group_by, key, strict=True))
        name = alert_id(definition.rule.id, group, finding.hit.id)
        given.append((finding.at, name))
        del given[:-100]
        if len(self._given) > MOST_REMEMBERED:
            self._given.popitem(last=False)
        return name


def stored_twin(alert: Alert, stored: Sequence[Alert], definitions: Mapping[str, Definition]) -> Alert | None:
    """Return the stored alert whose burst this one goes on with, None where there is none."""
    definition = definitions.get(alert.rule)
    if definition is None or any(each.id == alert.id for each in stored):
        return None
    near = [
        each
        for each in stored
        if each.rule_id == alert.rule_id
        and each.group == alert.group
        and abs(micros(each.last) - micros(alert.last)) <= definition.timespan
        and (definition.kind not in SEQUENCES or set(each.entities) >= set(alert.entities))
    ]
    return min(near, key=lambda each: (abs(each.last - alert.last), each.id), default=None)
