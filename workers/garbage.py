"""Python's search for reference cycles, held back while many events are made: they have none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def rare_collections() -> Iterator[None]:
    """Search seldom within this block: at the usual thresholds it takes half of a collector's time, for
    each batch is some hundred thousand new objects. What is really cyclic is still found."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
