"""Every module of `core` and `api` with logic in it has a test module of its name, in the same place below `tests`.

A module has logic if one of its functions branches, loops or comprehends (if, for, while, try, match, and/or, a
comprehension), or has more than MAX_PLAIN_STATEMENTS statements. Types, constants, re-exports and functions that only
pass something on need no test module of their own.
"""

import ast
from pathlib import Path

from tests.house.tree import ROOT, files, parsed

MAX_PLAIN_STATEMENTS = 5
LOGIC = (
    ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match, ast.BoolOp,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
ELSEWHERE = {
    "core/budget/memory.py": "tests/core/budget/test_budgets.py",
    "core/hunting/dump/layout.py": "tests/core/hunting/dump/test_load.py",
    "core/hunting/dump/parquet.py": "tests/core/hunting/dump/test_export.py",
    "core/eventlog/memory.py": "tests/contracts/test_event_log.py",
    "core/library/records.py": "tests/contracts/test_library.py",
    "core/library/lazy.py": "tests/contracts/test_library.py",
    "core/library/listing.py": "tests/contracts/test_library_lists.py",
    "core/library/overview.py": "tests/contracts/test_library_overview.py",
    "core/library/migrations/versions/r0002_task_lists.py": "tests/contracts/test_library_lists.py",
    "core/library/migrations/versions/r0001_first_tables.py": "tests/core/library/test_migrate.py",
    "core/library/deleting.py": "tests/contracts/test_library_retention.py",
    "core/library/sql.py": "tests/contracts/test_library.py",
    "core/sessions/memory.py": "tests/contracts/test_session_store.py",
    "core/sessions/redis.py": "tests/contracts/test_session_store.py",
    "core/sessions/redis_copy.py": "tests/contracts/test_session_store.py",
    "core/throttle/memory.py": "tests/contracts/test_throttle.py",
}
"""Stores of one contract are tested by one suite, which runs with each of them."""


def has_logic(tree: ast.Module) -> bool:
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(_is_more_than_plain(function) for function in functions)


def _is_more_than_plain(function: ast.AST) -> bool:
    inside = [node for node in ast.walk(function) if node is not function]
    statements = [node for node in inside if isinstance(node, ast.stmt) and not _is_docstring(node)]
    return len(statements) > MAX_PLAIN_STATEMENTS or any(isinstance(node, LOGIC) for node in inside)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def mirror_of(path: Path) -> Path:
    place = path.relative_to(ROOT)
    return ROOT / "tests" / place.parent / f"test_{place.stem.strip('_')}.py"


def test_every_module_with_logic_has_a_test_module_of_its_name() -> None:
    modules = [path for path in files(".py", folders=("core", "api")) if has_logic(parsed(path))]
    assert len(modules) > 200
    without = {path.relative_to(ROOT).as_posix() for path in modules if not mirror_of(path).is_file()}
    assert without == set(ELSEWHERE)


def test_the_suites_that_test_modules_of_another_name_name_them() -> None:
    for module, suite in ELSEWHERE.items():
        imported = module.removesuffix(".py").replace("/", ".")
        helpers = [ROOT / suite, ROOT / "tests" / "backends.py", (ROOT / suite).with_name("ledgers.py")]
        texts = [path.read_text(encoding="utf-8") for path in helpers if path.is_file()]
        assert any(imported in text for text in texts), module


def test_logic_is_a_branch_a_loop_or_many_statements() -> None:
    plain = "def f(a):\n 'Says.'\n b = a\n return b"
    assert not has_logic(ast.parse(f"X = 1 if Y else 2\n{plain}"))
    assert has_logic(ast.parse("def f(a):\n return [b for b in a]"))
    assert has_logic(ast.parse("class A:\n async def f(self):\n  while True: pass"))
    assert has_logic(ast.parse("def f():\n" + " g()\n" * (MAX_PLAIN_STATEMENTS + 1)))
    assert not has_logic(ast.parse("def f():\n" + " g()\n" * MAX_PLAIN_STATEMENTS))
