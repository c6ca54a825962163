"""What a delivery is expected to write, which decides where it is written; its preview in a blind session."""

import json

from core.domain.parameters import Parameters
from core.domain.session import Visibility
from core.domain.verdict import Verdict
from core.hunting.reviews.delivery import deliver, preview_delivery, rough_bytes
from core.notebooks.write_cells import blank_notebook
from tests.builders import a_finished_hunt, a_run, a_session, a_task, a_verdict


def test_the_system_prompt_of_each_hunt_counts():
    long = Parameters(system_prompt="p" * 20_000)
    plain, chosen = [a_finished_hunt(1)], [a_finished_hunt(1, parameters=long, judge_parameters=long)]
    assert rough_bytes(b"", chosen) - rough_bytes(b"", plain) == 40_000


def test_the_preview_of_a_sealed_session_says_nothing_of_the_judge_about_a_reply_that_the_notebook_came_with():
    task, first = a_task(), a_finished_hunt(1)
    opened = a_session(task=task, runs=(a_run(task=task),))
    notebook = json.loads(deliver(opened, blank_notebook(task), [first.hunt_id], "array", [first]).notebook)
    del notebook["metadata"]["model_hunter"]
    given = [a_verdict("C1", Verdict.FAIL), a_verdict("C2", Verdict.FAIL)]
    undecided = [
        a_verdict("C3", Verdict.UNDETERMINED, judge_text=said) for said in ("It would PASS.", "It would FAIL.")
    ]
    same = [first.model_copy(update={"verdicts": (*given, one)}) for one in undecided]

    def rewards(visibility, hunt):
        session = opened.model_copy(update={"visibility": visibility})
        preview = preview_delivery(session, json.dumps(notebook).encode(), [], "array", 100, [hunt])
        return [one.reward_mean for one in preview.conformance.rewards]

    assert rewards(Visibility.OPEN, same[0]) != rewards(Visibility.OPEN, same[1])
    assert rewards(Visibility.BLIND, same[0]) == rewards(Visibility.BLIND, same[1]) == [0]
