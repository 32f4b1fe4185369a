"""What every page may read without asking for it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from projects.portal.scope import is_open
from projects.portal.week import DESKS
from projects.retention.events import DESKS as ASKING
from projects.retention.selectors import codes_due
from projects.site.backups.page import oversees_all
from projects.site.backups.telling import warnings_of
from projects.site.text_size import NARROW_MEDIA, text_size_of
from workflow.administration.purpose import has_to_say
from workflow.inbox.lists import boxes
from workflow.inbox.selectors import count_todo
from workflow.inbox.unread import unread_in
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.middleware import in_office
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import office_called

Links = Iterable[tuple[str, Any]]
NOTHING: Mapping[str, int] = MappingProxyType({})


def ui(request: HttpRequest) -> dict[str, Any]:
    """Text size, the media query of the one-column stylesheet, the logo that may replace the mark."""
    size = text_size_of(request)
    return {
        "text_size": size,
        "narrow_media": NARROW_MEDIA[size],
        "logo_url": settings.SITE_LOGO_URL,
    }


def work(request: HttpRequest) -> dict[str, Any]:
    """Who acts in which office, in whose words pages speak, and where one may go; nothing for an anonymous visitor."""
    grant = getattr(request, "acting", None)
    if grant is None:
        return {"hall": None}
    grants = in_office(request).grants
    return {
        "hall": grant.tenant,
        "acting": {
            "office_title": office_called(grant),
            "name": grant.user.name,
            "unit_name": _named(grant),
            "grants": [_choice(g, grant) for g in grants] if len(grants) > 1 else [],
            "says_purpose": has_to_say(grant),
        },
        "nav": SimpleLazyObject(lambda: navigation(request, grant)),
    }


def _named(grant: RoleGrant) -> str:
    """The unit acted for; one inside a township with the township before it."""
    inside = grant.unit_id != grant.tenant_id
    return f"{grant.tenant.name} · {grant.unit.name}" if inside else grant.unit.name


def _choice(grant: RoleGrant, acting: RoleGrant) -> dict[str, Any]:
    label = f"{grant.unit.name} · {office_called(grant)}"
    return {"id": grant.pk, "label": label, "current": grant.pk == acting.pk}


def navigation(request: HttpRequest, grant: RoleGrant) -> list[dict[str, Any]]:
    """The side navigation of an office: its boxes, its township's year, and what it oversees."""
    groups, unread = [], _unread(request)
    if registry.office(grant.office).works and not registry.office(grant.office).reads_below:
        meets = MEETINGS if registry.bodies_read_by(grant.office) else ()
        own = (*(DESK_WORK if grant.office in DESKS else ()), *meets, *OWN_WORK)
        items = [*_boxes(request, grant, unread), *_links(request, (*LETTERS, *own), unread)]
        groups.append({"title": _("我的工作"), "items": items})
        items = [*_links(request, _within(grant, BUSINESS)), *_keeping(request, grant)]
        items += _links(request, PEOPLE) if grant.office == "clerk" else []
        groups.append({"title": _("业务"), "items": items})
    elif grant.office == "county":
        groups.append({"title": _("监督"), "items": _links(request, OVERSIGHT, unread)})
    elif grant.office == "auditor":
        groups.append(
            {"title": _("审计"), "items": _links(request, (*_within(grant, AUDIT), *LETTERS), unread)}
        )
    else:
        items = _links(request, (*ADMINISTRATION, *LETTERS), unread)
        if oversees_all(grant):
            items += _backups(request, grant)
        groups.append({"title": _("系统管理"), "items": items})
    groups.append({"title": _("帮助与公开"), "items": _links(request, COMMON)})
    return groups


def _unread(request: HttpRequest) -> dict[str, int]:
    """How much the person has not opened, by the page that lists it."""
    found = unread_in(request)
    return {"copies": found.copies, "letters": found.messages}


def _within(grant: RoleGrant, links: Links) -> Links:
    """Of the links those an office limited to a part of the work has something to look for at."""
    return [link for link in links if is_open(grant, link[0])]


DESK_WORK: Links = (("week", _lazy("本周工作")), ("midyear", _lazy("年度内变动事项")))
MEETINGS: Links = (("meetings", _lazy("合并议事")),)
KEEPERS = ("gov_clerk", "clerk", "chair")
KEEPING: Links = (("retention", _lazy("保管和清除")),)
PEOPLE: Links = (("people", _lazy("人员与任职")),)
LETTERS: Links = (("letters", _lazy("消息")),)
OWN_WORK: Links = (("calendar", _lazy("日历")), ("stand_ins", _lazy("代办")))
BUSINESS: Links = (
    ("years", _lazy("年度流程")),
    ("projects", _lazy("入选项目")),
    ("pool", _lazy("项目库和储备库")),
    ("sessions", _lazy("会议")),
    ("votes", _lazy("大会票决")),
    ("seat_table", _lazy("座位表")),
    ("rulebook", _lazy("规则")),
    ("county_notes", _lazy("提示函与指导")),
    ("trail", _lazy("办理记录")),
)
OVERSIGHT: Links = (
    ("county", _lazy("民生实事总览")),
    ("years", _lazy("年度流程")),
    ("projects", _lazy("入选项目")),
    ("pool", _lazy("项目库和储备库")),
    ("sessions", _lazy("会议")),
    ("votes", _lazy("大会票决")),
    ("seat_table", _lazy("座位表")),
    ("rulebook", _lazy("规则")),
    ("county_notes", _lazy("提示函与指导")),
    ("midyear", _lazy("年度内变动事项")),
    ("copies", _lazy("抄送")),
    *LETTERS,
    ("stand_ins", _lazy("代办")),
    ("trail", _lazy("办理记录")),
    *KEEPING,
)
AUDIT: Links = (
    ("trail", _lazy("办理记录")),
    ("years", _lazy("年度流程")),
    ("projects", _lazy("入选项目")),
    ("pool", _lazy("项目库和储备库")),
    ("sessions", _lazy("会议")),
    ("votes", _lazy("大会票决")),
    ("seat_table", _lazy("座位表")),
    ("rulebook", _lazy("规则")),
)
ADMINISTRATION: Links = (
    ("people", _lazy("人员与任职")),
    ("midyear", _lazy("年度内变动事项")),
    ("unit_import", _lazy("导入单位")),
    ("people_import", _lazy("导入人员与任职")),
    ("letters_outside", _lazy("消息发送情况")),
    ("letter_wordings", _lazy("消息模板")),
    ("letter_groups", _lazy("群机器人")),
    ("trail_exports", _lazy("导出办理记录")),
)
COMMON: Links = (
    ("second_factor", _lazy("两步验证")),
    ("public_home", _lazy("居民服务")),
)


def _boxes(request: HttpRequest, grant: RoleGrant, unread: Mapping[str, int]) -> list[dict[str, Any]]:
    todo = in_office(request).todo
    counts = {"todo": count_todo(grant) if todo is None else todo, "copies": unread["copies"]}
    urls = {
        box.code: reverse("inbox") if box.code == "todo" else reverse("inbox_box", args=[box.code])
        for box in boxes()
    }
    return [
        {
            "label": box.title,
            "url": urls[box.code],
            "count": counts.get(box.code),
            "current": _is_here(request, urls[box.code]),
            "alert": counts.get(box.code, 0) > 0,
        }
        for box in boxes()
    ]


def _links(request: HttpRequest, names: Links, counts: Mapping[str, int] = NOTHING) -> list[dict[str, Any]]:
    """Links to pages by their names. counts: how much is new on some of them, by the same names."""
    acting = in_office(request).acting
    hall = acting.tenant if acting else None
    return [
        {
            "label": worded(label, hall),
            "url": url,
            "current": _is_within(request, url),
            "count": count,
            "alert": bool(count),
        }
        for url, label, count in ((reverse(name), label, counts.get(name)) for name, label in names)
    ]


def _keeping(request: HttpRequest, grant: RoleGrant) -> list[dict[str, Any]]:
    """The page of what is kept and erased, with how much of it waits for whoever asks for its erasure."""
    if grant.office not in KEEPERS:
        return []
    (item,) = _links(request, KEEPING)
    due = len(codes_due(grant.tenant)) if grant.office in ASKING else 0
    return [item | {"count": due or None, "alert": due > 0}]


def _backups(request: HttpRequest, grant: RoleGrant) -> list[dict[str, Any]]:
    """The page of backups, with how many things are wrong with them."""
    (item,) = _links(request, (("backups", _lazy("备份与恢复")),))
    return [item | {"count": len(warnings_of(grant.tenant, timezone.now())), "alert": True}]


def _is_within(request: HttpRequest, url: str) -> bool:
    """Whether a page or one below it is open; the public pages' root is above everything, the county's above its words."""
    below = url not in ("/", reverse("county"))
    return request.path.startswith(url) if below else request.path == url


def _is_here(request: HttpRequest, url: str) -> bool:
    return request.path == url
