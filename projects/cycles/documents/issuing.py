"""Whose paper it is, by its kind: the congress itself, its presidium, the Party committee, or the government."""

from __future__ import annotations

from projects.cycles.models import Paper
from workflow.people.models import Unit
from workflow.people.services import unit_on
from workflow.people.texts import in_words

OF_CONGRESS = frozenset({"resolution", "method", "measurement"})
OF_PRESIDIUM = frozenset(
    {
        "announcement", "convening", "agenda", "materials", "opinions", "tally_report", "tellers", "change_notice",
        "presidium_report", "filing", "account", "circular", "look_back", "minutes", "readiness", "trackers", "scheme",
        "vote_decision", "resolution_draft",
        "request", "candidate_table", "visits", "training", "transfer_list",
    }
)  # fmt: skip
OF_PARTY = frozenset({"reply"})
# Minutes are their body's, which their title begins with.
PARTY_MINUTES, CONGRESS_MINUTES, GOVERNMENT_MINUTES = ("党委", "党工委"), ("大会",), ("政府",)


def issuer_of(paper: Paper) -> str:
    """The body that signs, in full, as it was called when it did; a subdistrict has an assembly and an office instead
    (组织法 59)."""
    return body_in_full(_body_of(paper), unit_on(paper.unit, paper.made_on))


def signer_of(paper: Paper) -> str:
    """署名: the body a paper itself says it is signed by, else the one its kind is issued by."""
    return paper.data.get("signature") or issuer_of(paper)


def body_in_full(body: str, unit: Unit) -> str:
    """A body by its full name. body: "party", "congress", "presidium" or "government"; KeyError for any other."""
    name = unit.name
    if unit.is_subdistrict:
        titles = {"party": f"中共{name}工作委员会", "government": f"{name}办事处"}
        return titles.get(body) or presidium_of(unit)
    return {
        "party": f"中共{name}委员会",
        "congress": f"{name}人民代表大会",
        "presidium": presidium_of(unit),
        "government": f"{name}人民政府",
    }[body]


def own_government(unit: Unit) -> str:
    """A unit's government as its own papers call it: 镇人民政府, 乡人民政府, 街道办事处; in full where its name says no kind."""
    if unit.is_subdistrict:
        return "街道办事处"
    kind = next((kind for kind in ("镇", "乡", "苏木") if unit.name.endswith(kind)), unit.name)
    return f"{kind}人民政府"


def presidium_of(unit: Unit) -> str:
    """The township's presidium, or the committee that does its work in a subdistrict, in full."""
    return f"{unit.name}人大工作委员会" if unit.is_subdistrict else f"{unit.name}人民代表大会主席团"


def _body_of(paper: Paper) -> str:
    if paper.kind == "minutes" and (body := _body_of_minutes(paper.title)):
        return body
    if paper.kind in OF_PARTY:
        return "party"
    if paper.kind in OF_CONGRESS:
        return "congress"
    return "presidium" if paper.kind in OF_PRESIDIUM else "government"


def _body_of_minutes(title: str) -> str:
    if title.startswith(PARTY_MINUTES):
        return "party"
    if title.startswith(GOVERNMENT_MINUTES):
        return "government"
    return "congress" if title.startswith(CONGRESS_MINUTES) or "预备会议" in title else ""


def day_of(paper: Paper) -> str:
    """成文日期, in the paper's own language."""
    return in_words(paper.made_on)
