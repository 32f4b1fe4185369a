"""Invented names, the same for the same username."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文海云秋月春生永康立新雪松晓东"


_seed: ContextVar[int] = ContextVar("piaojue_names", default=0)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw other names for another seed."""
    token = _seed.set(seed)
    try:
        yield
    finally:
        _seed.reset(token)


def name_of(username: str) -> str:
    """A person's name drawn from the username and the seed alone; nobody real is meant."""
    digest = hashlib.sha256(f"{_seed.get()}:{username}".encode()).digest()
    given = GIVEN[digest[1] % len(GIVEN)] + (GIVEN[digest[2] % len(GIVEN)] if digest[3] % 3 else "")
    return SURNAMES[digest[0] % len(SURNAMES)] + given
