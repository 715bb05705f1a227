"""The exceptions of a site: YAML files in its folders, read anew with the rules."""

from __future__ import annotations

from datetime import datetime

from rules.exceptions import Exceptions, RuleException, parse_exceptions
from rules.rule_yaml import RuleFault
from workers.rule_files import folder_texts
from workers.settings import Settings


def read_exceptions(
    settings: Settings, now: datetime
) -> tuple[Exceptions, list[RuleException], list[RuleFault]]:
    """Return those in force, all sound ones, and all faults. A missing folder holds none."""
    return parse_exceptions(folder_texts([one for one in settings.exception_folders if one.exists()]), now)
