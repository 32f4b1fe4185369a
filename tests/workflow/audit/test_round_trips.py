"""Every format, read back by a reader that is not ours, holds the same entries with the same hashes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pypdf
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import at
from tests.hostile import HOSTILE
from tests.long import examples
from tests.workflow.audit.test_export import chained
from workflow.administration.keeping import keep
from workflow.audit import heads
from workflow.audit.exporters import FORMATS, extract, xlsx
from workflow.audit.exporters.cells import COLUMNS, HARMLESS, IN_A_DAY, IN_A_HASH, RISKY, guarded
from workflow.audit.exporters.extract import extract_of
from workflow.audit.exporters.xes import UNWRITABLE
from workflow.audit.exporters.xlsx import CUT, LONGEST_CELL
from workflow.audit.models import Entry, Leaf, TreeHead
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit

Rows = list[tuple[int, int, str]]  # index, id, hash


# Any text a form can hand in, half of them with a beginning a spreadsheet or a reader could trip over.
SIGNS = st.sampled_from([
    "", "=", "+", "-", "@", "'", "\t", "\r", "\n", " ", "\u3000=", "＝", "0", "12e", "1234567890", "_x0041_", "\\", '"',
])  # fmt: skip
TEXTS = st.lists(
    st.builds(
        "{}{}".format,
        SIGNS,
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture
def unit(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    settings.TRAIL_KEY_FILE = str(tmp_path / "head")
    monkeypatch.setattr(extract, "CHUNK", 7)
    apply(SYSTEM)
    county = create_unit(code="C1", name="示范县", kind=UnitKind.COUNTY)
    made = create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)
    user = User.objects.create(username="clerk@T01", name="王伟")
    for number, text in enumerate(HOSTILE):
        act = Act(user, "clerk", made, at("2026-03-01" if number % 2 else "2027-03-01"))
        write_down(
            act, "test.act", f"thing:{number % 3}", about=f"cycle:{number % 2}" if number % 5 else "", step=number % 6 + 1,
            after={"text": text}, reason=text, label=text,
        )  # fmt: skip
    chained()
    heads.seal(made.pk, heads.MINUTE, at("2027-03-02"))
    chained()
    return made


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text.removeprefix("'")


def exported(tmp_path: Path, form: str, *arguments: str) -> bytes:
    file = tmp_path / f"trail.{form}"
    call_command("export_trail", "--unit", "T01", "--format", form, "--output", str(file), *arguments)
    apply(SYSTEM)
    return file.read_bytes()


def from_jsonl(raw: bytes) -> Rows:
    lines = [json.loads(line) for line in raw.splitlines()]
    return [(line["index"], line["id"], line["hash"]) for line in lines]


def from_csv(raw: bytes) -> Rows:
    rows = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    return [(int(row["index"]), int(row["id"]), row["hash"]) for row in rows]


def from_xlsx(raw: bytes) -> Rows:
    header, *rows = openpyxl.load_workbook(io.BytesIO(raw), read_only=True).active.values
    place = {name: number for number, name in enumerate(header)}
    return [tuple(row[place[name]] for name in ("index", "id", "hash")) for row in rows]  # type: ignore[misc]


def from_xes(raw: bytes) -> Rows:
    events = ElementTree.fromstring(raw).iter("{http://www.xes-standard.org/}event")
    found = [{one.get("key"): one.get("value") for one in event} for event in events]
    return sorted((int(one["index"] or 0), int(one["id"] or 0), one["hash"] or "") for one in found)


def from_ocel(raw: bytes) -> Rows:
    found = [
        {one["name"]: one["value"] for one in event["attributes"]} for event in json.loads(raw)["events"]
    ]
    return [(one["index"], one["id"], one["hash"]) for one in found]


# An entry of the printed trail: its place and number, its day and hour, whatever is told of it, its hash.
PRINTED = re.compile(
    r"^(\d+)\s+(\d+)\s+\d{4}-\d{2}-\d{2}\s+\d{2}:\d{2}\b(?:(?!^\d+\s+\d+\s+\d{4}-).)*?^([0-9a-f]{64})",
    re.MULTILINE | re.DOTALL,
)


def from_pdf(raw: bytes) -> Rows:
    """Every number and hash the text of the pages holds, as they stand there; a hash without its numbers is told too."""
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(raw)).pages)
    found = [(int(index), int(number), told) for index, number, told in PRINTED.findall(text)]
    assert [told for _index, _number, told in found] == re.findall(r"[0-9a-f]{64}", text)
    return found


READERS: dict[str, Callable[[bytes], Rows]] = {
    "jsonl": from_jsonl, "csv": from_csv, "xlsx": from_xlsx, "xes": from_xes, "ocel": from_ocel, "pdf": from_pdf,
}  # fmt: skip


def test_every_format_has_a_reader() -> None:
    assert set(FORMATS) - set(READERS) == {"dossier"}


def stored(until: int, **filters: Any) -> Rows:
    found = Leaf.objects.filter(unit__code="T01", index__lte=until, **filters).order_by("index")
    return [(leaf.index, leaf.entry_id, bytes(leaf.hash).hex()) for leaf in found]


@pytest.mark.parametrize("form", READERS)
def test_the_same_entries_and_hashes_are_read_back(unit: Unit, tmp_path: Path, form: str) -> None:
    expected = stored(len(HOSTILE))
    assert len(expected) == len(HOSTILE)
    assert READERS[form](exported(tmp_path, form)) == expected


@pytest.mark.parametrize("form", READERS)
def test_a_year_or_a_subject_is_the_same_part_in_every_format(unit: Unit, tmp_path: Path, form: str) -> None:
    year = stored(len(HOSTILE), entry__at__lt=at("2027-01-01", 0))
    assert 0 < len(year) < len(HOSTILE)
    assert READERS[form](exported(tmp_path, form, "--year", "2026")) == year
    subject = stored(len(HOSTILE), entry__subject="thing:1")
    assert READERS[form](exported(tmp_path, form, "--subject", "thing:1")) == subject
    whole = stored(len(HOSTILE), entry__about="cycle:1")
    assert READERS[form](exported(tmp_path, form, "--subject", "cycle:1")) == whole


def test_hostile_cells_of_the_table_are_text_and_come_back_whole(unit: Unit, tmp_path: Path) -> None:
    raw = exported(tmp_path, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert [unguarded(row["reason"]) for row in rows] == HOSTILE
    assert [row["reason"] for row in rows] == [guarded(text) for text in HOSTILE]
    for row in rows:
        for cell in row.values():
            assert not cell.lstrip(" \u3000").startswith(("=", "+", "-", "@", "＝", "\t", "\r", "\n"))
            assert not (cell.isdigit() and len(cell) > 11), "a spreadsheet would round it"


def test_the_table_guards_a_text_by_the_one_rule_whatever_it_is_looked_through_for_first(
    unit: Unit, tmp_path: Path
) -> None:
    texts = [
        "2027-01-20", "110101-199003078515", "12e3-4", "-20270120", "\u3000=2027-01-20", "'2027-01-20", "1a",
        "００１２３４５６７８９０", "1234567890123", "12e34",
    ]  # fmt: skip
    for text in texts:
        act = Act(None, "clerk", unit, at("2027-03-03"))
        write_down(act, "test.act", "thing:9", label=text, reason=text)
    chained()
    raw = exported(tmp_path, "csv", "--subject", "thing:9").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(raw, newline="")))
    assert [(row["label"], row["reason"]) for row in rows] == [
        (guarded(text), guarded(text)) for text in texts
    ]


@given(TEXTS)
def test_guarding_can_always_be_undone_and_leaves_nothing_that_runs(texts: list[str]) -> None:
    for text in [*texts, *HOSTILE]:
        cell = guarded(text)
        assert unguarded(cell) == text
        assert cell.startswith("'") or not cell.strip().startswith(
            ("=", "+", "-", "@", "＝", "＋", "－", "＠")
        )


@given(TEXTS)
@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_server_that_writes_the_table_finds_the_same_texts_risky(db: None, texts: list[str]) -> None:
    asked = [*texts, *HOSTILE]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT one ~ %s FROM unnest(%s::text[]) WITH ORDINALITY t(one, n) ORDER BY n", [RISKY, asked]
        )
        found = [row[0] for row in cursor.fetchall()]
    assert found == [guarded(text) != text for text in asked]


def test_nothing_that_begins_harmlessly_is_ever_risky() -> None:
    firsts = [chr(code) for first, last in HARMLESS for code in range(first, last + 1)]
    rests = ["", "1" * 12, "=1", " \t=1", "e12", "\n=1", "'"]
    assert not [first + rest for first in firsts for rest in rests if guarded(first + rest) != first + rest]


@given(st.text("0123456789０eExX' \t\u3000=+", max_size=30))
def test_what_has_a_hyphen_after_a_digit_or_an_a_among_hexadecimal_digits_is_never_risky(text: str) -> None:
    for first in "0123456789":
        assert guarded(f"{first}{text}{IN_A_DAY}") == f"{first}{text}{IN_A_DAY}"
        assert guarded(f"{first}{IN_A_DAY}{text}") == f"{first}{IN_A_DAY}{text}"
    hexadecimal = "".join(sign for sign in text if sign in "0123456789e")
    for hashed in (f"{hexadecimal}{IN_A_HASH}", f"{IN_A_HASH}{hexadecimal}"):
        assert guarded(hashed) == hashed


def reasons_in(form: str, raw: bytes) -> list[str]:
    """The reasons in a file, as a reader of that kind finds them."""
    if form == "csv":
        rows = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        return [unguarded(row["reason"]) for row in rows]
    if form == "xlsx":
        header, *cells = openpyxl.load_workbook(io.BytesIO(raw), read_only=True).active.values
        place = header.index("reason")
        return [openpyxl.utils.escape.unescape(row[place] or "") for row in cells]
    if form == "jsonl":
        return [json.loads(line)["reason"] for line in raw.split(b"\n")[:-1]]
    if form == "ocel":
        events = [
            {one["name"]: one["value"] for one in event["attributes"]} for event in json.loads(raw)["events"]
        ]
        return [event.get("reason", "") for event in events]
    found = ElementTree.fromstring(raw).iter("{http://www.xes-standard.org/}event")
    return [{one.get("key"): one.get("value") or "" for one in event}.get("reason", "") for event in found]


numbers = count(1)


@given(TEXTS)
@settings(max_examples=examples(6), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_comes_back_whole_from_every_format(unit: Unit, texts: list[str]) -> None:
    subject = f"text:{next(numbers)}"
    for text in texts:
        act = Act(None, "clerk", unit, at("2027-03-03"))
        write_down(act, "test.act", subject, label=text, reason=text, after={"text": text})
    chained()
    extract = extract_of(unit, subject=subject)
    for form in ("jsonl", "csv", "xlsx", "xes", "ocel"):
        read = reasons_in(form, b"".join(FORMATS[form].write(extract)))
        # XML cannot hold some characters at all; a workbook has an escape of its own for them.
        kept = [UNWRITABLE.sub("\ufffd", text) for text in texts] if form == "xes" else texts
        assert read == kept, form


def test_hostile_cells_of_the_workbook_are_strings_and_come_back_whole(unit: Unit, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(exported(tmp_path, "xlsx")))
    header, *rows = book.active.iter_rows()
    place = [cell.value for cell in header].index("reason")
    assert all(cell.data_type in "sn" and cell.hyperlink is None for row in rows for cell in row)
    # Excel's own escape stands for what XML cannot hold.
    assert [openpyxl.utils.escape.unescape(row[place].value or "") for row in rows] == HOSTILE


def test_a_workbook_is_put_together_as_its_own_maker_would(unit: Unit, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(exported(tmp_path, "xlsx")))
    assert book.sheetnames == ["办理记录1", "说明"]
    sheet = book.active
    assert sheet.freeze_panes == "A2" and tuple(cell.value for cell in sheet[1]) == COLUMNS
    place = {name: number for number, name in enumerate(COLUMNS)}
    first = sheet[2]
    assert (first[place["index"]].value, first[place["step"]].value) == (1, 1)
    assert first[place["at"]].coordinate == "D2" and first[place["before"]].value is None
    with zipfile.ZipFile(io.BytesIO(exported(tmp_path, "xlsx"))) as parts:
        assert parts.testzip() is None and len(set(parts.namelist())) == len(parts.namelist())
        told = "".join(parts.read(name).decode() for name in parts.namelist())
    assert "<f>" not in told and "<hyperlink" not in told and "externalLink" not in told


def test_a_workbook_goes_on_on_another_sheet_once_one_is_full(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "ROWS_A_SHEET", 10)
    book = openpyxl.load_workbook(io.BytesIO(exported(tmp_path, "xlsx")), read_only=True)
    *tables, explained = book.worksheets
    full, rest = divmod(len(HOSTILE), 10)
    assert [sheet.title for sheet in tables] == [f"办理记录{n + 1}" for n in range(full + 1)]
    rows = [list(sheet.values) for sheet in tables]
    assert [len(one) for one in rows] == [*[11] * full, rest + 1] and explained.title == "说明"
    place = {name: number for number, name in enumerate(COLUMNS)}
    found = [
        tuple(row[place[name]] for name in ("index", "id", "hash")) for _head, *one in rows for row in one
    ]
    assert found == stored(len(HOSTILE))
    monkeypatch.setattr(xlsx, "LARGE_SHEET", 1)
    book = openpyxl.load_workbook(io.BytesIO(exported(tmp_path, "xlsx")), read_only=True)
    assert len(book.sheetnames) > full + 2, "a sheet too large to be read everywhere ends before it is full"


def test_a_workbook_of_no_entries_opens(unit: Unit, tmp_path: Path) -> None:
    raw = exported(tmp_path, "xlsx", "--year", "1999")
    assert from_xlsx(raw) == [] and openpyxl.load_workbook(io.BytesIO(raw)).sheetnames == [
        "办理记录1",
        "说明",
    ]


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(unit: Unit, tmp_path: Path) -> None:
    fits = "😀" * (LONGEST_CELL // 2) + "长"  # each of the former counts twice
    act = Act(None, "clerk", unit, at("2027-03-03"))
    write_down(act, "test.act", "thing:9", reason=fits, after={"text": "长" * 40_000})
    write_down(act, "test.act", "thing:9", reason=f"{fits}长")
    chained()
    raw = exported(tmp_path, "xlsx", "--subject", "thing:9")
    rows = [
        {name: str(cell) for name, cell in zip(COLUMNS, row, strict=True)}
        for row in openpyxl.load_workbook(io.BytesIO(raw)).active.values
    ][1:]
    assert rows[0]["reason"] == fits and rows[0]["after"].endswith(f"长{CUT}")
    assert (
        rows[1]["reason"].endswith(f"😀{CUT}")
        and len(rows[1]["reason"].encode("utf-16-le")) // 2 <= LONGEST_CELL
    )
    assert "长" * 40_000 in exported(tmp_path, "jsonl", "--subject", "thing:9").decode()


def test_the_log_has_a_trace_for_each_year_and_the_object_log_an_object_for_each_record(
    unit: Unit, tmp_path: Path
) -> None:
    write_down(Act(None, "chair", unit, at("2027-03-03")), "cycle.close", "cycle:1")
    chained()
    log = ElementTree.fromstring(exported(tmp_path, "xes"))
    space = "{http://www.xes-standard.org/}"
    traces = {trace.find(f"{space}string").get("value"): trace for trace in log.findall(f"{space}trace")}  # type: ignore[union-attr]
    assert list(traces) == ["cycle:0", "cycle:1", "unit:T01"]
    ends = [trace[-1].find(f"{space}string").get("value") for trace in traces.values()]  # type: ignore[union-attr]
    assert ends == ["test.act", "cycle.close", "test.act"], (
        "the year's own arrows are on the year, about nothing"
    )
    objects = json.loads(exported(tmp_path, "ocel"))
    known = {one["id"] for one in objects["objects"]}
    assert {"cycle:0", "thing:2", "office:clerk@T01", "person:clerk@T01"} <= known
    kinds = {one["name"] for one in objects["objectTypes"]}
    assert all(one["type"] in kinds for one in objects["objects"])
    assert all(
        related["objectId"] in known for event in objects["events"] for related in event["relationships"]
    )
    assert {event["type"] for event in objects["events"]} <= {one["name"] for one in objects["eventTypes"]}


def test_every_file_with_room_for_it_says_how_much_stands_after_the_last_head_that_left(unit: Unit) -> None:
    taken = replace(extract_of(unit), outside=5)
    assert (extract_of(unit).outside, extract_of(unit).after_head) == (0, taken.until)
    left = {"outside": 5, "after_head": taken.until - 5}

    def read(form: str) -> bytes:
        return b"".join(FORMATS[form].write(taken))

    log = ElementTree.fromstring(read("xes"))
    numbers = log.findall("{http://www.xes-standard.org/}int")
    assert {one.get("key"): int(one.get("value", "")) for one in numbers} == left
    (trail,) = (one for one in json.loads(read("ocel"))["objects"] if one["type"] == "trail")
    assert {one["name"]: one["value"] for one in trail["attributes"]} == {"size": taken.until, **left}
    book = openpyxl.load_workbook(io.BytesIO(read("xlsx")), read_only=True)
    assert [value for _name, value in book["说明"].values] == [
        unit.name,
        "全部",
        "全部",
        taken.total(),
        taken.until,
        *left.values(),
    ]
    said = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(read("pdf"))).pages).replace(
        "\n", ""
    )
    assert f"含5条，此后有{taken.until - 5}条" in said


@pytest.mark.parametrize("form", READERS)
def test_beside_a_file_without_room_for_it_stands_another_that_says_so(
    unit: Unit, tmp_path: Path, form: str
) -> None:
    head = TreeHead.objects.get(unit=unit)
    code = heads.code_of(head, unit)
    keep(Act(None, "county", unit, at("2027-03-02")), unit, size=head.size, code=code, where="县档案馆")
    chained()
    raw = exported(tmp_path, form, "--reason", "县档案馆检查", "--year", "2026")
    beside = tmp_path / f"trail.{form}.manifest.json"
    assert beside.exists() is (form in ("csv", "jsonl")), "any other says it itself"
    if beside.exists():
        told = json.loads(beside.read_text(encoding="utf-8"))
        entry = Entry.objects.filter(action="trail.export").latest("pk")
        after = json.loads(entry.body)["after"]
        assert (told["file"], told["sha256"]) == (f"trail.{form}", hashlib.sha256(raw).hexdigest())
        assert (told["entry"], told["reason"], told["unit"]) == (entry.pk, "县档案馆检查", "T01")
        numbers = ("size", "entries", "outside", "after_head", "year")
        assert {name: told[name] for name in numbers} == {name: after[name] for name in numbers}
        assert (told["outside"], told["after_head"]) == (head.size, told["size"] - head.size)
        assert told["after_head"] > 0 and told["entries"] == len(READERS[form](raw))


def test_a_long_pdf_is_laid_out_in_parts_and_reads_as_one(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.evaluation.trail_formats.PART", 8)
    raw = exported(tmp_path, "pdf")
    assert from_pdf(raw) == stored(len(HOSTILE))
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(raw)).pages]
    assert len(pages) == -(-len(HOSTILE) // 8) > 2
    assert [f"第{n}页" in "".join(page.split()) for n, page in enumerate(pages, 1)] == [True] * len(pages)
    assert ["办理记录校验码：" in page for page in pages] == [False] * (len(pages) - 1) + [True]
    assert ["条，" in page for page in pages] == [True] + [False] * (len(pages) - 1)


def test_whoever_waits_for_a_pdf_hears_of_every_part_and_may_stop_it(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    told: list[int] = []

    def tick(read: int) -> None:
        told.append(read)
        if len(told) == 2:
            raise Stopped

    monkeypatch.setattr("projects.evaluation.trail_formats.PART", 8)
    with pytest.raises(Stopped):
        b"".join(FORMATS["pdf"].write(extract.extract_of(unit, tick=tick)))
    assert told == [7, 0], "a chunk was read, then a part was laid out"


def test_a_dossier_wants_its_year(unit: Unit, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="写明年份") as refused:
        exported(tmp_path, "dossier")
    apply(SYSTEM)
    assert refused.value.returncode == 2 and not (tmp_path / "trail.dossier").exists()


def test_the_dossier_is_verified_by_what_is_inside_it_with_python_alone(unit: Unit, tmp_path: Path) -> None:
    from projects.cycles.keeping import Shelf
    from projects.evaluation.dossier import Dossier, add_trail, trail_up_to_now

    path = tmp_path / "dossier.zip"
    with zipfile.ZipFile(path, "w") as out:
        add_trail(Dossier(out, at("2027-03-04"), Shelf(2027, {})), trail_up_to_now(unit))
    zipfile.ZipFile(path).extractall(tmp_path)
    folder = tmp_path / "办理记录"
    rows = from_jsonl((folder / "trail.jsonl").read_bytes())
    assert rows == from_csv((folder / "trail.csv").read_bytes()) == stored(len(rows))
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), "trail.jsonl", "heads.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, "与所附校验值一致" in done.stdout) == (0, True), done
    trail = (folder / "trail.jsonl").read_text(encoding="utf-8")
    (folder / "trail.jsonl").write_text(trail.replace("他说", "她说", 1), encoding="utf-8")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1 and f"第{HOSTILE.index('他说，“好”') + 1}条" in done.stdout
