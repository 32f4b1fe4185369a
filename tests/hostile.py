"""What a form can hand in that a spreadsheet would run, round or take apart, and what a reader of markup would trip over."""

from __future__ import annotations

HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u3000=1", "＝1+1", "=cmd|'/c calc'!A0",
    "110101199003078515", "11010119900307851X", "6222020200001234567", "0012345678901", "12345e67", "'已有引号",
    "１２３４５６７８９０１２", "\u2003=1", "\x85=1", "12e3\n", "123456789012\n",
    "他说，“好”", '"引号", 逗号', "行一\n行二", "😀𠮷", "<b>&amp;</b>", "\x01\x0b控制", "]]>", "1.0E+9", "",
]  # fmt: skip
