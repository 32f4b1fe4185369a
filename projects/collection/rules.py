"""What step 1 decides by rule: how long a call stands. Pure."""

from __future__ import annotations

from workflow.people.sentences import sentence as _

# Eleven real notices stood 5 to 31 days (rules.md §3.1).
SHORTEST_SEEN, LONGEST_SEEN = 5, 31


def window_warnings(days: int, *, planned: int, usual: int) -> list[str]:
    """What a window of `days` departs from; told, never refused (rules.md §3.1, steps.md step 1).

    planned: the rulebook's days; usual: what some local rules ask for in general (一般不少于).
    """
    seen = _("各地实际公告为 %(shortest_seen)s 至 %(longest_seen)s 天") % {
        "shortest_seen": SHORTEST_SEEN,
        "longest_seen": LONGEST_SEEN,
    }
    if days < planned:
        return [
            _("征集期 %(days)s 天，少于本年度规则的 %(planned)s 天；%(seen)s。")
            % {"days": days, "planned": planned, "seen": seen}
        ]
    if days < usual:
        return [
            _("征集期 %(days)s 天，少于部分地方规定的一般不少于 %(usual)s 天；%(seen)s。")
            % {"days": days, "usual": usual, "seen": seen}
        ]
    if days > LONGEST_SEEN and days > planned:
        return [
            _("征集期 %(days)s 天，长于本年度规则的 %(planned)s 天；%(seen)s。")
            % {"days": days, "planned": planned, "seen": seen}
        ]
    return []
