"""A session that begins with somebody's export has no work of its own that it would wait for."""

from core.domain.checks import CheckStatus, ReferenceCheck
from core.domain.hunt import HuntStatus
from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.hunting.interrupt_unfinished_work import EXPORTED
from core.hunting.open_session import opened_notebook
from core.hunting.orders import OpenOrder
from core.notebooks.export import Export, export_notebook
from tests.builders import NOW, a_run
from tests.core.notebooks.building import BASIC, EMPTY_SLOT, hunt, load, raw_notebook, session

RAW = raw_notebook(*BASIC, *EMPTY_SLOT)
GOING_ON = a_run(3, run_id="r_a", status=RunStatus.RUNNING)
DECIDED = hunt(1)
CALLING = hunt(2).model_copy(update={"reply": None, "verdicts": (), "outcome": None, "status": HuntStatus.CALLING})


def copied(hunts=(), **changes):
    """What a session with `changes` is, exported and opened again."""
    before = session(load(RAW), **changes)
    raw = export_notebook(RAW, Export(session=before, hunts=(DECIDED, *hunts), selected=(DECIDED,), attempts=1))
    return opened_notebook(raw, load(raw), "a.ipynb", OpenOrder(), "s_copy", NOW)


def test_an_active_run_and_its_hunts_have_ended_in_the_copy():
    copy = copied([CALLING], runs=(GOING_ON,))
    assert [(run.status, run.finished_at, run.stop_reason) for run in copy.session.runs] == [
        (RunStatus.FAILED, NOW, EXPORTED.run)
    ]
    assert sorted((h.number, h.hunt_id, h.status, h.outcome) for h in copy.hunts) == [
        (1, "r_a.1", HuntStatus.DONE, Outcome.BROKE),
        (2, "r_a.2", HuntStatus.DONE, Outcome.INTERRUPTED),
        (3, "r_a.3", HuntStatus.DONE, Outcome.INTERRUPTED),
    ]


def test_an_active_check_can_be_repeated():
    copy = copied(check=ReferenceCheck(status=CheckStatus.RUNNING, task_hash=load(RAW).task.content_hash()))
    assert copy.session.runs != ()
    assert copy.session.check == ReferenceCheck()


def test_what_had_ended_stays_as_it_was():
    run = a_run(1, run_id="r_a", status=RunStatus.CANCELLED)
    copy = copied(runs=(run,))
    assert (copy.session.runs, copy.hunts) == ((run,), (DECIDED,))
