"""What an operation does, by the verb in its name: ECS's ``event.type``.

Office suites and identity providers name what happened by a verb and a thing: ``user.lifecycle.create``,
``Add member to role.``, ``New-InboxRule``, ``FileDeleted``, ``repo.destroy``. Their lists grow each month;
the verb tells what a new name means until a table knows better.
Reference: https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-type
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

LONGEST = 256
"""Characters of a name that are looked at."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_VERBS: Mapping[str, str] = {
    word: kind
    for kind, words in {
        "creation": "add added create created "
        "creation insert inserted register registered invite invited "
        "upload uploaded import imported enroll enrolled generate generated install installed "
        "provision provisioned untrash copy copied duplicate duplicated",
        "deletion": "delete deleted "
        "deletion remove removed destroy destroyed purge purged trash trashed wipe "
        "wiped uninstall uninstalled unregister unregistered recycled erase erased unenroll "
        "unenrolled",
        "change": "update updated set change changed modify modified edit edited rename renamed move moved "
        "enable enabled disable disabled reset grant granted revoke revoked assign assigned "
        "unassign unassigned activate activated deactivate deactivated suspend suspended "
        "unsuspend unsuspended lock locked unlock unlocked convert converted transfer transferred "
        "restore restored approve approved archive archived unarchive unarchived hide hidden sync "
        "synced link linked unlink unlinked rotate rotated promote promoted demote demoted "
        "elevate enforce enforced allow consent share shared unshare unshared publish published "
        "configure configured",
        "access": "view viewed read get list listed download downloaded access accessed open opened preview "
        "previewed print printed export exported fetch search searched clone reveal",
        "denied": "deny denied block blocked reject rejected declined",
    }.items()
    for word in words.split()
}
_WEAK = frozenset(
    {"access", "allow", "list", "set", "open", "read", "search", "share", "sync", "link", "lock"}
)
"""Words that also are nouns: they count where no other does."""


@lru_cache(maxsize=4096)
def type_of(name: str) -> str | None:
    """Return what the verb in an operation's name means, None where there is none that is known."""
    weak = None
    for word in _WORD.findall(name[:LONGEST]):
        plain = word.lower()
        if (kind := _VERBS.get(plain)) is not None:
            if plain not in _WEAK:
                return kind
            weak = weak or kind
    return weak


def types_of(name: str, *subjects: str) -> list[str]:
    """Return ``event.type``: the subjects (``user``, ``group``) and what the verb means, else ``info``."""
    kind = type_of(name)
    return [*subjects, *([kind] if kind else [])] or ["info"]
