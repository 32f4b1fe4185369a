"""The language of the record, and refusals that are raised in it and read in another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, TypeVar, cast

from django.conf import settings
from django.utils import translation
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise, lazy

from workflow.people.sentences import Clause, Sentence

Written = TypeVar("Written")


def in_the_records_language() -> AbstractContextManager[None]:
    """What an act writes down inside the block is Chinese, whatever the actor's pages speak.

    Trail, papers and minutes are read by everybody and for good; a record in each actor's own language is none.
    """
    return cast("AbstractContextManager[None]", translation.override(settings.LANGUAGE_CODE))


def in_chinese() -> bool:
    """Whether what is read at the moment is read in the language of the record."""
    return translation.get_language() in (None, settings.LANGUAGE_CODE)


class Said(Sentence):
    """A text in the language of the moment that can be said again in another; filled, it keeps what fills it."""

    __slots__ = ()

    @classmethod
    def of(cls, msgid: str, values: Any = None) -> Said:
        return cls.filled(translation.gettext(msgid), msgid, values)

    def __mod__(self, values: Any) -> Said:
        return Said.of(self.msgid, values)


def said(text: str) -> str:
    """`gettext` for what an act may refuse with; rooms import it as `_`, so that the catalogue finds their texts."""
    return Said.of(text)


def said_again(text: Any) -> str:
    """A refusal's or a rule's text in the language of the moment; what keeps no message stays as it is."""
    if not isinstance(text, Sentence):
        return str(text)
    told = str(Said.of(text.msgid, _again(text.values)))
    return told.rstrip("。.") if isinstance(text, Clause) else told


# A rule's text where it is shown, in the language of whoever looks then.
said_later = lazy(said_again, str)
Sentence.reader = said_again


def _again(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _one_again(value) for name, value in values.items()}
    return values if values is None else _one_again(values)


def _one_again(value: Any) -> Any:
    """What fills a sentence: a state or an office was already said and is a text of the catalogue, a name is none."""
    if isinstance(value, Sentence | Promise):
        return said_again(value)
    if isinstance(value, date):
        return date_format(value)
    return translation.gettext(value) if isinstance(value, str) and value else value


def day_said(value: Any) -> str:
    """A day as entries keep it (ISO), as the language of the moment writes it; any other text as it is, "" for None."""
    text = "" if value is None else str(value)
    day = parse_date(text)
    return date_format(day) if day else text


def as_written(kept: Written, again: Callable[[], Written]) -> Written:
    """What a rule said and was written down, for a page. again: the same from the same figures.

    Where another language is read it is made anew, so that it can be said in it, and shown if it comes out the very same:
    what was signed or decided stays as it is, also where the rules have changed since.
    """
    if in_chinese():
        return kept
    made = again()
    return made if made == kept else kept


def listed(parts: Iterable[Any], between: str = "、") -> str:
    """Parts one after another with the punctuation of the language of the moment. between: 、 or ； or ，."""
    return translation.gettext(between).join(map(said_again, parts))


def titled(what: Any, which: Any) -> str:
    """`what：which` with the punctuation of the language of the moment."""
    return f"{said_again(what)}{translation.gettext('：')}{said_again(which)}"


def bracketed(what: Any, more: Any) -> str:
    """`what（more）` with the brackets of the language of the moment."""
    return f"{said_again(what)}{translation.gettext('（')}{said_again(more)}{translation.gettext('）')}"
