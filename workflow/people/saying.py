"""The language of the record, and refusals that are raised in it and read in another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, cast

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise


def in_the_records_language() -> AbstractContextManager[None]:
    """What an act writes down inside the block is Chinese, whatever the actor's pages speak.

    Trail, papers and minutes are read by everybody and for good; a record in each actor's own language is none.
    """
    return cast("AbstractContextManager[None]", translation.override(settings.LANGUAGE_CODE))


class Said(str):
    """A text in the language of the moment that can be said again in another; filled, it keeps what fills it."""

    __slots__ = ("msgid", "values")
    msgid: str
    values: Any

    @classmethod
    def of(cls, msgid: str, values: Any = None) -> Said:
        text = translation.gettext(msgid)
        made = cls(text if values is None else text % values)
        made.msgid, made.values = msgid, values
        return made

    def __mod__(self, values: Any) -> Said:
        return Said.of(self.msgid, values)


def said(text: str) -> str:
    """`gettext` for what an act may refuse with; rooms import it as `_`, so that the catalogue finds their texts."""
    return Said.of(text)


def said_again(text: Any) -> str:
    """A refusal's text in the language of the moment; what was not made by `said` stays as it is."""
    if not isinstance(text, Said):
        return str(text)
    return str(Said.of(text.msgid, _again(text.values)))


def _again(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _one_again(value) for name, value in values.items()}
    return values if values is None else _one_again(values)


def _one_again(value: Any) -> Any:
    """What fills a sentence: a state or an office was already said and is a text of the catalogue, a name is none."""
    if isinstance(value, Said | Promise):
        return said_again(value)
    return translation.gettext(value) if isinstance(value, str) and value else value


def listed(parts: Iterable[Any], between: str = "、") -> str:
    """Parts one after another with the punctuation of the language of the moment. between: 、 or ； or ，."""
    return translation.gettext(between).join(map(str, parts))


def titled(what: Any, which: Any) -> str:
    """`what：which` with the punctuation of the language of the moment."""
    return f"{what}{translation.gettext('：')}{which}"


def bracketed(what: Any, more: Any) -> str:
    """`what（more）` with the brackets of the language of the moment."""
    return f"{what}{translation.gettext('（')}{more}{translation.gettext('）')}"
