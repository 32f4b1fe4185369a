"""The trail told in Chinese: what an entry's action is called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import JSONField, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflow.audit.models import Entry
from workflow.audit.rows import ADDED, CHANGED, REMOVED
from workflow.audit.rows import OFFICE as DATABASE
from workflow.flows.base import flows
from workflow.flows.events import events, open_act, open_acts
from workflow.inbox.telling import Changed, changes_of, machine_of, names_in
from workflow.machines.graph import arrows, machines, states
from workflow.machines.models import STATE
from workflow.people.models import Unit, User
from workflow.people.wording import worded
from workflow.roles import registry

# Acts that are neither a step nor an event, nor an arrow that leads to another state: the engine's own; rooms add theirs
# (`call_acts`).
_others: dict[str, Any] = {
    "grant.give": gettext_lazy("授予职务"),
    "grant.revoke": gettext_lazy("解除职务"),
    "stand_in.name": gettext_lazy("指定代办人"),
    "stand_in.end": gettext_lazy("终止代办"),
    "task.urge": gettext_lazy("催办"),
    "task.copy": gettext_lazy("抄送"),
    "calendar.make_link": gettext_lazy("生成日历订阅链接"),
    "calendar.drop_link": gettext_lazy("停用日历订阅链接"),
    "meeting.call": gettext_lazy("召集会议"),
    "meeting.call_off": gettext_lazy("取消会议"),
    "meeting.hold": gettext_lazy("合并议事"),
    "task.comment": gettext_lazy("留言"),
    "task.hand_over": gettext_lazy("转办"),
    "flow.cancel": gettext_lazy("结束未办事项"),
    "trail.export": gettext_lazy("导出办理记录"),
    "trail.download": gettext_lazy("下载导出的办理记录"),
    "trail.cancel_export": gettext_lazy("取消导出办理记录"),
    "trail.export_failed": gettext_lazy("未能导出办理记录"),
    "trail.key": gettext_lazy("启用办理记录签名密钥"),
    "trail.keep": gettext_lazy("登记留存在外的校验码"),
    "trail.alarm": gettext_lazy("发现办理记录被改动"),
    "backup.make": gettext_lazy("备份"),
    "backup.drill": gettext_lazy("恢复演练"),
    "log.restored": gettext_lazy("从备份恢复"),
    "record.read": gettext_lazy("查阅"),
    "record.export": gettext_lazy("下载文件"),
    "personal.read": gettext_lazy("查看个人信息"),
    "auth.sign_in": gettext_lazy("登录"),
    "auth.sign_out": gettext_lazy("退出登录"),
    "auth.password_change": gettext_lazy("修改密码"),
    "auth.first_password": gettext_lazy("设置首个密码"),
    "auth.second_factor": gettext_lazy("启用两步验证"),
    "person.create": gettext_lazy("新增人员"),
    "person.reset_password": gettext_lazy("重置密码"),
    "person.unlock": gettext_lazy("解除登录锁定"),
    "person.drop_second_factor": gettext_lazy("停用两步验证"),
    "people.import": gettext_lazy("导入人员"),
    "units.import": gettext_lazy("导入单位"),
    "deadline.settle": gettext_lazy("按放假安排重新计算期限"),
    "deadline.remind": gettext_lazy("到期提醒"),
    "deadline.escalate": gettext_lazy("超期上报"),
    ADDED: gettext_lazy("未经办理程序新增数据"),
    CHANGED: gettext_lazy("未经办理程序改动数据"),
    REMOVED: gettext_lazy("未经办理程序删除数据"),
}


def call_acts(titles: Mapping[str, Any]) -> None:
    """Register what the domain's other acts are called, by the action their entries carry."""
    _others.update(titles)
    _titles.cache_clear()


# What a room calls moves of its records where the state they come to would mislead: by action, the mark an entry of
# such a move bears in its `after`, and the title.
_moves: dict[str, tuple[str, Any]] = {}


def call_moves(mark: str, titles: Mapping[str, Any]) -> None:
    """Register what a room calls some moves of its records otherwise. mark: what is true in the `after` of such an entry;
    titles: by action."""
    _moves.update({action: (mark, title) for action, title in titles.items()})


_MARKS = re.compile(r"[\s：:“”\"]+")  # between a title and what became of it, round a state
STATE_NOW = gettext_lazy("转为“{state}”")
# Acts of nobody in office: of the system itself, of whoever runs its commands, of residents on the public pages, and
# what was done past every act.
OUTSIDE = {
    "system": gettext_lazy("系统"),
    "resident": gettext_lazy("群众"),
    "operator": gettext_lazy("系统操作员"),
    DATABASE: gettext_lazy("数据库"),
}


@dataclass(frozen=True)
class Line:
    """One entry for people. who: name or 系统; office: its title, and whom the person stood in for (代办).

    declined: whether a second person did not agree to what another asked for, so that nothing of it was done.
    """

    entry: Entry
    what: str
    who: str
    office: str
    label: str
    reason: str
    returned: bool
    declined: bool
    changes: list[Changed]


@cache
def _titles() -> dict[str, Any]:
    found: dict[str, Any] = dict(_others)
    for flow in flows():
        found |= {node.key: node.task_title for node in flow.steps()}
    found |= {event.key: event.title for event in events()}
    for model in machines():
        labels = states(model)
        found |= {
            f"{model.kind}.{a.name}": format_lazy(STATE_NOW, state=labels.get(a.target, a.target))
            for a in arrows(model)
            if a.source != a.target
        }
    return found


_SUFFIXES = {".return": gettext_lazy("%(title)s：退回"), ".take_back": gettext_lazy("%(title)s：取回")}


def title_of_action(action: str) -> str:
    """What an action is called; 退回 for a return, 取回 for what was taken back, the new state for a machine's arrow."""
    for suffix, called in _SUFFIXES.items():
        if action.endswith(suffix):
            return str(called) % {"title": title_of_action(action.removesuffix(suffix))}
    return str(_titles().get(action, action))


def actions_called(words: str, hall: Unit) -> list[str]:
    """The actions whose title has these words, as it is shown in a hall; marks and case aside."""
    variants = (f"{action}{suffix}" for action in _titles() for suffix in ("", *_SUFFIXES))
    return [one for one in variants if _says(title_of_action(one), words, hall)]


def entries_called(entries: QuerySet[Entry], words: str, hall: Unit) -> QuerySet[Entry]:
    """Of a hall's entries those whose title, as their line shows it (`lines_of`), has these words."""
    named = set(actions_called(words, hall))
    found = Q(action__in=named)
    for action, where, title in _called_otherwise():
        told = _says(str(title), words, hall)
        if told and action not in named:
            found |= Q(action=action) & where
        elif action in named and not told:
            found &= ~(Q(action=action) & where)
    inside = Cast("body", JSONField())
    after = KeyTransform("after", inside)
    keys = {mark: KeyTextTransform(mark, after) for mark, _title in _moves.values()}
    keys["office"] = KeyTextTransform("office", inside)
    # What an entry does not say is nothing, and not unknown: the conditions are turned round as well.
    said = {
        f"said_{key}": Coalesce(value, Value(""), output_field=TextField()) for key, value in keys.items()
    }
    return entries.alias(**said).filter(found)


def _called_otherwise() -> Iterator[tuple[str, Q, Any]]:
    """The actions some of whose entries have a title of their own: which these are, as `entries_called` asks it."""
    for action, (mark, title) in _moves.items():
        yield action, Q(**{f"said_{mark}": "true"}), title
    for one in open_acts():
        yield one.key, Q(said_office=one.office), one.title


def _says(title: str, words: str, hall: Unit) -> bool:
    return _plain(words) in _plain(worded(title, hall))


def _plain(text: str) -> str:
    return _MARKS.sub("", text).casefold()


def line_of(entry: Entry) -> Line:
    """An entry as a line of the history."""
    return lines_of([entry])[0]


def lines_of(entries: Iterable[Entry]) -> list[Line]:
    """Entries as lines of the history; the people and records they name are looked up for all of them at once."""
    told = [(entry, json.loads(entry.body)) for entry in entries]
    wanted = {body["stands_for"] for _entry, body in told if "stands_for" in body}
    names = dict(User.objects.filter(username__in=wanted).values_list("username", "name")) if wanted else {}
    records = names_in(body for _entry, body in told)
    return [_line(entry, body, names, records) for entry, body in told]


def _line(entry: Entry, body: dict[str, Any], names: Mapping[str, str], records: Mapping[str, str]) -> Line:
    # What a resident does of its own accord is not what an office registers under the same key.
    own = open_act(body["action"], body["office"])
    return Line(
        entry=entry,
        what=worded(own.title if own else _what(body), entry.unit),
        who=entry.actor.name if entry.actor else str(OUTSIDE.get(body["office"], OUTSIDE["system"])),
        office=_office(entry, body, names),
        label=body["label"] or records.get(body["subject"], ""),
        reason=body["reason"],
        returned=body["action"].endswith(".return"),
        # A body's decision has "agreed" too, but nobody asked a second person there.
        declined=body["after"].get("agreed") is False and "asked" in body["after"],
        changes=changes_of(body, records),
    )


def _what(body: Mapping[str, Any]) -> str:
    """An act's title; of a machine's move the state the record has come to, as the entry itself has it, unless the room
    calls it otherwise."""
    kind, before, after = str(body["subject"]).partition(":")[0], body["before"], body["after"]
    moved = machine_of(kind) and body["action"].startswith(f"{kind}.") and STATE in before and STATE in after
    if not moved or before[STATE] == after[STATE]:
        return title_of_action(body["action"])
    mark, called = _moves.get(body["action"], ("", ""))
    if mark and after.get(mark):
        return str(called)
    return str(format_lazy(STATE_NOW, state=states(machine_of(kind)).get(after[STATE], after[STATE])))


def _office(entry: Entry, body: dict[str, Any], names: Mapping[str, str]) -> str:
    if body["office"] in OUTSIDE:
        return ""
    title = registry.title_of(body["office"], entry.unit)
    if "stands_for" not in body:
        return title
    name = names.get(body["stands_for"], body["stands_for"])
    return _("%(office)s（代%(name)s）") % {"office": title, "name": name}
