"""The English catalogue: whole, faithful to its placeholders, and what a reader of English meets on the pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from django.core.cache import cache
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import Settings

from projects.demo.cast import Township
from projects.lifecycle.services import start_year
from scripts import messages
from tests.builders import at, open_task, township
from tests.projects.portal.public_world import TO_ACCEPTED, cycle_of, project_of, travel
from workflow.people.isolation import SYSTEM, apply

TEMPLATES = messages.ROOT / "templates"
CATALOGUE = messages.ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
BUILDING = ("begin_selection", "begin_deliberation", "begin_vote", "begin_supervision")
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")  # characters and full-width punctuation
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
    cache.clear()
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
