"""When a year is over, in the trail: closed as its file is handed over (归档), or ended before its vote (终止). Pure.

The states they lead to are `models.OVER`.
"""

from __future__ import annotations

CLOSE, END = "cycle.close", "cycle.end"
ENDINGS = (CLOSE, END)
