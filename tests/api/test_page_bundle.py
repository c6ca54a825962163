"""A page's modules and stylesheets are joined without changing what they do."""

import json
import shutil
import subprocess

import pytest

from api.page_bundle import bundle_page, join_modules

FILES = {
    "index.html": '<head>\n  <link rel="stylesheet" href="/static/styles/b.css">\n  <link rel="stylesheet" href="/static/styles/a.css">\n'
    '  <script type="module" src="/static/scripts/main.js"></script>\n</head>\n',
    "styles/a.css": "p { color: red }",
    "styles/b.css": "p { color: blue }",
    "scripts/main.js": 'import {\n  Second,\n  add as plus,\n} from "./parts/second.js";\nimport "./effect.js";\n'
    'const own = 1;\nconsole.log(plus(own, 2), new Second().name, globalThis.effects);\n',
    "scripts/parts/second.js": 'import { First } from "../first.js";\nconst own = 5;\n'
    "export class Second extends First {}\nexport const add = (a, b) => a + b + own;\n",
    "scripts/first.js": 'export class First { name = "first"; }\nexport async function* later() {}\n'
    'export function unused() { return "import x"; }\nglobalThis.effects = ["first"];\n',
    "scripts/effect.js": 'import { unused } from "./first.js";\nglobalThis.effects.push(unused());\n',
}  # fmt: skip


def test_a_page_links_one_stylesheet_in_its_order_and_one_script():
    bundle = bundle_page("index.html", FILES.__getitem__)
    assert bundle.html == (
        '<head>\n  <link rel="stylesheet" href="/static/bundle/index.css">\n'
        '  <script type="module" src="/static/bundle/index.js"></script>\n</head>\n'
    )
    assert bundle.files["bundle/index.css"] == "p { color: blue }\np { color: red }"
    assert sorted(bundle.files) == ["bundle/index.css", "bundle/index.js", "bundle/index.js.map"]
    assert bundle.files["bundle/index.js"].endswith("\n//# sourceMappingURL=index.js.map\n")


def test_a_page_without_links_stays_as_it_is():
    assert bundle_page("a.html", {"a.html": "<p>"}.__getitem__).html == "<p>"


def test_joined_modules_run_once_in_the_order_of_their_imports(tmp_path):
    node = shutil.which("node") or pytest.skip("node is not installed")
    (tmp_path / "joined.mjs").write_text(join_modules("scripts/main.js", FILES.__getitem__)[0])
    ran = subprocess.run([node, tmp_path / "joined.mjs"], capture_output=True, text=True, check=True)
    assert ran.stdout == "8 first [ 'first', 'import x' ]\n"


def test_the_source_map_leads_each_line_to_its_own_line_of_its_file():
    script, source_map = join_modules("scripts/main.js", FILES.__getitem__)
    lines, seen = script.split("\n"), []
    for section in json.loads(source_map)["sections"]:
        (source,), begin = section["map"]["sources"], section["offset"]["line"]
        original = FILES[source.removeprefix("../")].split("\n")
        mapped = section["map"]["mappings"].split(";")
        assert mapped == ["AAAA", *["AACA"] * (len(original) - 1)]
        unchanged = [n for n, line in enumerate(original) if not line.startswith(("import", "export", "}", "  add as"))]
        assert [lines[begin + n] for n in unchanged] == [original[n] for n in unchanged]
        seen.append(source)
    assert seen == ["../scripts/first.js", "../scripts/parts/second.js", "../scripts/effect.js", "../scripts/main.js"]


@pytest.mark.parametrize(
    "line",
    ["export default 1;", "export { a };", "export let a = 1;", 'export * from "./b.js";', 'import b from "./b.js";',
     'import * as b from "./b.js";', 'const b = await import("./b.js");', "const here = import.meta.url;"],
)  # fmt: skip
def test_a_module_that_cannot_be_joined_is_an_error_that_names_it(line):
    with pytest.raises(ValueError, match=r"^scripts/a\.js: only "):
        join_modules("scripts/a.js", {"scripts/a.js": f"const a = 1;\n{line}\n", "scripts/b.js": ""}.__getitem__)


def test_modules_that_import_each_other_are_an_error_that_names_them():
    files = {"a.js": 'import "./b.js";\n', "b.js": 'import "./a.js";\n'}
    with pytest.raises(ValueError, match=r"a\.js → b\.js → a\.js"):
        join_modules("a.js", files.__getitem__)
