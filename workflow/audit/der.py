"""Certificates in the order DER wants, in a time-stamp server's answer that has them in another. Pure.

RFC 5652 leaves their order open; openssl and others put the signer's first, and the library reads DER alone. Nothing
that is signed is touched: the certificates stand beside what is.
"""

from __future__ import annotations

CERTIFICATES = 0xA0  # [0] IMPLICIT, in SignedData after version, algorithms and content


def in_order(answer: bytes) -> bytes:
    """The same answer (TimeStampResp), its certificates sorted; one without a token as it is. ValueError: not such a thing."""
    try:
        if _end(answer, 0) != len(answer):
            raise ValueError("more than an answer")
        token = _end(answer, _content(answer, 0))
        if token == len(answer):
            return answer
        kind = _content(answer, token)
        at = _content(answer, _content(answer, _end(answer, kind)))
        for _field in ("version", "algorithms", "content"):
            at = _end(answer, at)
        return _sorted(answer, at) if answer[at] == CERTIFICATES else answer
    except IndexError as error:
        raise ValueError("cut short") from error


def _sorted(answer: bytes, at: int) -> bytes:
    first, end = _content(answer, at), _end(answer, at)
    found, place = [], first
    while place < end:
        following = _end(answer, place)
        found.append(answer[place:following])
        place = following
    return answer[:first] + b"".join(sorted(found)) + answer[place:]


def _content(answer: bytes, at: int) -> int:
    """Where the content of the element at `at` begins."""
    length = answer[at + 1]
    return at + 2 + (length & 0x7F if length & 0x80 else 0)


def _end(answer: bytes, at: int) -> int:
    """Where the element at `at` ends."""
    begin, length = _content(answer, at), answer[at + 1]
    if length & 0x80:
        length = int.from_bytes(answer[at + 2 : begin], "big")
    if begin + length > len(answer):
        raise ValueError("cut short")
    return begin + length
