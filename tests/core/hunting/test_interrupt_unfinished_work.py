"""Work that was broken off long ago ends as interrupted, with the reason."""

from core.domain.hunt import HuntStatus
from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.hunting.interrupt_unfinished_work import ABANDONED, interrupt_abandoned
from core.sessions.base import SessionCopy
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_session


def test_an_abandoned_run_fails_with_the_reason_and_keeps_its_results():
    done, calling = a_finished_hunt(), a_hunt(2, status=HuntStatus.CALLING)
    copy = SessionCopy(a_session(runs=(a_run(hunts=3, status=RunStatus.RUNNING),), version=4), b"nb", (done, calling))
    ended = interrupt_abandoned(copy, NOW)
    (run,) = ended.session.runs
    assert (run.status, run.stop_reason, run.finished_at) == (RunStatus.FAILED, ABANDONED.run, NOW)
    assert (ended.session.version, ended.notebook, ended.hunts[0]) == (5, b"nb", done)
    assert [hunt.outcome for hunt in ended.hunts[1:]] == [Outcome.INTERRUPTED, Outcome.INTERRUPTED]
    assert {hunt.error.message for hunt in ended.hunts[1:]} == {ABANDONED.run}
