"""What we ask for (.in) and what is installed (.txt) agree, and the pins hold no address of any index."""

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOMS, ROOT, files, parsed

FOLDER = ROOT / "requirements"
NAMES = ("api", "dashboard", "dev")
DISTRIBUTIONS = metadata.packages_distributions()
IMPORTED_BY_OTHERS = {"h2", "aiosqlite", "asyncpg"}
"""Asked for without an import of ours: Hypercorn speaks HTTP/2, and SQLAlchemy its databases, with them, and neither
pins them."""
PART_OF = {"werkzeug": "quart", "starlette": "streamlit", "pydantic-core": "pydantic",
           "typing-extensions": "pydantic"}  # fmt: skip
"""Imported because the package that brings it speaks in its terms: its version is that package's choice."""
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def asked_for(text: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pinned(text: str) -> dict[str, str]:
    """Version by canonical name, of the pins that apply on this machine. Every pin needs a hash."""
    pins: dict[str, str] = {}
    for entry in text.replace("\\\n", " ").splitlines():
        assert HASH.search(entry), f"no hash: {entry}"
        requirement = Requirement(entry.split("--hash")[0])
        if requirement.marker is None or requirement.marker.evaluate(dict(default_environment())):
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", entry
            pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


def pins_of(name: str) -> dict[str, str]:
    return pinned((FOLDER / f"{name}.txt").read_text(encoding="utf-8"))


def distributions_imported(*folders: str) -> set[str]:
    """The canonical names of the packages that the code of these folders imports, of others and not of Python."""
    names: set[str] = set()
    for path in files(".py", folders=folders):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    foreign = names - sys.stdlib_module_names - {*ROOMS, "tools", "tests"}
    return {canonicalize_name(DISTRIBUTIONS.get(name, [name])[0]) for name in foreign}


def names_asked_for(name: str) -> set[str]:
    text = (FOLDER / f"{name}.in").read_text(encoding="utf-8")
    return {canonicalize_name(requirement.name) for requirement in asked_for(text)}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_requirement_holds_an_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


@pytest.mark.parametrize("name", NAMES)
def test_everything_asked_for_is_pinned_within_its_range(name: str) -> None:
    pins = pins_of(name)
    requirements = asked_for((FOLDER / f"{name}.in").read_text(encoding="utf-8"))
    assert requirements
    outside = [
        f"{requirement} is pinned as {pins.get(canonicalize_name(requirement.name))}"
        for requirement in requirements
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    ]
    assert outside == [], "run make pins"


def test_every_package_that_the_product_asks_for_is_imported_by_it() -> None:
    assert names_asked_for("api") - distributions_imported("api", "core") == IMPORTED_BY_OTHERS
    assert names_asked_for("dashboard") - distributions_imported("dashboard_app", "core") == {"aiosqlite", "asyncpg"}


def test_every_package_that_the_product_imports_is_asked_for_or_is_part_of_one_that_is() -> None:
    asked_for_at_all = names_asked_for("api") | names_asked_for("dashboard")
    assert distributions_imported("api") - names_asked_for("api") == {"werkzeug", "typing-extensions"}
    assert distributions_imported("dashboard_app") - names_asked_for("dashboard") == {"starlette", "pydantic-core"}
    assert distributions_imported("core") - asked_for_at_all == {"pydantic-core", "typing-extensions"}
    assert all(requires(owner, part) for part, owner in PART_OF.items())


def imported_modules(path: Path) -> set[str]:
    """The modules that a file imports when it is imported: not those in functions or for types alone."""
    names: set[str] = set()
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def distributions_needed(folder: str) -> set[str]:
    """What must be installed to import every file of `folder`, with our own modules that these import in turn."""
    waiting, seen, foreign = list(files(".py", folders=(folder,))), set[Path](), set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imported_modules(path):
            own = ROOT / name.replace(".", "/")
            if name.partition(".")[0] in ROOMS:
                waiting += [file for file in (own.with_suffix(".py"), own / "__init__.py") if file.is_file()]
            else:
                foreign.add(name.partition(".")[0])
    return {canonicalize_name(DISTRIBUTIONS.get(name, [name])[0]) for name in foreign - sys.stdlib_module_names}


@pytest.mark.parametrize(("name", "folder"), [("api", "api"), ("dashboard", "dashboard_app")])
def test_an_image_has_every_package_that_its_code_imports(name: str, folder: str) -> None:
    assert {"httpx", "pydantic"} <= distributions_needed(folder)
    assert distributions_needed(folder) - pins_of(name).keys() == set()


def requires(owner: str, part: str) -> bool:
    return part in {canonicalize_name(Requirement(text).name) for text in metadata.requires(owner) or ()}


@pytest.mark.parametrize("name", ["api", "dashboard"])
def test_what_is_deployed_is_what_is_tested(name: str) -> None:
    tested = pins_of("dev")
    assert pins_of(name).items() <= tested.items(), "run make pins"


def test_a_pin_without_its_hash_is_seen() -> None:
    with pytest.raises(AssertionError, match="no hash: quart==1"):
        pinned("quart==1.0\n")


def test_the_deployed_halves_hold_no_test_tool() -> None:
    deployed = pins_of("api").keys() | pins_of("dashboard").keys()
    assert deployed & {"pytest", "hypothesis", "ruff", "mypy", "playwright", "litellm"} == set()
