"""Merkle trees as RFC 6962, section 2.1, draws them: SHA-256, leaves and nodes told apart by a first byte.

Pure. Reference: https://www.rfc-editor.org/rfc/rfc6962#section-2.1
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the 32 bytes at the top of the tree over `leaves`; SHA-256 of nothing where there are none."""
    sha256 = hashlib.sha256
    if not leaves:
        return sha256().digest()
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        above = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:  # the odd one rises as it is, which is RFC 6962's split at a power of two
            above.append(level[-1])
        level = above
    return level[0]


def proof(leaves: Sequence[bytes], at: int) -> list[bytes]:
    """Return the audit path of the leaf at index `at`: the siblings from the leaf up.

    Raises IndexError where there is no such leaf.
    """
    if not 0 <= at < len(leaves):
        raise IndexError(f"there is no leaf {at} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if at < split:
        return [*proof(leaves[:split], at), root(leaves[split:])]
    return [*proof(leaves[split:], at - split), root(leaves[:split])]


def root_of_proof(leaf: bytes, at: int, count: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a leaf at index `at` of `count` has under this audit path.

    The leaf was in the tree if that is the root known from elsewhere. Raises ValueError for a path
    of the wrong length. Reference: RFC 9162, section 2.1.3.2.
    """
    digest = hashlib.sha256(b"\x00" + leaf).digest()
    place, last = at, count - 1
    for sibling in path:
        if last == 0:
            raise ValueError(f"the path of leaf {at} of {count} is too long")
        if place % 2 or place == last:
            digest = hashlib.sha256(b"\x01" + sibling + digest).digest()
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = hashlib.sha256(b"\x01" + digest + sibling).digest()
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError(f"the path of leaf {at} of {count} is too short")
    return digest
