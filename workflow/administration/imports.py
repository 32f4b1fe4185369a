"""The tree of units and the people with their offices, from a workbook: checked whole, then all or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflow.administration import invitations
from workflow.administration.accounts import (
    Slip,
    WrittenTo,
    at_unit,
    create_person,
    why_no_code,
    why_no_name,
    why_no_username,
)
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import HALLS, TENANT_KINDS, Unit, UnitKind, User
from workflow.people.saying import listed
from workflow.people.services import create_unit
from workflow.roles import registry
from workflow.roles.models import LONGEST_DOCUMENT, RoleGrant
from workflow.roles.selectors import open_grants
from workflow.roles.services import GrantRefused, grant, hall_of, hold_seats, why_not_held

ERROR_COLUMN = gettext_lazy("错误")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
# A municipality (直辖市) has no city between itself and its counties, and some cities have no counties.
PARENT_KINDS: dict[str, tuple[str, ...]] = {
    UnitKind.CITY: (UnitKind.PROVINCE,),
    UnitKind.COUNTY: (UnitKind.CITY, UnitKind.PROVINCE),
    UnitKind.TOWNSHIP: (UnitKind.COUNTY, UnitKind.CITY),
    UnitKind.SUBDISTRICT: (UnitKind.COUNTY, UnitKind.CITY),
    **{kind: HALLS for kind in UnitKind.values if kind not in TENANT_KINDS},
}


@dataclass
class Row:
    """One line of a workbook and what is wrong with it."""

    line: int
    values: dict[str, str]
    errors: list[str] = field(default_factory=list)


class ImportRefused(Exception):
    """Nothing was imported; `rows` carry the errors."""

    def __init__(self, rows: list[Row]) -> None:
        super().__init__(_("表中有错误，没有导入任何内容。"))
        self.rows = rows


@dataclass(frozen=True)
class Kind:
    """A kind of import: its columns, which must be filled, its checks and how it is done."""

    code: str
    title: str | Promise
    columns: tuple[str, ...]
    required: tuple[str, ...]
    check: Callable[[list[Row], Unit, date], None]
    apply: Callable[[Act, list[Row]], list[Slip | WrittenTo]]
    notes: Callable[[], list[str]]
    samples: tuple[tuple[str, ...], ...]


def checked(kind: Kind, raw: Iterable[dict[str, str]], scope: Unit, on: date) -> list[Row]:
    """Every row with its errors. scope: the unit below which the administrator works."""
    rows = [Row(int(r["line"]), {title: r.get(title, "") for title in kind.columns}) for r in raw]
    for row in rows:
        row.errors += [_("缺少“%(title)s”。") % {"title": t} for t in kind.required if not row.values[t]]
    kind.check([row for row in rows if not row.errors], scope, on)
    return rows


def run(kind: Kind, raw: list[dict[str, str]], act: Act, scope: Unit) -> list[Slip | WrittenTo]:
    """Import everything or, with ImportRefused, nothing; returns how each new person gets in."""
    with transaction.atomic():
        # Whoever only refers to the unit (every entry in its trail) need not wait, hence no_key.
        Unit.objects.select_for_update(no_key=True).get(pk=scope.pk)
        rows = checked(kind, raw, scope, act.on)
        if any(row.errors for row in rows):
            raise ImportRefused(rows)
        write_down(act, f"{kind.code}.import", f"unit:{scope.pk}", after={"rows": len(rows)})
        return kind.apply(act, rows)


# ----------------------------------------------------------------------------------------- units


def _check_units(rows: list[Row], scope: Unit, on: date) -> None:
    kinds = {str(label): value for value, label in UnitKind.choices}
    known = {u.code: (u.kind, u.path.startswith(scope.path)) for u in Unit.objects.all()}
    for row in rows:
        code, kind, parent = row.values["编码"], kinds.get(row.values["类别"]), row.values["上级编码"]
        row.errors += _unit_errors(row.values, kind, known)
        if kind and parent in known and not row.errors:
            row.errors += _parent_errors(kind, *known[parent])
        if not row.errors and kind:
            known[code] = (kind, True)


def _unit_errors(values: dict[str, str], kind: str | None, known: dict[str, Any]) -> list[str]:
    errors = why_no_code(values["编码"])
    if values["编码"] in known:
        errors.append(_("编码“%(code)s”已经存在或重复。") % {"code": values["编码"]})
    if kind not in PARENT_KINDS:
        labels = listed(str(UnitKind(k).label) for k in PARENT_KINDS)
        errors.append(_("类别须为：%(kinds)s。") % {"kinds": labels})
    if values["上级编码"] not in known:
        errors.append(_("找不到上级编码“%(code)s”，上级须已存在或排在前面。") % {"code": values["上级编码"]})
    if len(values["名称"]) > 80:
        errors.append(_("名称最多 80 个字。"))
    return errors


def _parent_errors(kind: str, parent_kind: str, inside: bool) -> list[str]:
    if not inside:
        return [_("上级单位不在您管理的范围内。")]
    if parent_kind not in PARENT_KINDS[kind]:
        allowed = listed(str(UnitKind(k).label) for k in PARENT_KINDS[kind])
        return [_("%(kind)s的上级须为：%(allowed)s。") % {"kind": UnitKind(kind).label, "allowed": allowed}]
    return []


def _apply_units(act: Act, rows: list[Row]) -> list[Slip | WrittenTo]:
    kinds = {str(label): value for value, label in UnitKind.choices}
    for row in rows:
        values = row.values
        # Where it stands was checked with the sheet; a unit made by a row above is not yet among those one may write.
        with within(SYSTEM):
            create_unit(
                code=values["编码"],
                name=values["名称"],
                kind=kinds[values["类别"]],
                parent=Unit.objects.select_related("tenant").get(code=values["上级编码"]),
            )
    return []


def _unit_notes() -> list[str]:
    labels = listed(str(UnitKind(k).label) for k in PARENT_KINDS)
    return [
        _("每行一个单位。上级单位须已在系统中，或者排在本表前面。"),
        _("类别：%(kinds)s。") % {"kinds": labels},
        _("村（社区）、联络站、责任单位、代表团、代表监督小组的上级是乡镇或街道。"),
    ]


# ---------------------------------------------------------------------------------------- people


def parse_day(text: str) -> date | None:
    """A day as people write it (2026-01-31, 2026/1/31, 2026年1月31日); None for anything else."""
    found = DAY.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def office_codes() -> dict[str, str]:
    """Offices by what people may write for them: the title or the code."""
    known = {str(o.title): o.code for o in registry.offices()}
    return known | {o.code: o.code for o in registry.offices()}


class _PeopleCheck:
    """Rows against what stands in the database and against each other."""

    def __init__(self, rows: list[Row], scope: Unit, on: date) -> None:
        names = {row.values["用户名"] for row in rows}
        self.on, self.scope, self.offices = on, scope, office_codes()
        self.units = {u.code: u for u in Unit.objects.filter(path__startswith=scope.path)}
        self.users = {u.username: u for u in User.objects.filter(username__in=names)}
        self.held: dict[str, list[tuple[str, str, registry.Holding]]] = {}
        self.foreign: set[str] = set()
        self.named: dict[str, str] = {u.username: u.name for u in self.users.values()}
        # Who holds an office of which there are only so many at a unit; read when a row first asks.
        self.seats: dict[tuple[str, str], list[tuple[str, registry.Holding]]] = {}
        self._read_grants(names)

    def _read_grants(self, names: set[str]) -> None:
        # Offices in other counties are out of the administrator's sight, and still must stop the row.
        with within(SYSTEM):
            live = RoleGrant.objects.filter(user__username__in=names, revoked_at=None).exclude(
                until__lt=self.on
            )
            for g in live.select_related("user", "unit"):
                self.held.setdefault(g.user.username, []).append((g.office, g.unit.code, g.holding))
                if not g.unit.path.startswith(self.scope.path):
                    self.foreign.add(g.user.username)

    def errors(self, values: dict[str, str]) -> list[str]:
        found = [*self._person(values), *self._days(values)]
        office = self.offices.get(values["职务"])
        unit = self.units.get(values["单位编码"])
        if office is None:
            found.append(_("没有“%(office)s”这一职务。") % {"office": values["职务"]})
        if unit is None:
            found.append(_("您管理的范围内没有编码为“%(code)s”的单位。") % {"code": values["单位编码"]})
        if len(values["依据文号"]) > LONGEST_DOCUMENT:
            found.append(_("“依据文号”最多 %(most)s 个字。") % {"most": LONGEST_DOCUMENT})
        if office and registry.office(office).documented and not (values["依据文号"] and values["止"]):
            found.append(_("“%(office)s”须写明依据文号和止日。") % {"office": registry.title_of(office)})
        if office and unit and not found:
            since = _day_or(values["起"], self.on) or self.on
            until = parse_day(values["止"])
            found += self._seat(values["用户名"], office, unit, since=since, until=until)
        return found

    def _person(self, values: dict[str, str]) -> list[str]:
        username, name = values["用户名"], values["姓名"]
        found = [*why_no_username(username), *why_no_name(name)]
        if username in self.foreign:
            found.append(_("用户名“%(username)s”属于其他地区的人员。") % {"username": username})
        elif self.named.setdefault(username, name) != name:
            found.append(
                _("用户名“%(username)s”属于另一人（%(name)s）。")
                % {"username": username, "name": self.named[username]}
            )
        if values["电子邮箱"]:
            try:
                User._meta.get_field("email").run_validators(values["电子邮箱"])
            except ValidationError:
                found.append(_("电子邮箱的格式不对。"))
        return found

    def _days(self, values: dict[str, str]) -> list[str]:
        since, until = _day_or(values["起"], self.on), _day_or(values["止"], date.max)
        if since is None or until is None:
            return [_("日期写成 2026-01-31 的形式。")]
        return [_("止日不能早于起日。")] if until < since else []

    def _seat(self, username: str, office: str, unit: Unit, *, since: date, until: date | None) -> list[str]:
        held = self.held.setdefault(username, [])
        if any((office, unit.code) == (code, seat) for code, seat, _holding in held):
            return [_("此人已担任这一职务，或者在表中重复。")]
        own, seats = [holding for *_seat, holding in held], self._seats(office, unit)
        others = [holding for name, holding in seats if name != username]
        refused = why_not_held(office, unit, own, at_date=since, until=until, others=others)
        if refused:
            return [str(refused)]
        given = registry.Holding(office, hall_of(unit).pk, since, until)
        held.append((office, unit.code, given))
        seats.append((username, given))
        return []

    def _seats(self, office: str, unit: Unit) -> list[tuple[str, registry.Holding]]:
        """Who holds the office there by what stands in the database and above in the sheet, where there is a limit."""
        key = (office, unit.code)
        if key not in self.seats:
            taken = open_grants(self.on).filter(office=office, tenant=hall_of(unit)).select_related("user")
            limited = registry.seats_limited(office, hall_of(unit))
            self.seats[key] = [(one.user.username, one.holding) for one in taken] if limited else []
        return self.seats[key]


def _day_or(text: str, default: date) -> date | None:
    return parse_day(text) if text else default


def _check_people(rows: list[Row], scope: Unit, on: date) -> None:
    check = _PeopleCheck(rows, scope, on)
    for row in _resting_last(rows):
        row.errors += check.errors(row.values)


def _resting_last(rows: list[Row]) -> list[Row]:
    """The rows with those last whose office is held beside another (主席、副主席 and 监票人 beside 代表), else as they stand."""
    offices = office_codes()
    return sorted(rows, key=lambda row: registry.rests(offices.get(row.values["职务"], "")))


def _apply_people(act: Act, rows: list[Row]) -> list[Slip | WrittenTo]:
    offices, new = office_codes(), dict[str, Slip | WrittenTo]()
    codes = {row.values["单位编码"] for row in rows}
    units = {unit.code: unit for unit in Unit.objects.select_related("tenant").filter(code__in=codes)}
    for row in rows:
        unit = units[row.values["单位编码"]]
        title = f"{unit.name} {registry.title_of(offices[row.values['职务']])}"
        _meet(at_unit(act, unit), row.values, title, new)
    # After the accounts, which take their time: a vote or a session of these townships does not open meanwhile.
    hold_seats((offices[row.values["职务"]], units[row.values["单位编码"]]) for row in rows)
    for row in _resting_last(rows):
        unit = units[row.values["单位编码"]]
        user = User.objects.get(username=row.values["用户名"])
        _give(at_unit(act, unit), row, rows, user=user, office=offices[row.values["职务"]], unit=unit)
    return list(new.values())


def _meet(here: Act, values: dict[str, str], title: str, new: dict[str, Slip | WrittenTo]) -> None:
    """The account of a row's person is made where there is none; how a new one gets in names the office of the row."""
    username = values["用户名"]
    if username not in new and not User.objects.filter(username=username).exists():
        new[username] = create_person(here, username=username, name=values["姓名"], email=values["电子邮箱"])
    if username in new:
        made = new[username]
        new[username] = replace(made, offices=(*made.offices, title))


def _give(act: Act, row: Row, rows: list[Row], *, user: User, office: str, unit: Unit) -> None:
    values = row.values
    try:
        grant(
            user=user,
            office=office,
            unit=unit,
            act=act,
            since=parse_day(values["起"]) or act.on,
            until=parse_day(values["止"]),
            document=values["依据文号"],
        )
    except GrantRefused as refused:
        row.errors.append(str(refused))
        raise ImportRefused(rows) from refused


def _people_notes() -> list[str]:
    return [
        _("每行一个职务；一人兼几个职务就写几行，用户名和姓名保持一致。"),
        _("职务：%(titles)s。") % {"titles": listed((str(o.title) for o in registry.offices()), "；")},
        _(
            "主席、副主席、监票人、监督小组成员须是本级代表：代表职务须已在系统中，或者在本表另写一行，前后均可。"
        ),
        _("起、止写成 2026-01-31 的形式；起空着为今天，止空着为长期。审计人员须写依据文号和止日。"),
        how_people_get_in(),
    ]


def how_people_get_in() -> str:
    """What new people get, a letter or a slip, and where all get a slip, why."""
    if not invitations.can_write():
        return _("本系统没有设置邮件服务器，不能写信：新建的人员都打印一次性登录单，首次登录须改密码。")
    return _(
        "新建的人员填写了电子邮箱的，系统写信给本人，用信中的链接设置密码（%(days)s 日内有效，只能用一次）；"
        "没有填写的打印一次性登录单，首次登录须改密码。"
    ) % {"days": invitations.days()}


UNITS = Kind(
    "units",
    gettext_lazy("单位"),
    ("编码", "名称", "类别", "上级编码"),
    ("编码", "名称", "类别", "上级编码"),
    _check_units,
    _apply_units,
    _unit_notes,
    (("330000101", "示例镇", "乡镇", "330000"), ("330000101-D1", "农业农村办公室", "责任单位", "330000101")),
)
PEOPLE = Kind(
    "people",
    gettext_lazy("人员与任职"),
    ("姓名", "用户名", "电子邮箱", "职务", "单位编码", "起", "止", "依据文号"),
    ("姓名", "用户名", "职务", "单位编码"),
    _check_people,
    _apply_people,
    _people_notes,
    (("示例姓名", "shili01", "", "人大办（人大秘书）", "330000101", "", "", ""),),
)
KINDS = {kind.code: kind for kind in (UNITS, PEOPLE)}


def error_sheet_rows(rows: Sequence[Row], columns: Sequence[str]) -> list[list[str]]:
    """The rows as given, with their errors in a last column."""
    return [[*(row.values[title] for title in columns), "".join(row.errors)] for row in rows]
