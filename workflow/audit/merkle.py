"""A unit's leaves as one Merkle tree (RFC 6962 §2.1), so that one hash stands for all of them. Pure.

    leaf hash = SHA-256( 0x00 ‖ leaf )        leaf: the bytes of `chain.leaf_bytes`
    node hash = SHA-256( 0x01 ‖ left ‖ right )
    root      = the tree hash MTH of the RFC; of no leaves SHA-256 of nothing

Who has a root kept outside needs no more than an inclusion proof to know that one entry is under it, and no more
than a consistency proof to know that a later root only adds to it. Verifying is not here: `standalone.py` does it
with Python alone, and shares no line with this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

SIZE = 32


def leaf_hash(leaf: bytes) -> bytes:
    """The hash a leaf enters the tree with."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Peaks:
    """A growing tree: how many leaves, and the roots of its complete subtrees from the largest to the smallest.

    That is all of a tree of any size that is needed to add to it and to tell its root.
    """

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    @classmethod
    def read(cls, size: int, kept: bytes) -> Peaks:
        """As `kept` gave it. ValueError where so many peaks do not belong to that size."""
        hashes = [kept[at : at + SIZE] for at in range(0, len(kept), SIZE)]
        if len(kept) != SIZE * size.bit_count():
            raise ValueError(f"{len(kept)} bytes are no peaks of a tree of {size} leaves")
        return cls(size, hashes)

    def kept(self) -> bytes:
        """The peaks one after another."""
        return b"".join(self.hashes)

    def add(self, leaf: bytes) -> None:
        """One more leaf, by its bytes."""
        self.extend([leaf_hash(leaf)])

    def extend(self, hashes: Sequence[bytes], level: int = 0) -> None:
        """So many more complete subtrees of 2**level leaves each, by their roots; the size is a multiple of that already.

        All of a level at once, which is quicker than one leaf after the other.
        """
        nodes, full, peaks = list(hashes), self.size >> level, list[bytes]()
        self.size += len(nodes) << level
        while nodes:
            if full & 1:
                nodes.insert(0, self.hashes.pop())
            if len(nodes) & 1:
                peaks.append(nodes.pop())
            nodes, full = list(map(node_hash, nodes[::2], nodes[1::2])), full >> 1
        self.hashes += reversed(peaks)

    def join(self, other: Peaks) -> None:
        """The leaves of another tree after these; the size is a multiple of the other's largest subtree already."""
        levels = [level for level in range(other.size.bit_length()) if other.size >> level & 1]
        for level, found in zip(reversed(levels), other.hashes, strict=True):
            self.extend([found], level)

    def root(self) -> bytes:
        """The tree's root."""
        if not self.hashes:
            return hashlib.sha256().digest()
        *rest, last = self.hashes
        return Peaks(0, rest).root_before(last)

    def root_before(self, root: bytes) -> bytes:
        """The root of the tree that leaves under `root` would make after these, if so many may be joined to them."""
        for left in reversed(self.hashes):
            root = node_hash(left, root)
        return root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """PATH(m, D[n]): what shows that the leaf hash at `index` (from 0) is under the root of all of them."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} among {len(leaves)}")
    proof, low, high = [], 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_tree(leaves, middle, high))
            high = middle
        else:
            proof.append(_tree(leaves, low, middle))
            low = middle
    return proof[::-1]


def consistency_proof(leaves: Sequence[bytes], older: int) -> list[bytes]:
    """PROOF(m, D[n]): what shows that the first `older` leaves (1 or more) are the beginning of all of them."""
    if not 0 < older <= len(leaves):
        raise ValueError(f"no tree of {older} leaves inside one of {len(leaves)}")
    return _subproof(leaves, 0, len(leaves), older, whole=True)


def _subproof(leaves: Sequence[bytes], low: int, high: int, older: int, *, whole: bool) -> list[bytes]:
    if older == high - low:
        return [] if whole else [_tree(leaves, low, high)]
    half = _split(high - low)
    if older <= half:
        return [
            *_subproof(leaves, low, low + half, older, whole=whole),
            _tree(leaves, low + half, high),
        ]
    right = _subproof(leaves, low + half, high, older - half, whole=False)
    return [*right, _tree(leaves, low, low + half)]


def _tree(leaves: Sequence[bytes], low: int, high: int) -> bytes:
    if high - low == 1:
        return leaves[low]
    middle = low + _split(high - low)
    return node_hash(_tree(leaves, low, middle), _tree(leaves, middle, high))


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (2 or more)."""
    half: int = 1 << ((size - 1).bit_length() - 1)
    return half
