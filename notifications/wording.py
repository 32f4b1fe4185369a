"""A letter in the administrator's own words: what may stand in them, and how they are filled in; pure.

Words name what is to be filled in between braces, "{事项}" or "{task}". Nothing else in them means anything: no tag, no
filter, no look-up, and what is filled in is not looked through again. A line all of whose names are empty is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from notifications.letters import START, placeholders_of
from notifications.rendering import TITLE_LENGTH, Facts, Letter, TaskFacts, render
from workflow.people.saying import day_said, listed, titled

NAME = re.compile(r"\{([^{}\n]*)\}")
BODY_LENGTH = 2000
COUNTED = (
    "destroyed",
    "sealed",
    "on_paper",
    "rows",
    "number",
    "differences",
)  # what an entry says in figures
# A day no letter is about, to find again in a text where its day stands.
A_DAY = date(1949, 1, 31)


def codes_of(letter: str) -> dict[str, str]:
    """The code of every name a letter's words may use: its own, and its Chinese one."""
    with override("zh-hans"):
        chinese = {str(title): code for code, title in placeholders_of(letter).items()}
    return chinese | {code: code for code in placeholders_of(letter)}


def faults_of(letter: str, title: str, body: str) -> dict[str, list[str]]:
    """What is wrong with a letter's words, by field; empty: they can be used."""
    known = codes_of(letter)
    found: dict[str, list[str]] = {"title": [], "body": []}
    for field, text in (("title", title), ("body", body)):
        unknown = [name for name in NAME.findall(text) if name not in known]
        if unknown:
            found[field].append(
                _("没有这样的代入项：%(names)s。可用的列在下方。")
                % {"names": listed(f"{{{name}}}" for name in dict.fromkeys(unknown))}
            )
        if re.search(r"[{}]", NAME.sub("", text)):
            found[field].append(_("花括号只能成对使用，中间写代入项的名称。"))
    if "\n" in title.strip():
        found["title"].append(_("标题只能有一行。"))
    return {field: faults for field, faults in found.items() if faults}


def filled(letter: str, title: str, body: str, facts: Facts) -> Letter | None:
    """The letter in these words; None where its title would say nothing, so that the usual words are used."""
    values, known = values_of(facts), codes_of(letter)
    head = _filled(title, values, known)
    if not head:
        return None
    lines = [_filled(line, values, known) for line in body.splitlines()]
    return Letter(head[:TITLE_LENGTH], "\n".join(line for line in lines if line))


def _filled(line: str, values: Mapping[str, str], known: Mapping[str, str]) -> str:
    names = NAME.findall(line)
    if names and not any(values.get(known.get(name, ""), "") for name in names):
        return ""
    return NAME.sub(lambda found: values.get(known.get(found[1], ""), ""), line).strip()


def values_of(facts: Facts) -> dict[str, str]:
    """What stands for every code in one letter, empty for what it has not. In the active language."""
    after = facts.after
    return {
        "unit": facts.unit,
        "who": facts.who,
        "office": facts.office,
        "ended": facts.ended,
        "label": facts.label,
        "reason": facts.reason,
        "day": date_format(facts.on),
        "days": _text(after.get("days")),
        "user": _text(after.get("user")),
        "when_due": _when_due(after.get("days")),
        "copied": _("办理结果") if after.get("finished") else _("此事项"),
        "session": _("票决会议") if after.get("planned_t") else _("评估会议"),
        "new_day": day_said(after.get("planned_t") or after.get("planned_t2")),
        **{
            name: day_said(after.get(name))
            for name in ("window_from", "window_to", "since", "until", "held_on", "corrects")
        },
        **{name: _text(after.get(name)) for name in (*COUNTED, "hour", "place")},
        **_of_tasks(facts),
    }


def _of_tasks(facts: Facts) -> dict[str, str]:
    first = facts.task
    if first is None:
        return {}
    if len(facts.tasks) > 1:
        brief = _("%(title)s等 %(n)s 项") % {"title": first.title, "n": len(facts.tasks)}
        return {"task": brief, "tasks": "\n".join(titled(t.title, t.label) for t in facts.tasks)}
    due = date_format(first.due_on) if first.due_on else ""
    if due and first.provisional:
        due = _("%(day)s（暂定）") % {"day": due}
    return {"task": first.title, "task_label": first.label, "seat": first.seat, "due": due}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _when_due(days: object) -> str:
    if days is None:
        return ""
    return _("还有 %(n)s 天到期") % {"n": days} if days else _("今日到期")


def usual_words(letter: str, language: str) -> tuple[str, str]:
    """The usual words of a letter with names in them, for an editor to begin with."""
    chinese = language.startswith("zh")
    with override("zh-hans"):
        called = {code: str(title) if chinese else code for code, title in placeholders_of(letter).items()}
        chinese_names = {str(title): code for code, title in placeholders_of(letter).items()}
    with override(language):
        if letter in START:
            title, body = (str(text) for text in START[letter])
            if chinese:
                return title, body
            named = lambda found: f"{{{chinese_names.get(found[1], found[1])}}}"  # noqa: E731
            return NAME.sub(named, title), NAME.sub(named, body)
        made = render(letter, _named_facts({code: f"{{{name}}}" for code, name in called.items()}))
        day = date_format(A_DAY)
    due = f"{{{called['due']}}}" if "due" in called else ""
    return made.title.replace(day, due), made.body.replace(day, due)


def _named_facts(names: Mapping[str, str]) -> Facts:
    task = TaskFacts(
        0, names.get("task", ""), names.get("task_label", ""), names.get("seat", ""), A_DAY, False, False
    )
    return Facts(
        unit=names["unit"],
        who=names["who"],
        office=names.get("office", ""),
        label=names["label"],
        reason=names["reason"],
        on=A_DAY,
        after=dict(names),
        tasks=(task,) if "task" in names else (),
        ended=names.get("ended", ""),
    )


def sample() -> Facts:
    """An invented example, for a letter nobody has been sent yet."""
    task = TaskFacts(0, _("发布征集公告"), _("2027 年度"), _("青溪镇"), date(2026, 9, 8), False, False)
    return Facts(
        unit=_("青溪镇"),
        who=_("党政办"),
        office=_("代表"),
        label=_("安装路灯"),
        reason=_("地点没有写明"),
        on=date(2026, 9, 1),
        after={
            "days": 3,
            "user": "liu.fang",
            "planned_t": "2027-01-20",
            "window_from": "2026-09-03",
            "window_to": "2026-10-08",
            "since": "2026-10-12",
            "until": "2026-10-16",
            "destroyed": 4,
            "sealed": 40,
            "on_paper": 20,
            "rows": 16,
            "number": "2027-1",
            "differences": 2,
        },
        tasks=(task,),
        ended=_("发布征集公告"),
    )
