"""Why an act is refused. Every refusal has a stable code and one Chinese sentence or a list of them."""

from __future__ import annotations

from collections.abc import Sequence

from django.forms import BaseForm
from django.utils.translation import gettext as _

from workflow.audit.models import Entry
from workflow.people.models import Unit
from workflow.people.saying import said_again, titled
from workflow.people.wording import worded


class Refused(Exception):
    """An act that may not happen; nothing of it is left behind. code is stable, reasons are for people."""

    code = "refused"

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self._reasons: Sequence[str] = reasons
        self._hall: Unit | None = None

    def __str__(self) -> str:
        return " ".join(self.reasons)

    @property
    def reasons(self) -> Sequence[str]:
        """The reasons in the language of whoever reads them, for an act speaks the record's."""
        return [worded(said_again(reason), self._hall) for reason in self._reasons]

    def said_in(self, unit: Unit) -> None:
        """From now on the reasons are told in the words of the hall the act was refused in."""
        self._hall = unit


class NotYourTurn(Refused):
    """The person does not hold the task's office at the task's unit, or no longer does."""

    code = "not_your_office"


class Barred(Refused):
    """A rule keeps this very person from the task, who holds its office: what two do, one does not do twice."""

    code = "barred"


class NotInPerson(Refused):
    """The act asks for the actor's own password again, and it was not given."""

    code = "not_in_person"


class Taken(Refused):
    """Somebody else was first: the task is done, claimed or withdrawn."""

    code = "taken"


class AlreadyDone(Refused):
    """The very same form was sent before and is done; `entry` is what it was done with."""

    code = "already_done"

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        super().__init__(_("本表此前已经提交并办结，没有重复办理。"))


class Busy(Refused):
    """Somebody else is acting on the same matter this very moment; trying again is right."""

    code = "busy"


class Obstructed(Refused):
    """Something still stands in the way; reasons name each thing."""

    code = "obstructed"


class WrongEntry(Refused):
    """What was typed into one box does not match what is kept (a passphrase, a code), which its form cannot know.

    field: the box by its name in the act's form, at which the page says it too.
    """

    code = "wrong_entry"

    def __init__(self, reason: str, *, field: str) -> None:
        self.field = field
        super().__init__(reason)


class InvalidForm(Refused):
    """The entered data breaks a rule; `form` carries the errors by field."""

    code = "invalid"

    def __init__(self, form: BaseForm) -> None:
        self.form = form
        super().__init__(*(titled(label, text) for label, text in errors_of(form)))


def errors_of(form: BaseForm) -> list[tuple[str, str]]:
    """The form's errors as (field label, sentence); errors of the whole form come under 本表."""
    found: list[tuple[str, str]] = []
    for name, errors in form.errors.items():
        label = str(form.fields[name].label or name) if name in form.fields else _("本表")
        found.extend((label, str(error)) for error in errors)
    return found
