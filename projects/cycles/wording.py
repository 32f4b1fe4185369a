"""What a kind of unit calls in its own way; pure.

A subdistrict has no congress, so what is said of one is said of its assembly (rules.md §10). A city or a province
oversees as a county does and is none: what is said of the county's congress is said of one of its own level.
"""

from __future__ import annotations

import re
from collections.abc import Callable

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
# Whole sentences on what a congress elects or is asked: an assembly's committee is the county's, and it hears no 质询案.
SENTENCES = {
    "选举主席团，通过议程": "通过议程",
    "《地方组织法》第十四条、第十九条：三分之二以上代表出席始得举行；会议选举主席团": (
        "参照《地方组织法》第十四条：三分之二以上议事代表出席始得举行；会议由人大街道工委主持"
    ),
    "主席团名单、会议议程": "会议议程",
    "登记大会选举结果": "登记议事代表团团长推选结果",
    "《地方组织法》第十八条、第十九条：主席、副主席和主席团由大会选举": (
        "《地方组织法》第五十九条：人大街道工委由县级人大常委会设立；议事代表团团长由议事代表团推选"
    ),
    "选举结果": "推选结果",
    "选举或推选的职务": "推选的职务",
    "上届选举产生的职务全部终止": "上届由议事代表担任的职务全部终止",
    "代表资格终止的，主席、主席团、代表团团长": "议事代表资格终止的，议事代表团团长",
    "询问、质询案只在会议期间提出和答复（《地方组织法》第二十三条、第二十四条）": (
        "询问只在会议期间提出和答复（参照《地方组织法》第二十三条）"
    ),
    "不能再登记选举结果、提出询问和质询案": "不能再登记推选结果、提出询问",
}
SAID: dict[str, str] = {
    **SENTENCES,
    **{WORDS["congress"][word]: WORDS["assembly"][word] for word in WORDS["congress"]},
    **TITLES,
    **{text: text for text in KEPT},
}
_SPOKEN = map(re.escape, sorted(SAID, key=len, reverse=True))
_WHOLE = map(re.escape, SENTENCES)
# Whole sentences first, then the law's article, then what is cited, then the longest word.
_ANY = re.compile(
    "|".join([*_WHOLE, "参照《地方组织法》", "《地方组织法》第(?:五十条|五十九条)?", *CITED, *_SPOKEN])
)


def in_assembly_words(text: str) -> str:
    """A text about a congress as a subdistrict says it; the longest word first, and nothing is replaced twice."""
    return _ANY.sub(lambda found: SAID.get(found.group(), found.group()), text)


def in_words_of_level(level: str) -> Callable[[str], str]:
    """A text about the county's congress as a unit above a county says it. level: 市级, 省级."""
    said = {"县人大常委会": f"{level}人大常委会", "县级人大": f"{level}人大"}
    found = re.compile("|".join([*CITED, *said]))
    return lambda text: found.sub(lambda one: said.get(one.group(), one.group()), text)
