"""`make mutants`: changes the rules in one place after the other, and says which changes no test notices.

Which files are changed and which tests are to notice is in pyproject.toml ([tool.mutmut]). tools/mutants.toml lists
the changes that stay unnoticed, each with its reason; any other one fails, and so does an entry that nothing needs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MIN_KILLED = 0.95
KILLED = frozenset({"killed", "timeout", "segfault", "caught by type check"})
LISTED = Path(__file__).with_name("mutants.toml")
_RESULT = re.compile(
    r"^ *(?P<module>[\w.]+)\.(?P<name>x[^.\s]+?)__mutmut_(?P<number>[0-9]+): (?P<status>.+)$", re.MULTILINE
)


@dataclass(frozen=True)
class Mutant:
    id: str
    """As mutmut names it: for `mutmut show`."""
    module: str
    function: str
    """With its module and class: `core.domain.run.Tally.counts`."""
    status: str


@dataclass(frozen=True)
class Change:
    """A change of one function: the lines that it becomes, without their indentation."""

    function: str
    becomes: str


def read_results(text: str) -> list[Mutant]:
    """The lines of `mutmut results --all true`."""
    found = []
    for line in _RESULT.finditer(text):
        name = line["name"].removeprefix("xǁ").replace("ǁ", ".") if line["name"][1] == "ǁ" else line["name"][2:]
        mutant_id = f"{line['module']}.{line['name']}__mutmut_{line['number']}"
        found.append(Mutant(mutant_id, line["module"], f"{line['module']}.{name}", line["status"]))
    return found


def change_in(mutant: Mutant, diff: str) -> Change:
    added = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return Change(mutant.function, "\n".join(added))


def read_listed(text: str) -> frozenset[Change]:
    entries = tomllib.loads(text)["unnoticed"]
    return frozenset(Change(entry["function"], change) for entry in entries for change in entry["becomes"])


def report(mutants: Iterable[Mutant], changes: Mapping[str, Change], listed: frozenset[Change]) -> tuple[str, bool]:
    """The report, and whether the run passes. `changes`: of the mutants that survived, by id."""
    every = list(mutants)
    made, killed = Counter(m.module for m in every), Counter(m.module for m in every if m.status in KILLED)
    lines = [f"{killed[module]:5} of {made[module]:4} killed  {module}" for module in sorted(made)]
    share = killed.total() / made.total() if every else 0.0
    unlisted = {id_: change for id_, change in changes.items() if change not in listed}
    looked_at = {mutant.function for mutant in every}
    unneeded = sorted((c.function, c.becomes) for c in listed - set(changes.values()) if c.function in looked_at)
    listed_count = len(changes) - len(unlisted)
    lines.append(f"\n{killed.total()} of {made.total()} killed ({share:.1%}), {listed_count} listed as survivors.")
    lines += [f"Survived and not listed: {id_}\n    {c.becomes}" for id_, c in unlisted.items()]
    lines += [f"Listed in {LISTED.name} but killed: {function}\n    {becomes}" for function, becomes in unneeded]
    if share < MIN_KILLED:
        lines.append(f"Fewer than {MIN_KILLED:.0%} were killed.")
    return "\n".join(lines), share >= MIN_KILLED and not unlisted and not unneeded


def mutmut(*words: str) -> str:
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main(names: list[str]) -> None:
    """`names` are patterns such as `core.domain.*`; all mutants without any."""
    workers = str(os.cpu_count() or 1)
    subprocess.run([sys.executable, "-m", "mutmut", "run", "--max-children", workers, *names], check=True)
    mutants = [m for m in read_results(mutmut("results", "--all", "true")) if m.status != "not checked"]
    changes = {m.id: change_in(m, mutmut("show", m.id)) for m in mutants if m.status not in KILLED}
    text, well = report(mutants, changes, read_listed(LISTED.read_text(encoding="utf-8")))
    print(text)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
