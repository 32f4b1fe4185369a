"""The head of the trail at the foot of what is kept on paper: who holds the sheet can show what stood before it."""

from __future__ import annotations

from django.urls import reverse
from django.utils.timezone import localtime

from projects.cycles.documents.parts import Seal
from projects.cycles.models import Paper
from workflow.audit.heads import STATEMENT, code_of, head_to_print
from workflow.audit.models import TreeHead
from workflow.people.models import Unit
from workflow.people.site import lasting_address
from workflow.people.texts import in_words

# Minutes, reports and decisions, which are printed, signed and filed in several places.
SEALED = frozenset(
    {
        "minutes", "tally_report", "vote_decision", "resolution", "announcement", "filing", "change_notice", "measurement",
        "completion_report", "presidium_report", "special_report", "account", "transfer_list", "erasure_certificate",
        "rectification", "opinions_reply", "progress_summary", "explanation", "audit_report", "look_back", "circular",
        "trackers", "written_answer",
    }
)  # fmt: skip


def seal_of(paper: Paper) -> Seal | None:
    """The head of the unit's trail as it stands, for papers that carry one; None before the first."""
    return seal_over(paper.unit) if paper.kind in SEALED else None


def seal_over(unit: Unit) -> Seal | None:
    """The head of a unit's trail as it stands, the entries of the paper itself among it; None where none can be taken."""
    head = head_to_print(unit.pk)
    return _drawn(head, unit) if head else None


def seal_within(unit: Unit, size: int) -> Seal | None:
    """The last head there is over no more than `size` entries, for copies kept beside a trail of that length; takes none."""
    head = TreeHead.objects.filter(unit=unit, size__lte=size).order_by("-size", "-at").first()
    return _drawn(head, unit) if head else None


def _drawn(head: TreeHead, unit: Unit) -> Seal:
    at, code = localtime(head.at), code_of(head, unit)
    return Seal(
        words=f"办理记录校验码：{code}（截至{in_words(at)}{at:%H:%M}，共{head.size}条）",
        qr=_to_look_up(head, unit, code),
    )


def _to_look_up(head: TreeHead, unit: Unit, code: str) -> str:
    """Where the code is looked up, with the head itself: it stands on paper whatever becomes of the site.

    What is behind the # is sent nowhere. Where the site has no lasting address, the head alone, a field a line.
    """
    root = bytes(head.root).hex()
    if address := lasting_address():
        return f"{address}{reverse('check_code')}?code={code}#{unit.code}-{head.size}-{root}"
    return "\n".join((STATEMENT, unit.code, str(head.size), root, bytes(head.hash).hex(), code))
