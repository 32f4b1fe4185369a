"""Trees and proofs: made by one module, verified by another that shares no line with it and needs Python alone."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from tests.long import examples
from workflow.audit import standalone
from workflow.audit.merkle import Peaks, consistency_proof, inclusion_proof, leaf_hash, node_hash
from workflow.audit.standalone import verify_consistency, verify_inclusion, verify_signature

LEAVES = [b"entry %d" % number for number in range(67)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]

# The test vectors of Certificate Transparency's own reference implementation (RFC 6962 §2.1).
VECTORS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def root_of(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1 over leaf hashes, as it stands there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    k = max(2**n for n in range(len(leaves).bit_length()) if 2**n < len(leaves))
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def test_the_roots_are_those_of_the_rfcs_reference() -> None:
    leaves = [bytes.fromhex(vector) for vector in VECTORS]
    hashes, peaks, tree = [leaf_hash(leaf) for leaf in leaves], Peaks(), standalone.Tree()
    assert root_of([]) == Peaks().root() == standalone.Tree().root() == hashlib.sha256().digest()
    for size, root in enumerate(ROOTS, 1):
        peaks.add(leaves[size - 1])
        tree.add(leaves[size - 1])
        assert root_of(hashes[:size]).hex() == peaks.root().hex() == tree.root().hex() == root


@settings(max_examples=examples(100))
@given(sizes=st.lists(st.integers(0, 70), max_size=6))
def test_leaves_taken_in_together_make_the_tree_they_make_one_by_one(sizes: list[int]) -> None:
    together, singly = Peaks(), Peaks()
    for size in sizes:
        leaves = [b"%d" % (singly.size + number) for number in range(size)]
        together.extend([leaf_hash(leaf) for leaf in leaves])
        for leaf in leaves:
            singly.add(leaf)
        assert together == singly


@pytest.mark.parametrize("level", [0, 1, 3])
def test_the_trees_of_stretches_are_joined_to_the_tree_of_all(level: int) -> None:
    joined, stretch = Peaks(), 1 << level
    for begin in range(0, len(HASHES), stretch):
        of_stretch = Peaks()
        for number in range(begin, min(begin + stretch, len(HASHES))):
            of_stretch.extend(HASHES[number : number + 1])
            assert joined.root_before(of_stretch.root()) == root_of(HASHES[: number + 1])
        joined.join(of_stretch)
        assert joined.root() == root_of(HASHES[: joined.size])
    assert joined.size == len(HASHES)


def test_peaks_are_kept_and_grown_on() -> None:
    peaks = Peaks()
    for leaf in LEAVES:
        peaks = Peaks.read(peaks.size, peaks.kept())
        peaks.add(leaf)
    assert peaks.root() == root_of(HASHES)
    with pytest.raises(ValueError, match="no peaks"):
        Peaks.read(peaks.size + 1, peaks.kept()[:32])


def test_every_leaf_is_proved_under_every_root_and_nothing_else_is() -> None:
    for size in range(1, len(LEAVES) + 1):
        root = root_of(HASHES[:size])
        for index in range(size):
            proof = inclusion_proof(HASHES[:size], index)
            assert verify_inclusion(LEAVES[index], index, size, proof, root)
            assert not verify_inclusion(b"another", index, size, proof, root)
            assert not verify_inclusion(LEAVES[index], (index + 1) % (size + 1), size, proof, root)
            assert not verify_inclusion(LEAVES[index], index, size, [*proof, root], root)
            assert not proof or not verify_inclusion(LEAVES[index], index, size, proof[:-1], root)
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(HASHES, len(HASHES))


def test_every_older_tree_is_proved_the_beginning_of_every_later_one_and_no_other_is() -> None:
    for size in range(1, len(LEAVES) + 1):
        root = root_of(HASHES[:size])
        for older in range(1, size + 1):
            before, proof = root_of(HASHES[:older]), consistency_proof(HASHES[:size], older)
            assert verify_consistency(older, before, size, root, proof)
            assert not verify_consistency(older, leaf_hash(before), size, root, proof)
            assert not verify_consistency(older, before, size, leaf_hash(root), proof)
            assert not verify_consistency(older, before, size, root, [*proof, root])
            assert not proof or not verify_consistency(older, before, size, root, proof[:-1])
    for older in (0, len(HASHES) + 1):
        assert not verify_consistency(older, root_of([]), len(HASHES), root_of(HASHES), [])
        with pytest.raises(ValueError, match="no tree"):
            consistency_proof(HASHES, older)


@given(st.lists(st.binary(max_size=8), min_size=2, max_size=40, unique=True), st.data())
def test_a_changed_leaf_is_proved_by_no_consistency(leaves: list[bytes], data: st.DataObject) -> None:
    older = data.draw(st.integers(1, len(leaves) - 1))
    at = data.draw(st.integers(0, older - 1))
    before = root_of([leaf_hash(leaf) for leaf in leaves[:older]])
    changed = [*leaves[:at], leaves[at] + b"!", *leaves[at + 1 :]]
    hashes = [leaf_hash(leaf) for leaf in changed]
    assert not verify_consistency(
        older, before, len(leaves), root_of(hashes), consistency_proof(hashes, older)
    )


@settings(max_examples=examples(15))
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.integers(0, 511))
def test_signatures_of_the_library_hold_and_changed_ones_do_not(seed: bytes, said: bytes, bit: int) -> None:
    key = SigningKey(seed)
    public, signature = bytes(key.verify_key), key.sign(said).signature
    assert verify_signature(public, said, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not verify_signature(public, said, bytes(flipped))
    assert not verify_signature(public, said + b"x", signature)
    assert not verify_signature(public, said, signature[:-1])


def test_the_signature_of_rfc_8032_holds() -> None:
    """§7.1, TEST 2."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify_signature(public, bytes.fromhex("72"), signature)


def test_the_verifier_imports_nothing_that_is_not_pythons_own() -> None:
    """Isolated from every installed package, as on a machine with Python alone."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", standalone.__file__], capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 2 and "用法" in done.stderr
