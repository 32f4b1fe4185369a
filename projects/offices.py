"""The offices of the seat table and which of them go together in one person (steps.md, Offices)."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflow.people.models import HALLS, Unit, UnitKind
from workflow.roles.registry import (
    Office,
    Scope,
    register,
    register_conflict,
    register_need,
    register_scope,
    register_seats,
)

HALL = frozenset(HALLS)
# A subdistrict has no congress: its working committee is the county's, and whoever leads it was elected by nobody (组织法 59).
CONGRESS = frozenset({UnitKind.TOWNSHIP})
ABOVE = frozenset({UnitKind.COUNTY, UnitKind.CITY, UnitKind.PROVINCE})


def standing_committee_of(unit: Unit) -> str:
    """The full name of the standing committee of a county's, a city's or a province's congress, as papers are addressed
    to it and signed by it.
    """
    return f"{unit.name}人民代表大会常务委员会"


def _standing_committee(unit: Unit) -> str:
    return gettext("%(unit)s人大常委会") % {"unit": unit.name}


def _mayor(unit: Unit) -> str:
    """By what the unit is: a subdistrict's office has a director, a 乡 a 乡长, a 镇 a 镇长."""
    if unit.is_subdistrict:
        called = gettext("%(unit)s办事处主任")
    else:
        called = gettext("%(unit)s乡长") if unit.name.endswith("乡") else gettext("%(unit)s镇长")
    return called % {"unit": unit.name}


def _party(unit: Unit) -> str:
    called = gettext("%(unit)s党工委") if unit.is_subdistrict else gettext("%(unit)s党委")
    return called % {"unit": unit.name}


def _delegation_lead(unit: Unit) -> str:
    return gettext("%(unit)s团长") % {"unit": unit.name}


def _expert(unit: Unit) -> str:
    return gettext("%(unit)s受邀专家、第三方") % {"unit": unit.name}


OFFICES = [
    Office("chair", _("人大主席、副主席"), HALL, for_term=True, first=True),
    Office(
        "presidium",
        _("主席团成员"),
        HALL,
        body=True,
        recorders=("clerk",),
        readers=("chair",),
        meeting=_("人大主席团会议"),
        for_term=True,
        personal=_(
            "主席团成员由大会选举，须本人出席会议、本人表决，不能由他人代办（《地方组织法》第十九条）。"
        ),
    ),
    # It makes the dossier and hands it over (steps.md, step 6: publish, archive).
    Office("clerk", _("人大办（人大秘书）"), HALL, archives=True, keeps_heads=True),
    Office(
        "deputy",
        _("代表"),
        HALL,
        for_term=True,
        personal=_("代表职务由本人履行，投票表决不得委托他人，不能由他人代办。"),
        ended_by=_(
            "代表资格终止的，会议召集以后由人大办“登记代表变动”：代表名册和应到人数随之变动，"
            "以代表身份担任的其他职务同时终止。在此解除的，只终止代表职务和须由代表担任的职务，名册不变。"
        ),
    ),
    Office(
        "deputy_elect",
        _("当选代表（待首次会议）"),
        HALL,
        for_term=True,
        personal=_("当选代表须本人接受资格审查、本人出席会议，不能由他人代办。"),
    ),
    Office(
        "delegation_lead",
        _("代表团团长"),
        frozenset({UnitKind.DELEGATION}),
        for_term=True,
        seated=_delegation_lead,
        personal=_("代表团团长由代表团推选，本人不能履职时由代表团另行推选，不能自行委托。"),
    ),
    Office("senior_deputy", _("上级人大代表"), HALL, personal=_("代表职务由本人履行，不能由他人代办。")),
    Office(
        "chief_teller",
        _("总监票人"),
        HALL,
        for_term=True,
        personal=_("总监票人由大会通过，须本人监票、本人签字，不能由他人代办。"),
    ),
    Office(
        "teller",
        _("监票人"),
        HALL,
        for_term=True,
        personal=_("监票人由大会通过，须本人监票、本人签字，不能由他人代办。"),
    ),
    Office("counter", _("计票人"), HALL, personal=_("计票人须本人录入、本人签字，不能由他人代办。")),
    Office(
        "party",
        _("同级党委"),
        HALL,
        body=True,
        # One office of a township serves its Party committee and its government (党政办): it sends out the notice and keeps
        # the minutes. That gives no seat in the committee and no vote.
        recorders=("gov_clerk",),
        readers=("chair",),
        meeting=_("党委会议"),
        seated=_party,
        personal=_("党委成员须本人出席党委会议、本人表决，不能由他人代办。"),
    ),
    Office("mayor", _("乡镇长"), HALL, seated=_mayor),
    Office("gov_clerk", _("党政办"), HALL, keeps_heads=True),
    Office("department", _("责任单位"), frozenset({UnitKind.DEPARTMENT})),
    Office("finance", _("财政所"), HALL),
    Office("legal", _("司法所"), HALL),
    Office(
        "inspector",
        _("代表监督小组"),
        frozenset({UnitKind.GROUP}),
        for_term=True,
        personal=_("监督小组成员是代表，视察和评议须本人参加，不能由他人代办。"),
    ),
    # Beside the deputies, without their rights: visits and findings, no re-check and no word at acceptance.
    Office(
        "expert",
        _("监督小组受邀专家、第三方"),
        frozenset({UnitKind.GROUP}),
        for_term=True,
        scope=("5",),
        seated=_expert,
        personal=_("专家和第三方是以本人名义受邀的，不能由他人代办。"),
    ),
    Office("station", _("代表联络站、村居联络员"), frozenset({UnitKind.STATION, UnitKind.VILLAGE})),
    Office(
        "county",
        _("县人大常委会"),
        ABOVE,
        reads_below=True,
        keeps_heads=True,
        seated=_standing_committee,
    ),
    # Money and steps 5–6 by default; its notice may name more or less (steps.md, Offices).
    Office(
        "auditor",
        _("审计"),
        HALL | ABOVE,
        reads_below=True,
        reads_recorded=True,
        scope=("5", "6", "money"),
        documented=True,
        personal=_("审计人员由审计通知书指派，须独立行使职权，不能由他人代办。"),
    ),
    Office(
        "admin",
        _("系统管理员"),
        ABOVE,
        reads_below=True,
        works=False,
        personal=_("系统管理员只管授权，不办业务；须离岗时由系统另设管理员，不能由他人代办。"),
    ),
]

SCOPES = [
    Scope("1", _("征集")),
    Scope("2", _("初定")),
    Scope("3", _("审议")),
    Scope("4", _("票决")),
    Scope("5", _("监督")),
    Scope("6", _("评估")),
    # Where money is spoken of outside the steps an auditor reads by default: the appraisal of funds, the draft budget.
    Scope(
        "money",
        _("项目资金"),
        (
            "selection.appraise_finance",
            "deliberation.budget",
            "supervision.tender",
            "supervision.contract",
            "supervision.further_line",
            "supervision.settlement",
            "supervision.pay",
            "supervision.receive_audit",
            "supervision.audit",
        ),
    ),
]
CONGRESS_LEADERS = {"chair"}
MOST_LEADERS = 3  # 主席一人, and if it wishes 副主席一人至二人 (组织法 18)
GOVERNMENT = {"mayor", "gov_clerk", "department", "finance", "legal"}


def register_offices() -> None:
    """Called once when the application starts."""
    for office in OFFICES:
        register(office)
    for scope in SCOPES:
        register_scope(scope)
    register_conflict(
        CONGRESS_LEADERS,
        GOVERNMENT,
        _("乡镇人大主席、副主席在任期内不得担任国家行政机关的职务（《地方组织法》第十八条）。"),
    )
    register_conflict(
        {"presidium"},
        GOVERNMENT,
        _("主席团成员不得担任乡镇人民政府的职务（江苏等地规定）。"),
    )
    register_conflict(
        {"admin"},
        {o.code for o in OFFICES} - {"admin"},
        _("系统管理员只管授权，不办业务，不能兼任其他职务。"),
    )
    register_conflict(
        {"auditor"},
        {o.code for o in OFFICES} - {"auditor"},
        _("审计人员须独立行使职权，不能兼任被审计单位的职务。"),
    )
    register_conflict(
        {"counter"},
        {"deputy", "deputy_elect"},
        _("计票人由工作人员担任，本级代表和当选代表不能担任计票人（票决办法）。"),
        at_one_unit=True,
    )
    register_need(
        {"chief_teller", "teller"},
        {"deputy"},
        _("总监票人、监票人由代表团在代表中推荐，须是本级在任代表（票决办法）。"),
    )
    register_need(
        {"inspector"},
        {"deputy"},
        _("代表监督小组由本级在任代表组成（《地方组织法》第四十三条）；其他人员可受邀为专家、第三方。"),
    )
    register_need(
        {"presidium", "delegation_lead"},
        {"deputy"},
        _("主席团成员、代表团团长以代表身份担任，须是本级在任代表。"),
        kinds=CONGRESS,
    )
    register_need(
        CONGRESS_LEADERS,
        {"deputy"},
        _("乡镇人大主席、副主席由大会从本级代表中选举，须是本级在任代表（《地方组织法》第十八条）。"),
        kinds=CONGRESS,
    )
    register_seats(
        "chair",
        MOST_LEADERS,
        kinds=CONGRESS,
        too_many=_(
            "乡镇人大设主席一人，可以设副主席一人至二人，同一时期合计不超过三人（《地方组织法》第十八条）。"
        ),
        twice=_("同一人不能同时担任本级人大主席和副主席，两次任职的日期不能重叠（《地方组织法》第十八条）。"),
    )
