"""A subdistrict's words: it has no congress, so what is said of one is said of its assembly (rules.md §10). Pure."""

from __future__ import annotations

import re

from projects.cycles.tables import WORDS

# What holds a word of the mapping and stays: real deputies of the congresses above, and names of other things.
KEPT = (
    "上级人大代表",
    "县人大代表",
    "县人大常委会",
    "县级人大",
    "县人大",
    "代表联络站",
    "议事代表",
    "党工委",
    "扩大会议",
    "街道人大工委",
    "乡镇、街道",
    "乡镇（街道）",
    "参照《地方组织法》",
    "《地方组织法》第五十条",
    "《地方组织法》第五十九条",
)
# What is cited stays as it is written: a title in 《》, a name in “”, a place's rules of procedure, and a place's practice with what it is.
CITED = (
    r"《[^》]*》",
    r"“[^”]*”",
    r"[\u4e00-\u9fff]*[县区市][\u4e00-\u9fff]*议事规则",
    r"[\u4e00-\u9fff]*[县区市镇乡][\u4e00-\u9fff]*做法(?:：[^；。]*)?",
)
# Titles and bases beside the words of the papers (`tables.WORDS`).
TITLES = {
    "人大主席、副主席": "人大街道工委主任、副主任",
    "主席团成员": "人大街道工委委员",
    "人大办（人大秘书）": "人大街道工委办公室",
    "人大办": "人大街道工委办公室",
    "乡镇人大主席、副主席": "人大街道工委主任、副主任",
    "人大主席团": "人大街道工委",
    "乡镇人大": "人大街道工委",
    "大会主席团": "人大街道工委",
    "大会执行主席": "会议主持人",
    "大会": "议事会",
    "乡镇": "街道",
    "人大代表": "议事代表",
    "当选代表": "当选议事代表",
    "乡镇人民代表大会": "街道议事会",
    "代表大会": "议事会",
    "人民政府": "街道办事处",
    "乡镇长": "街道办事处主任",
    "同级党委": "同级党工委",
    "票决制": "票选制",
    # The articles on congresses do not bind an assembly; it follows them.
    "《地方组织法》第": "参照《地方组织法》第",
}
SAID: dict[str, str] = {
    **{WORDS["congress"][word]: WORDS["assembly"][word] for word in WORDS["congress"]},
    **TITLES,
    **{text: text for text in KEPT},
}
_SPOKEN = map(re.escape, sorted(SAID, key=len, reverse=True))
# The law's article first, then what is cited, then the longest word.
_ANY = re.compile("|".join(["参照《地方组织法》", "《地方组织法》第(?:五十条|五十九条)?", *CITED, *_SPOKEN]))


def in_assembly_words(text: str) -> str:
    """A text about a congress as a subdistrict says it; the longest word first, and nothing is replaced twice."""
    return _ANY.sub(lambda found: SAID.get(found.group(), found.group()), text)
