"""What a person does on a page: fill in a form, press what leads on, read what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import UploadedFile
from playwright.sync_api import FilePayload, Locator, Page

# One round trip for a form of any length. A box nobody could fill in is an error, as it would be for a person: one that
# is not shown, is locked, holds less than is typed or does not offer what is chosen. What is not asked for is left out.
FILL = """([selector, wanted]) => {
  const form = document.querySelector(selector);
  const told = (box, ...kinds) => kinds.forEach(kind => box.dispatchEvent(new Event(kind, {bubbles: true})));
  const wrong = [];
  for (const [name, values] of Object.entries(wanted)) {
    const boxes = [...form.elements].filter(one => one.name === name && one.type !== "hidden");
    for (const box of boxes) {
      for (let fold = box.closest("details:not([open])"); fold; fold = box.closest("details:not([open])")) {
        fold.querySelector("summary").click();
      }
      if (box.disabled || box.readOnly || !box.checkVisibility()) { wrong.push(`${name}: out of reach`); }
    }
    if (!boxes.length) { continue; }
    if (["radio", "checkbox"].includes(boxes[0].type)) {
      const lone = boxes.length === 1 && boxes[0].type === "checkbox" && /^(on|True|1|yes)$/.test(values[0]);
      for (const value of values.filter(one => one !== "")) {
        const box = lone ? boxes[0] : boxes.find(one => one.value === value);
        if (!box) { wrong.push(`${name}: no ${value}`); } else if (!box.checked) { box.click(); }
      }
    } else if (boxes[0].tagName === "SELECT") {
      for (const value of values) {
        const option = [...boxes[0].options].find(one => one.value === value);
        if (option && !option.disabled) { option.selected = true; } else { wrong.push(`${name}: no ${value}`); }
      }
      told(boxes[0], "input", "change");
    } else {
      if (boxes[0].maxLength >= 0 && values[0].length > boxes[0].maxLength) { wrong.push(`${name}: too long`); }
      boxes[0].value = values[0];
      told(boxes[0], "input", "change");
    }
  }
  return wrong;
}"""
# Where a person would click: what is pressed must be shown, and nothing may lie over it.
AIM = """selector => {
  const found = [...document.querySelectorAll(selector)].filter(one => one.checkVisibility());
  if (found.length !== 1) { throw new Error(`${found.length} of ${selector}`); }
  found[0].scrollIntoView({block: "center", behavior: "instant"});
  const box = found[0].getClientRects()[0];
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  if (!found[0].contains(document.elementFromPoint(x, y))) { throw new Error(`${selector} is covered`); }
  return [x, y];
}"""
READ = """() => ({
  title: document.querySelector("h1").innerText,
  problems: [...document.querySelectorAll(".error-summary, .field-error")].map(one => one.innerText),
  reference: document.querySelector(".confirmation-reference")?.innerText ?? "",
  confirms: document.querySelector("button[name=op][value=confirm]") !== null,
})"""
NAMES = """selector => {
  const form = document.querySelector(selector);
  return [...form.elements].filter(one => one.type !== "hidden").map(one => one.name);
}"""
# The boxes that are typed in by the keyboard, where a form has one; their content is what people write at length.
TYPED = ("body", "words", "minutes", "content", "answer")
PARTS = ("year", "month", "day")


def addresses_in(page: str) -> set[str]:
    """Where the side navigation of a page leads."""
    inside = page.partition('<nav class="side-nav"')[2].partition("</nav>")[0]
    return {part.partition('"')[0] for part in inside.split('href="')[1:]}


@dataclass(frozen=True)
class Answer:
    """What a page says after a press. reference: the act's number, empty where nothing was done."""

    title: str
    problems: list[str]
    reference: str
    confirms: bool


def read(page: Page) -> Answer:
    return Answer(**page.evaluate(READ))


def barriers(page: Page, *impacts: str) -> list[dict[str, Any]]:
    """What axe finds on the page once it stands, of these impacts or of any: never on one that is only beginning."""
    page.wait_for_load_state()
    # Of what passed, every element with its code would be sent over and thrown away; the sheets it would fetch once more
    # are for a rule on the turning of screens, which is off by default.
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [one for one in found if not impacts or one["impact"] in impacts]


def follow(control: Locator) -> None:
    """Press what leads to another page, and wait for that page: what is read next is read there."""
    with control.page.expect_navigation():
        control.click()


def press(page: Page, selector: str) -> None:
    """`follow` for a journey of hundreds of pages, at two thirds of its cost: one look where it is, one click there."""
    at = page.evaluate(AIM, selector)
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.mouse.click(*at)


def fill(page: Page, form: str, data: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> None:
    """Fill in the form of this selector: at once, but what is written at length by the keyboard, files from the disk."""
    there = page.evaluate(NAMES, form)
    wanted = dict(_parts(there, data))
    typed = next((name for name in TYPED if wanted.get(name, [""])[0] and name in there), "")
    wrong = page.evaluate(FILL, [form, wanted | ({typed: [""]} if typed else {})])
    assert wrong == []
    if typed:
        page.mouse.click(*page.evaluate(AIM, f"{form} [name={typed}]"))
        page.keyboard.insert_text(wanted[typed][0])
    for name, uploads in (files or {}).items():
        page.set_input_files(f"{form} input[type=file][name='{name}']", [_payload(one) for one in uploads])


def _parts(there: Iterable[str], data: Mapping[str, Any]) -> Iterable[tuple[str, list[str]]]:
    """What is entered in every box; a date as 年, 月, 日."""
    for name, value in data.items():
        if f"{name}_year" in there and name not in there:
            numbers = str(value).split("-")
            yield from ((f"{name}_{part}", [n]) for part, n in zip(PARTS, numbers, strict=True))
        else:
            yield name, [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _payload(upload: UploadedFile) -> FilePayload:
    upload.seek(0)
    return {"name": upload.name or "", "mimeType": upload.content_type or "", "buffer": upload.read()}
