"""What keeps a device ballot secret: one key pair per vote, split two of three, and a box of sealed ballots.

Pure: no database, no clock, no framework. Sealing is libsodium's (PyNaCl `SealedBox`: X25519, XSalsa20-Poly1305),
passphrases are stretched with Argon2id, the private key is split with Shamir's scheme over GF(2^128) (PyCryptodome).
The private key exists whole only inside `make_keys` and `open_box`, in memory (integrity.md §2.1–2.5).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nacl.exceptions
import nacl.pwhash
from Crypto.Protocol.SecretSharing import Shamir
from nacl.public import PrivateKey, PublicKey, SealedBox

from projects.ballots.rules import Choice, Mode, Paper, read_ballot
from workflow.people.sentences import sentence as _

ALGORITHM = "x25519-sealedbox-shamir2of3"
SHARES, NEEDED = 3, 2
HALF = 16  # bytes Shamir's field holds; the key is two of them
SHARE_BYTES = 1 + 2 * HALF
CODE_BYTES = 16
SALT_BYTES = nacl.pwhash.argon2id.SALTBYTES
STRETCHING = {"name": "argon2id", "ops": 4, "memory": 64 * 1024 * 1024}


class CannotOpen(Exception):
    """A passphrase, a recovery sheet or two shares that do not open what they should; says which in Chinese."""


# Passphrases and shares


@dataclass(frozen=True)
class Holder:
    """What is kept of one holder's passphrase: salt and the public key it leads to, hexadecimal. No secret."""

    salt: str
    public_key: str
    stretching: Mapping[str, Any]


def new_holder(passphrase: str, stretching: Mapping[str, Any] = STRETCHING) -> Holder:
    """Take a passphrase; what is returned may be stored."""
    salt = secrets.token_bytes(SALT_BYTES)
    private = _key_of(passphrase, salt, stretching)
    return Holder(salt.hex(), bytes(private.public_key).hex(), dict(stretching))


def _key_of(passphrase: str, salt: bytes, stretching: Mapping[str, Any]) -> PrivateKey:
    seed = nacl.pwhash.argon2id.kdf(
        PrivateKey.SIZE, passphrase.encode(), salt, stretching["ops"], stretching["memory"]
    )
    return PrivateKey(seed)


@dataclass(frozen=True)
class Keys:
    """A vote's public key and its three shares, each sealed to a holder in the order given; all hexadecimal."""

    public_key: str
    sealed_shares: tuple[str, ...]


def make_keys(holders: Sequence[str]) -> Keys:
    """Make a vote's key pair for three holders' public keys and forget its private half (integrity.md §2.1)."""
    if len(holders) != SHARES:
        raise ValueError("a key is split among three holders")
    private = PrivateKey.generate()
    sealed = tuple(
        SealedBox(PublicKey(bytes.fromhex(holder))).encrypt(share).hex()
        for holder, share in zip(holders, _split(bytes(private)), strict=True)
    )
    return Keys(bytes(private.public_key).hex(), sealed)


def _split(secret: bytes) -> list[bytes]:
    halves = [Shamir.split(NEEDED, SHARES, part, False) for part in (secret[:HALF], secret[HALF:])]
    return [
        bytes([number]) + first + second for (number, first), (_same, second) in zip(*halves, strict=True)
    ]


def open_share(holder: Holder, sealed_share: str, passphrase: str) -> bytes:
    """One holder's share. CannotOpen where the passphrase is another one."""
    private = _key_of(passphrase, bytes.fromhex(holder.salt), holder.stretching)
    if not hmac.compare_digest(bytes(private.public_key).hex(), holder.public_key):
        raise CannotOpen(_("口令不对。"))
    return SealedBox(private).decrypt(bytes.fromhex(sealed_share))


def sheet_of(share: bytes) -> str:
    """A share as it stands on the printed recovery sheet: groups of four letters and digits, with a checksum."""
    text = base64.b32encode(share + _check(share)).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def share_from_sheet(text: str) -> bytes:
    """The share typed in from a recovery sheet; CannotOpen where a group was misread."""
    plain = (
        "".join(text.upper().split()).replace("-", "").replace("0", "O").replace("1", "I").replace("8", "B")
    )
    try:
        read = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except ValueError:
        raise CannotOpen(_("恢复单上的字符抄写有误，请逐组核对。")) from None
    share, check = read[:SHARE_BYTES], read[SHARE_BYTES:]
    if len(share) != SHARE_BYTES or not hmac.compare_digest(check, _check(share)):
        raise CannotOpen(_("恢复单上的字符抄写有误，请逐组核对。"))
    return share


def _check(share: bytes) -> bytes:
    return hashlib.sha256(b"piaojue-share" + share).digest()[:2]


def join_shares(one: bytes, other: bytes, public_key: str) -> PrivateKey:
    """The private key two shares make; CannotOpen unless it is the one of `public_key`."""
    if one[0] == other[0]:
        raise CannotOpen(_("须由两名持有人各出一份，同一份不能用两次。"))
    halves = [
        Shamir.combine([(share[0], share[at : at + HALF]) for share in (one, other)], False)
        for at in (1, 1 + HALF)
    ]
    private = PrivateKey(b"".join(halves))
    if not hmac.compare_digest(bytes(private.public_key).hex(), public_key):
        raise CannotOpen(_("两份密钥合不成本次投票的密钥，其中有一份不属于本次投票。"))
    return private


# Ballots


def seal_ballot(ballot: object, paper: Paper, public_key: str) -> bytes:
    """Seal one ballot to the vote's key. ballot: as `rules.read_ballot` takes it; every cipher of a vote has one length."""
    plain = secrets.token_bytes(CODE_BYTES) + encode(ballot, paper)
    return SealedBox(PublicKey(bytes.fromhex(public_key))).encrypt(plain)


def open_box(ciphers: Iterable[bytes], private: PrivateKey, paper: Paper) -> list[object]:
    """Every ballot of a box, shuffled; a cipher that does not open is an invalid ballot, never an exception."""
    box = SealedBox(private)
    ballots = [_opened(box, cipher, paper) for cipher in ciphers]
    secrets.SystemRandom().shuffle(ballots)
    return ballots


def foreign_in(ciphers: Iterable[bytes], private: PrivateKey, paper: Paper) -> list[bytes]:
    """The ciphers that no deputy cast: casting seals valid ballots to this key, these do not open to one."""
    box = SealedBox(private)
    return [cipher for cipher in ciphers if read_ballot(_opened(box, cipher, paper), paper) is None]


def _opened(box: SealedBox, cipher: bytes, paper: Paper) -> object:
    try:
        return decode(box.decrypt(cipher)[CODE_BYTES:], paper)
    except nacl.exceptions.CryptoError:
        return None


_EACH = {Choice.FOR: 1, Choice.AGAINST: 2, Choice.ABSTAIN: 3}
_EACH_BACK = {code: choice for choice, code in _EACH.items()}


def encode(ballot: object, paper: Paper) -> bytes:
    """One byte per candidate in the order of the paper: 0 unmarked; `select` 1; `each` 1, 2, 3; `rank` the place."""
    if isinstance(ballot, Mapping):
        return bytes(_EACH[Choice(ballot[one])] if one in ballot else 0 for one in paper.candidates)
    assert isinstance(ballot, (list, tuple))
    # A repeat counts once, at its first place, as in `rules.read_ballot`.
    places = {one: place for place, one in enumerate(dict.fromkeys(ballot), 1)}
    marked = paper.mode is Mode.RANK
    return bytes((places[one] if marked else 1) if one in places else 0 for one in paper.candidates)


def decode(marks: bytes, paper: Paper) -> object:
    """What `encode` was given, or None where the bytes are no ballot of this paper."""
    if len(marks) != len(paper.candidates):
        return None
    named = [(mark, one) for mark, one in zip(marks, paper.candidates, strict=True) if mark]
    if paper.mode is Mode.EACH:
        known = all(mark in _EACH_BACK for mark, _one in named)
        return {one: str(_EACH_BACK[mark]) for mark, one in named} if known else None
    if paper.mode is Mode.RANK:
        ordered = sorted(named)
        return [one for _mark, one in ordered] if [m for m, _one in ordered] == _places(named) else None
    return [one for _mark, one in named] if all(mark == 1 for mark, _one in named) else None


def _places(named: Sequence[Any]) -> list[int]:
    return list(range(1, len(named) + 1))


# Trackers and the token


def tracker_of(cipher: bytes) -> str:
    """What the voter keeps: the hash of the cipher, shortened to 16 letters and digits. Never shows a choice."""
    text = base64.b32encode(hashlib.sha256(cipher).digest()).decode()[:16]
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def digest_of_box(ciphers: Iterable[bytes]) -> str:
    """SHA-256 over the sorted ciphers, each with its length; frozen at closing (integrity.md §2.4)."""
    digest = hashlib.sha256()
    for cipher in sorted(ciphers):
        digest.update(len(cipher).to_bytes(4, "big") + cipher)
    return digest.hexdigest()


def new_token() -> str:
    """The secret one ballot page carries: given again, the same ballot is meant."""
    return secrets.token_urlsafe(24)


def mark_on_roll(token: str) -> str:
    """What the roll keeps of a token."""
    return hashlib.sha256(b"roll:" + token.encode()).hexdigest()


def key_in_box(token: str) -> str:
    """Where a token's ballot lies in the box. Not to be had from the roll's mark without the token itself."""
    return hashlib.sha256(b"box:" + token.encode()).hexdigest()
