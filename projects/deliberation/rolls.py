"""代表名册 from a workbook: every row checked against the deputies in office, then the roll's own task is done with it.

A row names a deputy and the delegation. The file is the roll only where it names everybody in office and nobody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from projects.cycles.models import Cycle
from projects.deliberation import selectors
from workflow.administration.imports import Row
from workflow.administration.sheets import unspaced
from workflow.people.models import User
from workflow.people.saying import listed

NAME, USERNAME, DELEGATION = "姓名", "用户名", "代表团"
COLUMNS = (NAME, USERNAME, DELEGATION)
REQUIRED = (NAME,)


@dataclass
class RollFile:
    """A workbook read against the roll. in_office: N; missing: deputies in office the file does not name.

    data: the roll task's form as the file fills it in.
    """

    rows: list[Row]
    in_office: int
    missing: list[str] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=dict)

    @property
    def in_file(self) -> int:
        return len(self.rows)

    @property
    def wrong(self) -> list[Row]:
        return [row for row in self.rows if row.errors]

    @property
    def is_sound(self) -> bool:
        return not self.wrong and not self.missing


def read_roll(cycle: Cycle, raw: Iterable[dict[str, str]], on: date) -> RollFile:
    """Every row with its errors by column, and who of those in office is not in the file.

    A user name may be left out where only one deputy has the name; a delegation left empty seats the deputy in none.
    """
    deputies = selectors.deputies_to_attend(cycle, on)
    units = {
        name: str(unit.pk)
        for unit in selectors.delegations_of(cycle.unit, on)
        for name in (unit.name, unit.code)
    }
    rows = [Row(int(one["line"]), {title: one.get(title, "") for title in COLUMNS}) for one in raw]
    read, seen = RollFile(rows, len(deputies)), set[int]()
    for row in rows:
        user = _deputy(row, deputies)
        if user is not None and user.pk in seen:
            row.errors.append(_("“姓名”：%(name)s在表中重复。") % {"name": user.name})
        unit = units.get(row.values[DELEGATION])
        if row.values[DELEGATION] and unit is None:
            row.errors.append(
                _("“代表团”：没有“%(name)s”，或者它没有团长。") % {"name": row.values[DELEGATION]}
            )
        if user is not None:
            seen.add(user.pk)
            read.data[f"delegation_{user.pk}"] = unit or ""
    read.missing = [user.name for user in deputies if user.pk not in seen]
    return read


def _deputy(row: Row, deputies: list[User]) -> User | None:
    """The deputy a row names; None with the row's error where it names none, or more than one."""
    name, username = unspaced(row.values[NAME]), row.values[USERNAME]
    if not name:
        row.errors.append(_("“姓名”：没有填写。"))
        return None
    found = [
        user for user in deputies if (user.username == username if username else unspaced(user.name) == name)
    ]
    if not found:
        row.errors.append(
            _("“%(column)s”：%(value)s不是今天在任的代表；新代表先由系统管理员登记代表职务。")
            % {"column": USERNAME if username else NAME, "value": username or name}
        )
        return None
    if len(found) > 1:
        row.errors.append(
            _("“用户名”：有 %(n)s 名代表叫%(name)s，须填用户名。") % {"n": len(found), "name": name}
        )
        return None
    if unspaced(found[0].name) != name:
        row.errors.append(
            _("“姓名”：用户名“%(username)s”是%(known)s，表中写的是%(name)s。")
            % {"username": username, "known": found[0].name, "name": name}
        )
        return None
    return found[0]


def template_rows(cycle: Cycle, on: date) -> list[tuple[str, str, str]]:
    """The roll as it would be today, to be corrected and sent back: everybody in office, where each sat last."""
    before = selectors.delegations_before(cycle.unit)
    names = {str(unit.pk): unit.name for unit in selectors.delegations_of(cycle.unit, on)}
    deputies = selectors.deputies_to_attend(cycle, on)
    return [(user.name, user.username, names.get(before.get(user.pk, ""), "")) for user in deputies]


def template_notes(cycle: Cycle, on: date) -> list[str]:
    """What to write in which column."""
    names = listed(unit.name for unit in selectors.delegations_of(cycle.unit, on))
    twice = [
        name for name, n in Counter(u.name for u in selectors.deputies_to_attend(cycle, on)).items() if n > 1
    ]
    notes = [
        _("每行一名在任代表，全部在任代表都要在表中；名册人数就是法定人数和过半数的基数。"),
        _("代表团：%(names)s。可以空着。") % {"names": names or _("尚无")},
    ]
    return notes + ([_("重名的代表须填用户名：%(names)s。") % {"names": listed(twice)}] if twice else [])
