"""Wrong options are answered with what would be right, and at once."""

import subprocess
import sys

import pytest

from core.cli.commands import main
from core.cli.options import parser
from core.domain.task import PassRule
from tests.house.tree import ROOT

HUNT = ("hunt", "a.ipynb", "--model", "simulated/hasty")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*HUNT, "--pass-rule", "most"), 'there is no pass rule "most"; give majority (more than half of the criteria'),
        (("check", "a.ipynb", "--pass-rule", "ALL"), "or all (every criterion must pass)"),
        ((*HUNT, "--pass-rule", ""), 'there is no pass rule ""'),
        ((*HUNT, "--hunts", "six"), '"six" is not a number of hunts; give 1 to 1000'),
        ((*HUNT, "--hunts", "-1"), '"-1" is not a number of hunts'),
        ((*HUNT, "--hunts", "1001"), '"1001" is not a number of hunts'),
        ((*HUNT, "--hunts", "9" * 5000), f'"{"9" * 40}…" is not a number of hunts'),
        ((*HUNT, "--judge", "lab/" + "m" * 300), f'"lab/{"m" * 36}…" is longer than 300 characters'),
        (("simulate", "--port", "http"), '"http" is not a port; give 0 to 65535'),
        (("simulate", "--port", "65536"), '"65536" is not a port'),
        (("simulate", "--port", "-1"), '"-1" is not a port'),
        (("token", "alice", "--scope", "king"), 'there is no scope "king"; give trainer or admin'),
        (
            ("hunted",),
            "choose from 'serve', 'dashboard', 'hunt', 'check', 'conform', 'receipt', 'rejudge', 'verify', 'robustness', 'demo', 'models', 'judges', 'tasks', 'library', 'simulate', 'token'",
        ),
    ],
)
def test_a_wrong_option_is_answered_with_what_there_is(capsys, words, said):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert said in last
    assert not any(inner in last for inner in ("PassRule", "Scope", "_count", "int value", "<"))


def test_right_options_are_values():
    options = parser().parse_args([*HUNT, "--hunts", "1000", "--pass-rule", "all"])
    assert (options.hunts, options.pass_rule) == (1000, PassRule.ALL)
    assert parser().parse_args(["simulate", "--port", "65535"]).port == 65535


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["--help"], []),
        (["hunt", "--help"], []),
        (["hunt"], ["pydantic", "inspect"]),
        ([*HUNT, "--pass-rule", "most"], ["pydantic", "inspect"]),
    ],
)
def test_help_and_wrong_options_do_not_wait_for_what_hunts(words, allowed):
    slow = ("core.runtime", "core.cli.hunt", "structlog", "httpx", "redis", "rich", "pydantic", "inspect")
    script = (
        f"import sys\nfrom core.cli.commands import main\ntry:\n    main({words!r})\nexcept SystemExit:\n"
        f"    print('loaded:', [name for name in {slow!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith(f"loaded: {allowed}\n")
