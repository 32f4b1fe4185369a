"""What step 1 decides by rule: how long a call stands. Pure."""

from __future__ import annotations

# Eleven real notices stood 5 to 31 days (rules.md §3.1).
SHORTEST_SEEN, LONGEST_SEEN = 5, 31


def window_warnings(days: int, *, planned: int, usual: int) -> list[str]:
    """What a window of `days` departs from; told, never refused (rules.md §3.1, steps.md step 1).

    planned: the rulebook's days; usual: what some local rules ask for in general (一般不少于).
    """
    seen = f"各地实际公告为 {SHORTEST_SEEN} 至 {LONGEST_SEEN} 天"
    if days < planned:
        return [f"征集期 {days} 天，少于本年度规则的 {planned} 天；{seen}。"]
    if days < usual:
        return [f"征集期 {days} 天，少于部分地方规定的一般不少于 {usual} 天；{seen}。"]
    if days > LONGEST_SEEN and days > planned:
        return [f"征集期 {days} 天，长于本年度规则的 {planned} 天；{seen}。"]
    return []
