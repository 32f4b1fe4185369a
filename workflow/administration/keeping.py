"""Heads that are kept outside the system: told by whoever holds one, by the code that stands on it.

The public feed may be fetched by anybody, and that a machine asked for it shows nothing about what became of the
answer. So a head counts as kept when somebody in office names it from what they hold, the printed paper or the file
fetched on another machine, and says where that is.
"""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from workflow.audit.heads import KEPT, bare_code, code_of, kept_size
from workflow.audit.models import TreeHead
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.people.models import Unit

LOCK = 0x70_6B_00_00_00_00_00_00  # one head of a unit at a time: "pk", then the unit


def keep(act: Act, unit: Unit, *, size: int, code: str, where: str) -> TreeHead:
    """Write down that a head is kept outside. code: as printed, case and dashes aside; where: in whose keeping.

    Refused: no head of that size has this code, which may mean that the trail is another than it was; and a head no
    newer than the last one told.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK + unit.pk])
    heads = TreeHead.objects.filter(unit=unit, size=size).order_by("pk")
    wanted = bare_code(code)
    head = next((one for one in heads if bare_code(code_of(one, unit)) == wanted), None)
    if head is None:
        raise Refused(
            _(
                "%(size)d条时没有这个校验码，请逐位核对；确与纸面或文件相符的，记录可能被改动，请立即报告县级。"
            )
            % {"size": size}
        )
    if size <= kept_size(unit):
        raise Refused(_("已登记过同样新或者更新的校验码，无须再登记。"))
    write_down(
        act, KEPT, f"unit:{unit.pk}", after={"size": size, "code": code_of(head, unit), "kept_by": where}
    )
    return head
