"""What can be told of the page by reading its files: nothing is missing, nothing is unused, nothing is inline."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.house.tree import ROOT

STATIC = ROOT / "api" / "static"
SCRIPTS = sorted((STATIC / "scripts").rglob("*.js"))
IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")
DEFINES = re.compile(r'customElements\.define\("([a-z-]+)"')
USES = re.compile(r'(?:createElement|section|querySelector)\("([a-z]+-[a-z-]+)"')
NOT_AN_ELEMENT = {"docs", "reply-frame"}
"""Styles that are not linked in the page: of the documentation, and of the frame that shows a reply."""
HTML_FROM_TEXT = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "DOMParser",
    "eval(",
    "new Function",
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


PAGES = ("index.html", "sign-in.html")


def tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed((STATIC / page).read_text(encoding="utf-8"))
    return parser.tags


@pytest.fixture(scope="module")
def tags() -> list[tuple[str, dict[str, str | None]]]:
    """Of all pages."""
    return [tag for page in PAGES for tag in tags_of(page)]


def code(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def imports(path: Path) -> list[Path]:
    return [(path.parent / found).resolve() for found in IMPORT.findall(code(path))]


def test_every_import_leads_to_a_file() -> None:
    missing = [(path.name, target.name) for path in SCRIPTS for target in imports(path) if not target.is_file()]
    assert missing == []
    assert all(found.startswith(".") for path in SCRIPTS for found in IMPORT.findall(code(path)))


def test_every_script_is_reached_from_the_page(tags: list) -> None:
    begin = [STATIC / attrs["src"].removeprefix("/static/") for tag, attrs in tags if tag == "script"]
    reached: set[Path] = set()
    while begin:
        path = begin.pop()
        if path not in reached:
            reached.add(path)
            begin += imports(path)
    assert sorted(path.name for path in set(SCRIPTS) - reached) == []


def test_every_import_is_used() -> None:
    unused = []
    for path in SCRIPTS:
        text = code(path)
        for names in re.findall(r"^import \{([^}]+)\}", text, re.MULTILINE):
            wanted = [name.split(" as ")[-1].strip() for name in names.split(",")]
            unused += [(path.name, name) for name in wanted if len(re.findall(rf"\b{name}\b", text)) < 2]
    assert unused == []


def test_everything_that_is_offered_is_wanted_somewhere() -> None:
    whole = "\n".join(code(path) for path in SCRIPTS)
    offered = re.findall(r"^export (?:async )?(?:function\*?|const|class) (\w+)", whole, re.MULTILINE)
    uses = Counter(re.findall(r"\w+", whole))
    assert [name for name in offered if uses[name] < 2] == []


def test_every_element_that_is_used_is_defined_and_the_other_way_round(tags: list) -> None:
    whole = "\n".join(code(path) for path in SCRIPTS)
    used = set(USES.findall(whole)) | {tag for tag, _ in tags if "-" in tag}
    made = {name for name in DEFINES.findall(whole) if f"new {name.title().replace('-', '')}(" in whole}
    assert used | made == set(DEFINES.findall(whole))


def test_an_element_its_file_and_its_class_share_one_name() -> None:
    for path in (STATIC / "scripts" / "elements").glob("*.js"):
        for name in DEFINES.findall(code(path)):
            assert (path.stem, f"class {name.title().replace('-', '')} " in code(path)) == (name, True)


def test_every_style_is_linked_and_every_link_is_there(tags: list) -> None:
    main = tags_of("index.html")
    linked = [attrs["href"] for tag, attrs in main if tag == "link" and attrs["rel"] == "stylesheet"]
    there = {path.stem for path in (STATIC / "styles").glob("*.css")}
    assert {Path(href).stem for href in linked} == there - NOT_AN_ELEMENT
    assert len(linked) == len(set(linked))
    files = [str(attrs.get("href") or attrs.get("src")) for tag, attrs in tags if tag in {"link", "script"}]
    assert [href for href in files if not (STATIC / href.removeprefix("/static/")).is_file()] == []


def test_the_page_holds_no_inline_script_style_or_handler(tags: list) -> None:
    assert [attrs for tag, attrs in tags if tag == "style" or (tag == "script" and "src" not in attrs)] == []
    assert [name for _, attrs in tags for name in attrs if name == "style" or name.startswith("on")] == []


def test_no_script_makes_html_of_text() -> None:
    found = [(path.name, word) for path in SCRIPTS for word in HTML_FROM_TEXT if word in code(path)]
    assert found == []
    assert [path.name for path in SCRIPTS if "srcdoc" in code(path)] == ["reply-frame.js"]


def test_every_dialog_is_part_of_the_address_so_that_back_closes_it() -> None:
    """But the sign-in dialog, which only signing in closes."""
    made = {path.name for path in SCRIPTS if 'make("dialog"' in code(path) or "showModal" in code(path)}
    assert made == {"widgets.js", "sign-in-dialog.js"}


def test_no_file_of_the_page_names_another_host() -> None:
    hosts = re.compile(r"https?://(?!www\.w3\.org)[a-z]", re.IGNORECASE)
    files = [*SCRIPTS, *STATIC.rglob("*.css"), *(STATIC / page for page in PAGES)]
    assert [path.name for path in files if hosts.search(code(path))] == []


def test_no_script_needs_https() -> None:
    """Pages that are served over plain HTTP do not have these; a script may look whether they exist."""
    missing = (
        "crypto.randomUUID(",
        "crypto.subtle",
        "navigator.clipboard.",
        "navigator.locks.",
        "navigator.serviceWorker.",
    )
    assert [(path.name, name) for path in SCRIPTS for name in missing if name in code(path)] == []
