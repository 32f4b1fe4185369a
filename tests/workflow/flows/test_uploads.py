"""What a file must be to be taken in."""

from __future__ import annotations

import io
import zipfile

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from PIL import Image

from tests.files import CAMERA, GPS, ORIENTATION, PDF, package, pdf, picture, word
from workflow.flows import uploads
from workflow.flows.fields import FilesField, PhotosField
from workflow.flows.uploads import Checked, Unfit, checked, safe_name

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def compound(name: str, *streams: str) -> SimpleUploadedFile:
    """A compound file (MS-CFB, version 3) with empty streams in its root."""
    free, end, fat = b"\xff" * 4, b"\xfe\xff\xff\xff", b"\xfd\xff\xff\xff"
    number = lambda n, size=4: n.to_bytes(size, "little")  # noqa: E731
    header = COMPOUND + bytes(16) + number(0x3E, 2) + number(3, 2) + b"\xfe\xff" + number(9, 2) + number(6, 2)
    header += bytes(6) + number(0) + number(1) + number(1) + number(0) + number(4096) + end + number(0)
    header += end + number(0) + number(0) + free * 108
    table = fat + end + free * 126

    def entry(title: str, kind: int, right: int | None = None, child: int | None = None) -> bytes:
        raw = title.encode("utf-16-le") + b"\0\0"
        links = free + (free if right is None else number(right)) + (free if child is None else number(child))
        return (
            raw.ljust(64, b"\0") + number(len(raw), 2) + bytes([kind, 1]) + links + bytes(36) + end + bytes(8)
        )

    names = list(streams)[:3]
    rows = [entry("Root Entry", 5, child=1)]
    rows += [entry(n, 2, right=i + 2 if i + 1 < len(names) else None) for i, n in enumerate(names)]
    directory = b"".join(rows).ljust(512, b"\0")
    return SimpleUploadedFile(name, header + table + directory)


@pytest.mark.parametrize(
    "file",
    [
        picture("a.jpg"),
        picture("a.PNG".lower()),
        pdf(),
        word(),
        package(
            "表.xlsx",
            {
                "[Content_Types].xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
            },
        ),
        package("公文.ofd", {"OFD.xml": "<ofd/>"}),
        compound("旧.doc", "WordDocument"),
        compound("旧.wps", "WordDocument"),
        compound("旧.xls", "Workbook"),
    ],
    ids=lambda file: file.name,
)
def test_every_kind_that_may_be_sent_passes(file) -> None:
    kept = checked(file)
    assert isinstance(kept, Checked) and kept.size == len(kept.read()) > 0


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SimpleUploadedFile("a.exe", b"MZ"), "格式不收"),
        (SimpleUploadedFile("无后缀", PDF), "格式不收"),
        (SimpleUploadedFile("a.jpg", b"MZ\x90\x00 program"), "不是 JPEG 图片"),
        (SimpleUploadedFile("a.jpg", picture("b.png").read()), "不是 JPEG 图片"),
        (SimpleUploadedFile("a.png", picture("b.png").read()[:60]), "不是 PNG 图片"),
        (SimpleUploadedFile("a.jpg", picture("b.jpg", (400, 400)).read()[:700]), "不是 JPEG 图片"),
        (pdf(body=b"<html><script>1</script>"), "不是 PDF 文件"),
        (pdf(body=b"%PDF-1.4 broken off"), "不是 PDF 文件"),
        (SimpleUploadedFile("a.docx", PDF), "不是 Word 文档"),
        (word("a.xlsx"), "不是 Excel 表格"),
        (package("a.docx", {"x.txt": "1"}), "不是 Word 文档"),
        (package("a.ofd", {"x.txt": "1"}), "不是 OFD 文件"),
        (word("a.docx", **{"word/vbaProject.bin": "x"}), "带有宏"),
        (compound("a.doc", "Workbook"), "不是 Word 文档"),
        (compound("a.xls", "Workbook", "VBA"), "带有宏"),
        (compound("a.docx", "EncryptedPackage"), "有密码"),
        (SimpleUploadedFile("a.doc", COMPOUND + b"\xff" * 600), "不是 Word 文档"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused_by_name_and_rule(file, words) -> None:
    with pytest.raises(Unfit, match=words) as refused:
        checked(file)
    assert file.name in str(refused.value)


def test_a_picture_is_kept_upright_and_without_what_the_camera_added() -> None:
    file = picture(size=(40, 20), exif=True)
    before = Image.open(io.BytesIO(file.read())).getexif()
    assert before[CAMERA] == "Camera" and before.get_ifd(GPS)
    kept = Image.open(checked(file))
    assert kept.size == (20, 40)  # it lay on its side
    after = kept.getexif()
    assert not dict(after) and not after.get_ifd(GPS) and ORIENTATION not in after


def test_a_png_loses_its_words_too() -> None:
    bytes_, words = io.BytesIO(), __import__("PIL.PngImagePlugin").PngImagePlugin.PngInfo()
    words.add_text("Author", "某某")
    Image.new("RGBA", (8, 8), (1, 2, 3, 0)).save(bytes_, "PNG", pnginfo=words)
    kept = Image.open(checked(SimpleUploadedFile("a.png", bytes_.getvalue())))
    assert (kept.mode, kept.info.get("Author")) == ("RGBA", None)


def test_a_large_picture_is_made_smaller_and_a_huge_one_refused(monkeypatch) -> None:
    monkeypatch.setattr(uploads, "LONGEST_SIDE", 100)
    assert max(Image.open(checked(picture(size=(400, 200)))).size) == 100
    monkeypatch.setattr(uploads, "MOST_PIXELS", 400 * 200 - 1)
    with pytest.raises(Unfit, match="万像素"):
        checked(picture(size=(400, 200)))


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(uploads, "MOST_UNPACKED", 5000)
    assert checked(word(body="x" * 100))
    with pytest.raises(Unfit, match="展开后太大"):
        checked(word(body="x" * 10_000))


def test_a_locked_package_is_refused_with_what_to_do() -> None:
    raw = bytearray(word().read())
    place = raw.index(b"PK\x01\x02")
    raw[place + 8] |= 1  # the flag of the first entry in the directory
    assert zipfile.ZipFile(io.BytesIO(bytes(raw))).infolist()[0].flag_bits & 1
    with pytest.raises(Unfit, match="去掉密码"):
        checked(SimpleUploadedFile("a.docx", bytes(raw)))


def test_a_file_over_the_limit_is_refused() -> None:
    assert checked(pdf(), most_bytes=len(PDF))
    with pytest.raises(Unfit, match="超过"):
        checked(pdf(), most_bytes=len(PDF) - 1)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("现场 照片.jpg", "现场 照片.jpg"),
        ("..\\..\\a.jpg", "a.jpg"),
        ("/etc/passwd.pdf", "passwd.pdf"),
        ("报告\u202egpj.exe", "报告gpj.exe"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        (".pdf", "文件.pdf"),
        ('a<script>".pdf', "ascript.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_is_made_safe_and_keeps_its_ending(sent, kept) -> None:
    assert safe_name(sent) == kept


class Sent(forms.Form):
    photos = PhotosField(label="现场照片", required=False)
    papers = FilesField(label="附件", required=False)


def test_a_field_names_every_rule_in_chinese() -> None:
    form = Sent({}, MultiValueDict({"photos": [picture(), pdf()], "papers": [pdf(), word()]}))
    assert not form.is_valid()
    assert form.errors["photos"] == ["“审计报告.pdf”的格式不收；可传 jpg、jpeg、png。"]
    assert [file.name for file in form.cleaned_data["papers"]] == ["审计报告.pdf", "验收.docx"]


def test_a_field_takes_no_more_than_its_number_and_no_empty_file() -> None:
    many = Sent({}, MultiValueDict({"papers": [pdf() for _ in range(FilesField.MOST + 1)]}))
    assert many.errors["papers"] == ["最多 20 个文件。"]
    empty = Sent({}, MultiValueDict({"papers": [SimpleUploadedFile("a.pdf", b"")]}))
    assert "papers" in empty.errors


def test_a_browser_is_told_which_kinds_to_offer() -> None:
    assert 'accept=".jpg,.jpeg,.png"' in str(Sent()["photos"])


def test_what_has_passed_is_not_written_anew_a_second_time() -> None:
    once = checked(picture())
    assert checked(once) is once
