"""What every check must do, whatever it looks at."""

import pytest

from core.simulator.checks.grammar import find_check

REPLIES = ("", "Why? Paris, the cat; 42 fish!\n\n- Dear **light** b\n# Head", "x" * 5000, "{", "\u2028", "🎂" * 300)


@pytest.fixture
def decides():
    """The criterion has a check that passes one reply, fails another, and always gives a reason and a verbatim quote."""

    def decide(criterion, passing, failing):
        check = find_check(criterion)
        assert check is not None
        assert (check(passing).passed, check(failing).passed) == (True, False)
        for finding, reply in ((check(reply), reply) for reply in (passing, failing, *REPLIES)):
            assert finding.evidence in reply
            assert len(finding.evidence) <= 200
            assert finding.reason

    return decide
