"""The English catalogue: whole, faithful to its placeholders, and what a reader of English meets on the pages."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from django.apps import apps
from django.core.cache import cache as shared_cache
from django.db import models
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import Settings

from projects.collection.intake import propose
from projects.cycles.models import Session, Term
from projects.cycles.tables import WORDS
from projects.demo.cast import Township
from projects.lifecycle.intake import start_year
from scripts import messages
from tests.addresses import signed_in
from tests.builders import at, open_task, township
from tests.chinese import CHINESE
from tests.long import LONG
from tests.projects.portal.public_world import TO_ACCEPTED, cycle_of, project_of, travel
from tests.tenancy.test_addresses import pages_of, pages_of_ones_own, records_in
from tests.tenancy.world import Side, looked_into
from workflow.audit.models import Entry
from workflow.flows.errors import Refused
from workflow.machines.graph import machines
from workflow.people.isolation import SYSTEM, apply, of_units
from workflow.people.saying import bracketed, in_the_records_language, listed, said, said_again, titled

TEMPLATES = messages.ROOT / "templates"
CATALOGUE = messages.ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
BUILDING = ("begin_selection", "begin_deliberation", "begin_vote", "begin_supervision")
HELD = re.compile(r"%\(\w+\)s|%%|\{\w*\}|<[^>]+>")  # what a translation may not lose: placeholders and tags
NAMES = ("青溪镇", "石门镇", "示范县", "村道硬化", "交通出行")
TAGS = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
COMMENTS = re.compile(r"\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
AS_IT_IS = re.compile(r"“[^”]*”|\{[^{}]*\}")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,:;!?()]|[\u4e00-\u9fff]\.(?![a-z])")


def translated() -> list[Message]:
    return [message for message in messages.stored(CATALOGUE) if message.id]


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """A text's forms: one, or singular and plural."""
    return text if isinstance(text, tuple) else (text,)


def said_in_both(message: Message) -> bool:
    """Whether every form keeps the placeholders of the Chinese, `%` as in Python."""
    held = [Counter(HELD.findall(text)) for text in (*forms(message.id), *forms(message.string))]
    return all(each == held[0] for each in held)


# ------------------------------------------------------------------------------ the catalogue
def test_the_catalogue_holds_every_text_of_its_files_and_no_other() -> None:
    wanted = {(message.id, message.context) for message in messages.extracted() if message.id}
    assert {(message.id, message.context) for message in translated()} == wanted, "run make messages"


def test_no_text_is_left_without_a_translation() -> None:
    assert [m.id for m in translated() if not all(forms(m.string))] == []


def test_no_translation_is_a_guess() -> None:
    assert [m.id for m in translated() if m.fuzzy] == []


def test_translations_keep_the_placeholders() -> None:
    assert [m.id for m in translated() if not said_in_both(m)] == []


@pytest.mark.parametrize("lost", ["Late", "%(day)s late", "%(n)s %(n)s late", "<b>%(n)s</b> late"])
def test_a_lost_or_changed_placeholder_is_noticed(lost: str) -> None:
    assert said_in_both(Message("超期 %(n)s 天", "Days late: %(n)s"))
    assert not said_in_both(Message("超期 %(n)s 天", lost))


def said_in_chinese(text: str) -> bool:
    """Whether a translation still speaks Chinese: what is to be typed, or to be found on a sheet, stands in quotes."""
    return bool(CHINESE.search(AS_IT_IS.sub("", text)))


def test_translations_are_english_throughout() -> None:
    assert [m.id for m in translated() if any(map(said_in_chinese, forms(m.string)))] == []


def test_a_sentence_stays_a_sentence() -> None:
    whole = [m for m in translated() if str(forms(m.id)[0]).endswith("。")]
    assert len(whole) > 100
    assert [m.id for m in whole if not str(forms(m.string)[0]).rstrip().endswith(".")] == []


def modules() -> Iterator[Path]:
    """Every module of the program: of its packages, not of its tests and scripts."""
    for package in messages.ROOT.glob("*/__init__.py"):
        if package.parent.name not in ("tests", "scripts"):
            yield from package.parent.rglob("*.py")


def test_every_module_and_page_with_texts_is_covered() -> None:
    covered = {path for _method, path in messages.sources()}
    speaking = [path for path in modules() if re.search(r"import .*(gettext|\bsaid as _)", path.read_text())]
    pages = [path for path in TEMPLATES.rglob("*.*") if "i18n" in path.read_text()]
    assert len(speaking) > 250
    assert len(pages) > 150
    assert sorted({*speaking, *pages} - covered) == []


def test_a_table_of_rules_gives_its_texts_and_not_what_code_fills_in() -> None:
    source = (
        'WORDS = {"a": "征集"}\nPOINT = Point("公示", basis="组织法", at=("会前", 1))\nLOCAL = "本地"\n'
        'def note(n): return f"共 {n} 件"\n'
    )
    rows = messages.from_tables(BytesIO(source.encode()), messages.KEYWORDS, (), {})
    assert sorted(row[2] for row in rows) == sorted(["征集", "公示", "组织法", "会前", "本地"])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{% translate "满 80%" %}', "满 80%%"),
        ("{% blocktranslate with n=x %}满 {{ n }}%{% endblocktranslate %}", "满 %(n)s%%"),
        ('  {% if a %}\n{{ b|default:_("全年") }}\n {% endif %}', "全年"),
        (
            "{% blocktranslate count n=x %}一{% plural %}{{ n }} 项{% endblocktranslate %}",
            ("一", "%(n)s 项", None),
        ),
    ],
)
def test_texts_of_a_template_are_found_as_django_looks_them_up(source: str, found: object) -> None:
    rows = messages.from_template(BytesIO(source.encode()), messages.KEYWORDS, (), {})
    assert [row[2] for row in rows] == [found]


def test_what_is_not_marked_is_not_extracted() -> None:
    rows = messages.from_template(BytesIO("征集 {{ day|date }}".encode()), messages.KEYWORDS, (), {})
    assert list(rows) == []


def test_a_pattern_that_names_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "babel.toml").write_text('[[mappings]]\nmethod = "python"\npattern = ["gone/*.py"]\n')
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"gone/\*\.py"):
        list(messages.sources())


# --------------------------------------------------------------------------------- the pages
@pytest.fixture
def english(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """The catalogue as it stands in the tree, whatever was compiled before."""
    compiled = tmp_path / "en" / "LC_MESSAGES" / "django.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, messages.stored(CATALOGUE))
    settings.LOCALE_PATHS = [tmp_path]
    yield
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def town(db: None, monkeypatch: pytest.MonkeyPatch) -> Township:
    apply(SYSTEM)
    shared_cache.clear()
    travel(monkeypatch, "2027-06-01")
    township("T02", name="石门镇")
    return township()


@pytest.fixture
def reader(english: None) -> Client:
    return Client(headers={"accept-language": "en"})


def chrome(page: str) -> list[str]:
    """What the site itself says on a page: texts of headings of tables, labels, links, buttons and names of regions.

    Left out: whatever a township, its people or its projects are called, and the button that leads back to Chinese.
    """
    page = re.sub(r"<(script|style|title)\b.*?</\1>", "", page, flags=re.DOTALL)
    page = re.sub(r'<(\w+)[^>]*lang="zh-Hans".*?</\1>', "", page)
    inside = re.findall(r"<(?:button|th|label|legend|dt|caption|summary|h2)\b[^>]*>(.*?)</", page, re.DOTALL)
    named = re.findall(r'(?:aria-label|data-label|placeholder)="([^"]*)"', page)
    nav = re.findall(r"<nav\b.*?</nav>", page, re.DOTALL)
    return [re.sub(r"<[^>]+>", " ", text).strip() for text in (*inside, *named, *nav)]


def chinese_left(page: str, *names: str) -> list[str]:
    for name in names:
        page = page.replace(name, "")
    return [text for text in chrome(page) if CHINESE.search(text)]


PUBLIC_PAGES = [
    "/",
    "/t/T01/",
    "/t/T01/2027/",
    "/t/T01/propose/",
    "/follow/",
    "/ballot/",
    "/ballot/c/ABCDEFGHJKMN/",
    "/login/",
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_resident_who_reads_english_meets_english(reader: Client, town: Township, path: str) -> None:
    cycle = cycle_of(town, *BUILDING)
    project_of(town, cycle, 1, "村道硬化", "assign", "begin")
    page = reader.get(path)
    assert page.status_code == 200, path
    text = page.content.decode()
    assert '<html lang="en"' in text
    assert chinese_left(text, *NAMES) == []


@pytest.mark.django_db
def test_a_resident_can_read_a_project_and_a_suggestion_form_in_english(
    reader: Client, town: Township
) -> None:
    cycle = cycle_of(town, *BUILDING, "begin_evaluation")
    project = project_of(town, cycle, 1, "村道硬化", *TO_ACCEPTED)
    for path in (f"/t/T01/projects/{project.pk}/", "/t/T01/propose/what/"):
        text = reader.get(path, follow=True).content.decode()
        assert chinese_left(text, *NAMES) == [], path
    what = {"title": "Street lamps", "content": "Street lamps along the village road."}
    text = reader.post("/t/T01/propose/what/", what, follow=True).content.decode()
    assert "public utilities" in text
    assert chinese_left(text, *NAMES) == []


@pytest.mark.django_db
def test_an_office_that_chooses_english_finds_its_inbox_and_its_task_in_english(
    english: None, town: Township
) -> None:
    start_year(
        town.act("chair", at("2027-06-01")),
        year=2028,
        opens_on=date(2027, 9, 1),
        planned_t=date(2028, 1, 20),
        planned_t2=date(2029, 1, 18),
    )
    client = Client()
    client.force_login(town.of("chair"))
    client.post("/i18n/setlang/", {"language": "en", "next": "/inbox/"})
    apply(SYSTEM)
    task = open_task("collection.scheme")
    inbox = client.get("/inbox/").content.decode()
    assert "Draft the annual programme" in inbox
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    assert "Draft the annual programme" in page
    names = (*NAMES, town.of("chair").name)
    assert chinese_left(inbox, task.label, *names) == []
    assert chinese_left(page, task.label, *names) == []


class Speech(HTMLParser):
    """What a page says, in its texts and in the attributes a reader meets; not the button that leads back to Chinese."""

    VOID = frozenset({"input", "br", "img", "meta", "link", "hr", "path", "use", "rect", "circle", "col"})
    NAMED = ("aria-label", "data-label", "placeholder", "title", "alt")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.said += [told for name in self.NAMED if (told := given.get(name))]
        if tag not in self.VOID:
            self._open.append((tag, tag in ("script", "style") or given.get("lang") == "zh-Hans"))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(skipped for _tag, skipped in self._open):
            self.said.append(" ".join(data.split()))


def strings_in(value: Any) -> Iterator[str]:
    """Every line of text in a row's values, those of its JSON too."""
    if isinstance(value, str):
        yield from (" ".join(line.split()) for line in value.splitlines())
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings_in(one)


def told_by_the_database() -> list[str]:
    """What people, places and records are called and what was written of them, the longest first."""
    named = [Session, Term, *machines()]
    found = {str(one) for model in named for one in model._default_manager.all()}
    # What a township calls its congress and whoever acts in it is its rulebook's.
    found |= {word for words in WORDS.values() for word in words.values()}
    found |= {
        text for body in Entry.objects.values_list("body", flat=True) for text in strings_in(json.loads(body))
    }
    found = {text for text in found if len(text) > 1 and CHINESE.search(text)}
    for model in apps.get_models():
        kinds = (models.CharField, models.TextField, models.JSONField)
        names = [field.attname for field in model._meta.concrete_fields if isinstance(field, kinds)]
        rows = model._base_manager.values_list(*names) if names else []
        found |= {text for row in rows for text in strings_in(row) if len(text) > 1 and CHINESE.search(text)}
    return sorted(found, key=len, reverse=True)


def chinese_beside(known: list[str]) -> Callable[[str], list[str]]:
    """Finds what a page says in Chinese that is no name and nothing written; what stands in “” is to be typed or found.

    What stands on every page is looked through once.
    """

    @cache
    def is_left(told: str) -> bool:
        for name in known if CHINESE.search(told) else ():
            told = told.replace(name, "")
        return bool(CHINESE.search(AS_IT_IS.sub("", told)))

    def found(page: str) -> list[str]:
        if '<html lang="zh' in page:
            return ["the whole page"]
        return [told for told in Speech(page).said if is_left(told)]

    return found


# Who opens a page, tried in this order after the office it is at home with.
READERS = ("chair", "county", "admin", "clerk", "chief_teller")
# What an address alone does not lead to.
BESIDES = {
    "county": ["/county/?year=2027", "/county/list/projects/?year=2027"],
    "": ["/", "/t/BB/", "/t/BB/2027/", "/t/BB/propose/", "/follow/", "/ballot/", "/login/"],
}


@pytest.mark.django_db
def test_every_page_speaks_english_to_whoever_reads_english(
    english: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    apply(SYSTEM)
    side = looked_into(monkeypatch)
    clients = {office: signed_in(grant) for office, grant in side.offices.items()} | {"": Client()}
    pages = {
        path: next(filter(None, (english_page(clients[office], path) for office in offices)), "")
        for path, offices in looked_at(side)
        if path not in CHINESE_BY_NATURE
    }
    # Only now: what was read or taken on the way is on record too. The choice of languages names each in itself; 略 is a
    # record's whole text.
    still_chinese = chinese_beside(["简体中文", *told_by_the_database(), "略"])
    left = {path: found for path, page in pages.items() if (found := still_chinese(page))}
    assert left == {}
    assert sum(map(bool, pages.values())) > (150 if LONG else 100)


# The Chinese wording itself; a table whose Chinese headings are to be typed as they stand.
CHINESE_BY_NATURE = {"/post/wording/overdue/zh-hans/", "/people/import/", "/people/units/import/"}


def looked_at(side: Side) -> Iterator[tuple[str, Iterable[str]]]:
    """Every address with who may open it; of the acts' own pages, which are many and alike, a part in make test."""
    acts = 0
    for page in (*pages_of(records_in(side)), *pages_of_ones_own(side)):
        acts += page.name == "event"
        if LONG or page.name != "event" or acts % 4 == 1:
            yield page.path, dict.fromkeys((page.at_home[0], *(() if page.name == "event" else READERS)))
    for office, paths in BESIDES.items():
        yield from ((path, (office,)) for path in paths)


def english_page(client: Client, path: str) -> str:
    """A page as somebody meets it who reads English, empty where there is none for them; outside a request the database
    shows nothing, as in production.
    """
    shared_cache.clear()
    apply(of_units(()))
    answer = client.get(path, headers={"accept-language": "en"})
    apply(SYSTEM)
    is_page = answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    return answer.content.decode() if is_page else ""


@pytest.mark.parametrize(
    "page",
    [
        '<html lang="zh-Hans"><p>张三',
        "<p>提交</p>",
        "<li>张三，已办结</li>",
        '<a title="提交">x</a>',
        "<td>A：B</td>",
    ],
)
def test_chinese_left_anywhere_on_a_page_is_noticed(page: str) -> None:
    assert chinese_beside(["张三"])(page)


def test_names_quotations_and_the_way_back_to_chinese_are_no_chinese_left() -> None:
    page = '<p>张三 answers “姓名”</p><button lang="zh-Hans">中文</button><input value="张三">'
    assert chinese_beside(["张三"])(page) == []


# -------------------------------------------------------------------------------- the record
@pytest.mark.django_db
def test_what_somebody_does_who_reads_english_is_written_down_in_chinese(
    english: None, town: Township
) -> None:
    with translation.override("en"):
        made = propose(town.act("clerk", at("2027-06-01")), title="修桥", content="危桥须改造。")
        assert translation.gettext("不在征集期内，列入项目库") != "不在征集期内，列入项目库"
    pooled = Entry.objects.filter(subject=made.reference, body__contains="proposal.pool").get()
    assert "不在征集期内，列入项目库" in pooled.body


def test_a_refusal_raised_in_the_records_language_is_told_in_its_readers(english: None) -> None:
    with translation.override("en"):
        with pytest.raises(Refused) as caught, in_the_records_language():
            raise Refused(
                said("“%(title)s”现为“%(state)s”，不能撤回。") % {"title": "修桥", "state": "已撤回"}
            )
        assert str(caught.value) == "“修桥” is now “Withdrawn” and cannot be withdrawn."
    assert str(caught.value) == "“修桥”现为“已撤回”，不能撤回。"


def test_what_was_not_made_to_be_said_again_stays_as_it_is(english: None) -> None:
    with translation.override("en"):
        assert said_again("修桥") == "修桥"
        assert [listed(["甲", "乙"]), titled("甲", "乙"), bracketed("甲", "乙")] == [
            "甲, 乙",
            "甲: 乙",
            "甲 (乙)",
        ]
    assert [listed(["甲", "乙"]), titled("甲", "乙"), bracketed("甲", "乙")] == [
        "甲、乙",
        "甲：乙",
        "甲（乙）",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("preferred", ["", "zh-CN,zh;q=0.9", "fr"])
def test_everyone_else_meets_chinese(english: None, town: Township, preferred: str) -> None:
    text = Client(headers={"accept-language": preferred}).get("/").content.decode()
    assert '<html lang="zh-Hans"' in text
    assert "查我的建议" in text
    assert "Look up my suggestion" not in text


def test_a_page_in_chinese_is_noticed() -> None:
    assert chinese_left('<nav aria-label="Main">青溪镇</nav><button>提交</button>', "青溪镇") == ["提交"]


# ------------------------------------------------------------------------------- punctuation
# Words that mean something else to whoever works in a congress, with what is said instead.
MISREAD = {"信件": "消息: 信件 are what the public writes (群众来信)"}


def test_no_text_says_a_word_that_a_congress_reads_otherwise() -> None:
    texts = [form for message in messages.extracted() for form in forms(message.id)]
    assert [text for text in texts if any(word in text for word in MISREAD)] == []


def half_width(source: str) -> list[str]:
    """Half-width punctuation right after a Chinese character, tags aside."""
    return HALF_WIDTH.findall(TAGS.sub(" ", COMMENTS.sub("", source)))


def pages_and_letters() -> list[Path]:
    return [*TEMPLATES.rglob("*.html"), *(TEMPLATES / "notifications").rglob("*.txt")]


def test_chinese_on_the_pages_takes_full_width_punctuation() -> None:
    assert {path.name: found for path in pages_and_letters() if (found := half_width(path.read_text()))} == {}


def test_chinese_in_the_texts_takes_full_width_punctuation() -> None:
    texts = [form for message in translated() for form in forms(message.id)]
    assert [text for text in texts if HALF_WIDTH.search(text)] == []


@pytest.mark.parametrize(
    "source", ["已办结,请核对", "<b>期限:</b>", "日期(必填)", "到此结束.", "要不要?{{ x }}"]
)
def test_half_width_punctuation_after_chinese_is_noticed(source: str) -> None:
    assert half_width(source)


@pytest.mark.parametrize(
    "source", ["已办结，请核对。", "{{ 名:x }}", "归档目录.csv", "{% if 名, x %}", "3.5 亿"]
)
def test_other_punctuation_is_left_alone(source: str) -> None:
    assert not half_width(source)
