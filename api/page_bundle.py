"""Joins the stylesheets and the JavaScript modules of a page into one file each (decision record 0111).

A browser opens a page from a dozen files instead of 160. There is no build step: modules are joined when they are read,
by their import and export lines.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import orjson

STYLES = re.compile(r'(?:[ \t]*<link rel="stylesheet" href="/static/[^"]+">\n)+')
HREF = re.compile(r'href="/static/([^"]+)"')
MODULE = re.compile(r'(?<=<script type="module" src="/static/)[^"]+')
IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|class) (\w+))", re.MULTILINE)
UNSUPPORTED = re.compile(r"^(?:import|export)\b.*|\bimport\s*\(.*|\bimport\.meta\b.*", re.MULTILINE)

Read = Callable[[str], str]
"""Returns the text of a file by its path below /static/; raises KeyError if there is none."""


@dataclass(frozen=True)
class Bundle:
    """A page whose links lead to joined files: its HTML, and these files by path below /static/."""

    html: str
    files: Mapping[str, str]


def bundle_page(name: str, read: Read) -> Bundle:
    """Join what the page `name` ("index.html") links. Raises ValueError if a module cannot be joined."""
    html = read(name)
    base = f"bundle/{name.removesuffix('.html')}"
    files = {}
    if links := STYLES.search(html):
        files[f"{base}.css"] = "\n".join(read(path) for path in HREF.findall(links[0]))
        html = html.replace(links[0], f'  <link rel="stylesheet" href="/static/{base}.css">\n')
    if main := MODULE.search(html):
        script, source_map = join_modules(main[0], read)
        files[f"{base}.js"] = f"{script}//# sourceMappingURL={posixpath.basename(base)}.js.map\n"
        files[f"{base}.js.map"] = source_map
        html = MODULE.sub(f"{base}.js", html)
    return Bundle(html, files)


def join_modules(main: str, read: Read) -> tuple[str, str]:
    """The module `main` with all that it imports as one module, and its source map (JSON)."""
    script, sections, line = "", [], 0
    names: dict[str, str] = {}
    for path in _in_order(main, read, set(), ()):
        names[path] = f"module_{len(names)}"
        body, exports = _body(path, read(path), names)
        script += f"const {names[path]} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();\n"
        lines = body.count("\n") + 1
        sections.append({"offset": {"line": line + 1, "column": 0}, "map": _map_lines(path, lines)})
        line += lines + 3
    return script, orjson.dumps({"version": 3, "sections": sections}).decode()


def _in_order(path: str, read: Read, seen: set[str], importers: tuple[str, ...]) -> Iterator[str]:
    """Every module once, after those that it imports: the order in which browsers run them."""
    if path in importers:
        raise ValueError(f"Modules import each other: {' → '.join((*importers, path))}")
    if path in seen:
        return
    seen.add(path)
    for _, target in IMPORT.findall(read(path)):
        yield from _in_order(_resolve(path, target), read, seen, (*importers, path))
    yield path


def _body(path: str, text: str, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """The statements of a module inside a function, line by line as they were, and the names that it exports."""

    def bind(found: re.Match[str]) -> str:
        imported, target = found.groups()
        return f"const {{{imported.replace(' as ', ': ')}}} = {names[_resolve(path, target)]};" if imported else ""

    body = EXPORT.sub("", IMPORT.sub(bind, text))
    if other := UNSUPPORTED.search(body):
        raise ValueError(
            f'{path}: only `import {{…}} from`, `import "…"` and exported definitions can be joined: {other[0]}'
        )
    return body, EXPORT.findall(text)


def _resolve(importer: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), target))


def _map_lines(path: str, lines: int) -> dict[str, object]:
    """A source map (version 3) that maps each line to the same line of the file."""
    return {
        "version": 3,
        "sources": [f"../{path}"],
        "names": [],
        "mappings": ";".join(["AAAA", *["AACA"] * (lines - 1)]),
    }
