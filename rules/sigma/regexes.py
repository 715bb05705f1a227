"""Regular expressions that can't hang."""

from __future__ import annotations

from typing import Any

import re2


def compile_regex(pattern: str, flags: str) -> Any:
    """Compile with RE2, whose time is linear in the text (https://github.com/google/re2/wiki/Syntax)."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    return re2.compile(f"(?{flags}){pattern}" if flags else pattern, options)
