"""Bring locale/*/LC_MESSAGES/django.po up to date with the texts in the files babel.toml names.

Texts are Chinese and stand in the code, so Chinese needs no catalogue. New texts arrive with an empty translation,
texts no longer used are dropped, and nothing is guessed: a changed text is a new one.
"""

from __future__ import annotations

import ast
import io
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages import extract
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEYWORDS = {
    **extract.DEFAULT_KEYWORDS,
    **dict.fromkeys(("_lazy", "_t", "gettext_lazy", "gettext_noop"), None),
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def from_template(file: IO[bytes], keywords: Any, comments: Any, options: Any) -> Iterator[tuple[Any, ...]]:
    """Babel's method for templates: Django turns one into Python calls, which Babel can read.

    Django leaves the template's own indentation, which Python would take for blocks.
    """
    calls = templatize(file.read().decode())
    flat = "\n".join(line.strip() for line in calls.splitlines())
    yield from extract.extract_python(io.BytesIO(flat.encode()), keywords, comments, {"encoding": "utf-8"})


def from_tables(file: IO[bytes], keywords: Any, comments: Any, options: Any) -> Iterator[tuple[Any, ...]]:
    """Babel's method for tables of rules, which know no framework: their Chinese is translated where it is shown.

    A table's texts are what its calls are given, what its mappings hold and what a name stands for; a sentence filled in
    by code is none.
    """
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call):
            held = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Dict):
            held = node.values
        elif isinstance(node, ast.Assign):
            held = [node.value]
        else:
            continue
        for one in held:
            for text in one.elts if isinstance(one, ast.Tuple) else [one]:
                if isinstance(text, ast.Constant) and CHINESE.search(str(text.value)):
                    yield text.lineno, None, text.value, []


def sources() -> Iterator[tuple[str, Path]]:
    """(extraction method, file) for every file babel.toml names; a pattern without a file is refused."""
    for mapping in tomllib.loads((ROOT / "babel.toml").read_text())["mappings"]:
        for pattern in mapping["pattern"]:
            found = sorted(ROOT.glob(pattern))
            if not found:
                raise FileNotFoundError(pattern)
            yield from ((mapping["method"], path) for path in found)


def extracted() -> Catalog:
    """Every text of the covered files, without translations."""
    fresh = Catalog()
    for method, path in sources():
        for _line, text, _comments, context in extract.extract_from_file(method, path, KEYWORDS):
            fresh.add(text, locations=[(str(path.relative_to(ROOT)), 0)], context=context)
    return fresh


def stored(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def update(path: Path) -> None:
    catalog = stored(path)
    written_on = catalog.creation_date
    catalog.update(extracted(), no_fuzzy_matching=True)
    catalog.creation_date = written_on  # a run that finds nothing new changes nothing
    with path.open("wb") as file:
        write_po(file, catalog, width=0, ignore_obsolete=True, sort_by_file=True, include_lineno=False)


def main() -> None:
    settings.configure()
    for path in sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po")):
        update(path)


if __name__ == "__main__":
    main()
