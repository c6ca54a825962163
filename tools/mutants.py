"""`make mutants`: changes the rules in one place after the other, and says which changes no test notices.

A module's mutants are checked by the tests that mirror it (`core/domain/run.py`: `tests/core/domain/test_run.py`), and
those of MORE_TESTS. tools/mutants.toml lists the changes that stay unnoticed, each with its reason; any other survivor
fails, and so does an entry that nothing needs.

mutmut makes the changes, but does not run them: it leaves out decorated functions (every property), collects the tests
again for every mutant, and measures its timeouts by the clock on the wall, so that a busy machine kills mutants. Here a
process imports a module and its tests once. For each mutant it forks; the child replaces the code of one function and
runs, until one fails, the tests that reach that function, the quickest first.
"""

from __future__ import annotations

import argparse
import ast
import cProfile
import difflib
import functools
import gc
import importlib
import math
import os
import pickle
import resource
import select
import signal
import sys
import time
import tomllib
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Generic, Literal, TypeVar, cast

import hypothesis
import libcst
import pytest
from _pytest.runner import CallInfo
from libcst.metadata import CodeRange, WhitespaceInclusivePositionProvider
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
LISTED = Path(__file__).with_name("mutants.toml")
MIN_KILLED = 0.95
PATTERNS = (
    "core/domain/*.py",
    "core/judge/answer.py",
    "core/judge/evidence.py",
    "core/judge/objects.py",
    "core/judge/prose.py",
    "core/judge/reply_words.py",
    "core/judge/statements.py",
    "core/judge/encodable_text.py",
    "core/notebooks/criteria/*.py",
    "core/review/*.py",
    "core/statistics/*.py",
    "core/throttle/adaptive.py",
    "core/throttle/fair_queue.py",
    "core/throttle/refusals.py",
)
"""The rules, where a wrong sign ruins a trainer's work."""
MORE_TESTS = {
    "core/domain/session.py": ("tests/core/domain/test_second_review.py",),
    "core/throttle/adaptive.py": ("tests/core/throttle/test_refusals.py",),
    "core/judge/answer.py": ("tests/core/judge/test_answer_objects.py", "tests/core/judge/test_hostile_replies.py"),
}
LEFT_OUT = "not bounded_time and not as_long and not long_reply"
"""Tests of running time mean nothing beside other work, and mutants that hang are stopped anyway."""
CPU_FACTOR, CPU_EXTRA_S = 5, 1
"""A mutant's tests may take this many times their CPU time without it, and this many seconds more."""
MAX_MEMORY_BYTES = 2 << 30
MAX_WAIT_S = 600
"""For mutants that wait without using CPU; a busy machine must not kill any."""


@dataclass(frozen=True)
class Change:
    """A change of one function: the lines that it becomes, without their indentation."""

    function: str
    """With its module and class: `core.domain.run.Tally.counts`."""
    becomes: str
    """If lines are only left out: "without:" and these lines."""


@dataclass(frozen=True)
class Mutant:
    module: str
    change: Change
    killed: bool


@dataclass(frozen=True)
class ChangedSource:
    change: Change
    name: str
    """The function's qualified name in its module: `Tally.counts`."""
    text: str
    """Of the whole module, with the change."""


class _Visitor(MutationVisitor):
    """Changes decorated functions too; their decorators stay. The text around a change stays."""

    METADATA_DEPENDENCIES = (*MutationVisitor.METADATA_DEPENDENCIES, WhitespaceInclusivePositionProvider)  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(mutation_operators, IgnoredCode(set(), set(), set()))
        self.places: list[CodeRange] = []

    def _skip_node_and_children(self, node: libcst.CSTNode) -> bool:
        return not isinstance(node, libcst.FunctionDef) and super()._skip_node_and_children(node)

    def _create_mutations(self, node: libcst.CSTNode) -> None:
        super()._create_mutations(node)
        place = self.get_metadata(WhitespaceInclusivePositionProvider, node)
        self.places += [place] * (len(self.mutations) - len(self.places))


def changed_sources(module: str, text: str) -> Iterator[ChangedSource]:
    """Every change of a function of `module`, whose source is `text`."""
    visitor = _Visitor()
    tree = libcst.MetadataWrapper(libcst.parse_module(text)).visit(visitor)
    classes = {id(f): c.name.value for c in tree.body if isinstance(c, libcst.ClassDef) for f in c.body.body}
    before = text.splitlines()
    for mutation, place in zip(visitor.mutations, visitor.places, strict=True):
        function = mutation.contained_by_top_level_function
        if not isinstance(function, libcst.FunctionDef):
            continue
        if isinstance(mutation.mutated_node, libcst.Match):  # of several lines, whose indentation it does not have
            changed = tree.deep_replace(mutation.original_node, mutation.mutated_node)
            after = cast("libcst.Module", changed).code.splitlines()
        else:
            first, last = before[place.start.line - 1], before[place.end.line - 1]
            inside = tree.code_for_node(mutation.mutated_node)
            lines = (first[: place.start.column] + inside + last[place.end.column :]).splitlines()
            after = before[: place.start.line - 1] + lines + before[place.end.line :]
        name = ".".join(filter(None, (classes.get(id(function)), function.name.value)))
        yield ChangedSource(Change(f"{module}.{name}", added_lines(before, after)), name, "\n".join(after) + "\n")


def added_lines(before: Sequence[str], after: Sequence[str]) -> str:
    """The lines of `after` that are not in `before`, or else the ones that it lacks, without their indentation."""
    old, new = [line.strip() for line in before], [line.strip() for line in after]
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    old, new = old[start:], new[start:]
    while old and new and old[-1] == new[-1]:
        old.pop(), new.pop()
    diff = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    added = [line[1:] for line in diff if line.startswith("+")]
    return "\n".join(added or ["without:", *(line[1:] for line in diff if line.startswith("-"))])


def read_listed(text: str) -> frozenset[Change]:
    entries = tomllib.loads(text)["unnoticed"]
    return frozenset(Change(entry["function"], change) for entry in entries for change in entry["becomes"])


def report(mutants: Iterable[Mutant], listed: frozenset[Change]) -> tuple[str, bool]:
    """The report, and whether the run passes."""
    every = list(mutants)
    made, killed = Counter(m.module for m in every), Counter(m.module for m in every if m.killed)
    lines = [f"{killed[module]:5} of {made[module]:4} killed  {module}" for module in sorted(made)]
    for package in sorted({module.rpartition(".")[0] for module in made}):
        inside = [m for m in every if m.module.rpartition(".")[0] == package]
        lines.append(f"{sum(m.killed for m in inside):5} of {len(inside):4} killed  {package}")
    share = killed.total() / made.total() if every else 0.0
    survivors = Counter(m.change for m in every if not m.killed)
    unlisted = [change for change in survivors if change not in listed]
    looked_at = {m.change.function for m in every}
    unneeded = sorted((c.function, c.becomes) for c in listed - set(survivors) if c.function in looked_at)
    listed_count = survivors.total() - sum(survivors[change] for change in unlisted)
    lines.append(f"\n{killed.total()} of {made.total()} killed ({share:.1%}), {listed_count} listed as survivors.")
    lines += [f"Survived and not listed: {change.function}\n    {change.becomes}" for change in unlisted]
    lines += [f"Listed in {LISTED.name} but killed: {function}\n    {becomes}" for function, becomes in unneeded]
    if share < MIN_KILLED:
        lines.append(f"Fewer than {MIN_KILLED:.0%} were killed.")
    return "\n".join(lines), share >= MIN_KILLED and not unlisted and not unneeded


class Child(Generic[T]):
    """A fork of this process that calls a function. With `cpu_s` it is stopped after so many seconds of CPU."""

    def __init__(self, work: Callable[[], T], cpu_s: float | None = None) -> None:
        self._reader, writer = os.pipe()
        self._limited = cpu_s is not None
        self._pid = os.fork()
        if self._pid:
            os.close(writer)
            return
        try:
            if cpu_s is not None:
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
                resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(cpu_s), math.ceil(cpu_s) + 1))
            answer: tuple[T | None, str] = (work(), "")
        except BaseException:  # noqa: BLE001 - a test's failure never comes here; whatever does is reported
            answer = (None, traceback.format_exc())
        try:
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(pickle.dumps(answer))
        finally:
            os._exit(0)

    def result(self) -> T | None:
        """What the function returned; None if the child was stopped. Raises ChildProcessError if it raised."""
        with os.fdopen(self._reader, "rb") as pipe:
            if self._limited and not select.select([pipe], [], [], MAX_WAIT_S)[0]:
                os.kill(self._pid, signal.SIGKILL)
            answer = pipe.read()
        os.waitpid(self._pid, 0)
        if not answer:
            return None
        result, error = pickle.loads(answer)  # noqa: S301 - from our own child
        if error:
            raise ChildProcessError(error)
        return cast("T", result)


@dataclass(frozen=True)
class _Test:
    item: pytest.Item
    passed: bool
    """Without a change, as the following two."""
    took_s: float
    reached: frozenset[tuple[str, str]]
    """Functions, by their files and qualified names."""


class _Loop:
    """A pytest plugin: instead of every collected test once, it runs for each mutant the tests that it needs."""

    def __init__(self, files: Sequence[str], workers: int, imports_call: frozenset[tuple[str, str]]) -> None:
        """When the files are imported and before pytest collects, because its collection hides objects from `gc`."""
        self._files, self._workers, self._imports_call = files, workers, imports_call
        self._functions = [value for value in gc.get_objects() if isinstance(value, FunctionType)]
        self._caches = [value for value in gc.get_objects() if isinstance(value, type(_example_of_a_cache))]
        self.mutants: list[Mutant] = []
        self.failed = True

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        measured, imported = Child(functools.partial(_measure, session.items)).result() or ([], [])
        tests = [_Test(item, *values) for item, values in zip(session.items, measured, strict=False)]
        for name in imported:  # once, instead of in every child: scipy takes a second
            with suppress(Exception):
                importlib.import_module(name)
        gc.freeze()
        broken = [test.item.nodeid for test in tests if not test.passed]
        print(f"\n{len(tests)} tests, {sum(t.took_s for t in tests):.0f} s; failing: {broken or 'none'}", flush=True)
        self.failed = not tests or bool(broken)
        for file in self._files if not self.failed else ():
            self._check(file, tests)
        return True

    def _check(self, file: str, tests: Sequence[_Test]) -> None:
        began_s, path = time.monotonic(), str(ROOT / file)
        mirrors = {ROOT / name for name in mirrors_of(file)}
        checking = _Checking(
            module_of(file),
            path,
            {f.__code__.co_qualname: f for f in self._functions if f.__code__.co_filename == path},
            self._caches,
            [test for test in tests if test.item.path in mirrors],
        )
        if not Child(functools.partial(checking.survives, None, checking.tests)).result():
            raise ChildProcessError(f"{file}: its tests pass once and then fail, without any change")
        called = frozenset[tuple[str, str]]().union(*(test.reached for test in tests))
        at_import = {name for place, name in self._imports_call - called if place == path}
        every = list(changed_sources(checking.module, Path(path).read_text(encoding="utf-8")))
        sources = [source for source in every if source.name not in at_import]
        shares = [sources[number :: self._workers] for number in range(self._workers)]
        children = [Child(functools.partial(checking.check, share)) for share in shares]
        found = [mutant for child in children for mutant in child.result() or ()]
        assert len(found) == len(sources), f"{file}: a worker ended"
        self.mutants += found
        left_out = sorted({source.name for source in every} & at_import)
        without = f"; not checked, because only imports call them: {', '.join(left_out)}" if left_out else ""
        survived = sum(not mutant.killed for mutant in found)
        took_s = time.monotonic() - began_s
        print(f"{file}: {len(found)} mutants, {survived} survived, {took_s:.0f} s{without}", flush=True)


@functools.lru_cache
def _example_of_a_cache() -> None: ...


@dataclass(frozen=True)
class _Checking:
    """The mutants of one file."""

    module: str
    path: str
    functions: dict[str, FunctionType]
    caches: list[Any]
    tests: list[_Test]

    def check(self, sources: Iterable[ChangedSource]) -> list[Mutant]:
        return [Mutant(self.module, source.change, killed=self._kills(source)) for source in sources]

    def _kills(self, source: ChangedSource) -> bool:
        reaching = [test for test in self.tests if (self.path, source.name) in test.reached]
        reaching.sort(key=lambda test: test.took_s)
        limit_s = CPU_EXTRA_S + CPU_FACTOR * sum(test.took_s for test in reaching)
        return bool(reaching) and not Child(functools.partial(self.survives, source, reaching), limit_s).result()

    def survives(self, source: ChangedSource | None, tests: Sequence[_Test]) -> bool:
        """Whether all tests pass with a change; without one for None. Changes this process."""
        gc.disable()  # the process ends before it matters
        if source is not None:
            replace_code(self.functions[source.name], source)
        for cache in self.caches:
            cache.cache_clear()
        return all(_passes(test, following) for test, following in _with_following([test.item for test in tests]))


def _measure(items: Sequence[pytest.Item]) -> tuple[list[tuple[bool, float, frozenset[tuple[str, str]]]], list[str]]:
    """For each test the values of _Test, and the packages of others that the tests import."""
    measured, before = [], set(sys.modules)
    for item, following in _with_following(items):
        profile, began_s = cProfile.Profile(), time.process_time()
        profile.enable()
        passed = _passes(item, following)
        profile.disable()
        measured.append((passed, time.process_time() - began_s, _ours(profile)))
    imported = [name for name in sys.modules if name not in before and not name.startswith(("core.", "tests."))]
    return measured, imported


def _ours(profile: cProfile.Profile) -> frozenset[tuple[str, str]]:
    """The functions that were called, by their files and qualified names."""
    codes = [entry.code for entry in profile.getstats() if isinstance(entry.code, CodeType)]
    ours = [code for code in codes if code.co_filename.startswith(str(ROOT / "core"))]
    return frozenset((code.co_filename, code.co_qualname.partition(".<locals>")[0]) for code in ours)


def _with_following(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)


def _passes(item: Any, following: pytest.Item | None) -> bool:
    """Runs a test as pytest does, but describes no failure, which takes longer than most tests."""
    if hasattr(item, "_request") and not item._request:  # noqa: SLF001 - has run before; pytest prepares it once
        item._initrequest()  # noqa: SLF001
    hooks = item.ihook
    steps: list[tuple[Literal["setup", "call", "teardown"], Callable[[], object]]] = [
        ("setup", lambda: hooks.pytest_runtest_setup(item=item)),
        ("call", lambda: hooks.pytest_runtest_call(item=item)),
        ("teardown", lambda: hooks.pytest_runtest_teardown(item=item, nextitem=following)),
    ]
    passes = True
    for when, step in steps:
        if passes or when == "teardown":
            call = CallInfo.from_call(step, when)
            passes = passes and (call.excinfo is None or isinstance(call.excinfo.value, pytest.skip.Exception))
            if passes:
                hooks.pytest_runtest_makereport(item=item, call=call)  # pytest's fixtures rely on it
    item._request, item.funcargs = False, None  # noqa: SLF001
    return passes


def replace_code(function: FunctionType, source: ChangedSource) -> None:
    """Give a function the code of its changed form, and the default values that are written as constants."""
    tree = ast.parse(source.text)
    with warnings.catch_warnings(action="ignore"):
        code = _code_in(compile(tree, function.__code__.co_filename, "exec"), source.name)
    arguments = _definition_in(tree, source.name).args
    defaults = zip(function.__defaults__ or (), arguments.defaults, strict=True)
    function.__defaults__ = tuple(_constant(node, old) for old, node in defaults) or None
    named = {a.arg: node for a, node in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if node}
    olds = function.__kwdefaults__ or {}
    function.__kwdefaults__ = {name: _constant(named[name], old) for name, old in olds.items()}
    function.__code__ = code


def _code_in(code: CodeType, name: str) -> CodeType:
    first, _, rest = name.partition(".")
    inside = [const for const in code.co_consts if isinstance(const, CodeType) and const.co_name == first]
    return _code_in(inside[-1], rest) if rest else inside[-1]


def _definition_in(tree: ast.Module | ast.ClassDef, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    first, _, rest = name.partition(".")
    for node in reversed(tree.body):
        if isinstance(node, ast.ClassDef) and rest and node.name == first:
            return _definition_in(node, rest)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not rest and node.name == first:
            return node
    raise LookupError(name)


def _constant(node: ast.expr, otherwise: object) -> object:
    return node.value if isinstance(node, ast.Constant) else otherwise


def module_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def mirrors_of(file: str) -> list[str]:
    folder, _, name = file.rpartition("/")
    return [f"tests/{folder}/test_{name}", *MORE_TESTS.get(file, ())]


def files_with_functions() -> list[str]:
    paths = sorted({path for pattern in PATTERNS for path in ROOT.glob(pattern)})
    return [path.relative_to(ROOT).as_posix() for path in paths if "def " in path.read_text(encoding="utf-8")]


def check_files(files: Sequence[str], workers: int) -> tuple[list[Mutant], bool]:
    """The mutants of files, and whether their tests failed without a change.

    Found examples are not made smaller (one is enough), and the same ones are drawn every time.
    """
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", phases=phases, database=None, derandomize=True, deadline=None)
    hypothesis.settings.load_profile("mutants")
    with cProfile.Profile() as profile:
        for file in files:
            importlib.import_module(module_of(file))
    loop = _Loop(files, workers, _ours(profile))
    tests = sorted({name for file in files for name in mirrors_of(file)})
    pytest.main(["-q", "-s", "-p", "no:cacheprovider", "-k", LEFT_OUT, *tests], plugins=[loop])
    return loop.mutants, loop.failed


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=["*"], help="patterns such as core.domain.*")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that run tests")
    options = parser.parse_args(arguments)
    files = [file for file in files_with_functions() if any(fnmatch(module_of(file), name) for name in options.modules)]
    mutants, failed = check_files(files, options.workers)
    text, passes = report(mutants, read_listed(LISTED.read_text(encoding="utf-8")))
    print(text)
    sys.exit(0 if passes and not failed else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
