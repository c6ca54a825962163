"""Changes for the library survive the journal unchanged."""

from dataclasses import replace

from core.library.records import LibraryEvent, LibraryWaiting, SessionChanges
from core.sessions import library_journal
from core.sessions.journal import Journal
from core.sessions.library_journal import read_changes, write_changes
from core.sessions.library_records import library_head, library_hunt
from tests.builders import a_finished_hunt, a_session, a_task

WHOLE = SessionChanges(
    "s_one",
    7,
    head=replace(
        library_head(a_session(task=a_task(prompt="\ud800 and \0"))),
        waiting=(LibraryWaiting("bob", "review", "alice", 5),),
    ),
    notebook=bytes(range(256)),
    hunts=(library_hunt(a_finished_hunt(), with_reply=True),),
    events=(LibraryEvent("1.0", 7, "ada", "created"),),
)
SMALL = SessionChanges("s_two", 8, deleted_by="")


def test_what_is_written_is_read_by_this_and_by_the_next_process(tmp_path):
    journal = Journal(tmp_path, "one")
    assert [write_changes(journal, one) for one in (WHOLE, SMALL)] == [True, True]
    assert list(read_changes(journal)) == [WHOLE, SMALL]
    journal.close()
    following = Journal(tmp_path, "two")
    assert len(list(following.adopt())) == 1
    assert list(read_changes(following)) == [WHOLE, SMALL]


def test_a_large_session_is_several_records_of_which_the_first_has_the_head(tmp_path, monkeypatch):
    one = WHOLE.hunts[0]
    monkeypatch.setattr(library_journal, "RECORD_BYTES", 2 * (len(one.state) + len(one.reply)))
    hunts = tuple(replace(one, hunt_id=f"r_one.{number}") for number in range(5))
    journal = Journal(tmp_path, "one")
    assert write_changes(journal, replace(WHOLE, hunts=hunts))
    assert list(read_changes(journal)) == [
        replace(WHOLE, hunts=hunts[:2]), SessionChanges("s_one", 7, hunts=hunts[2:4]), SessionChanges("s_one", 7, hunts=hunts[4:])
    ]  # fmt: skip


def test_a_foreign_record_is_skipped_and_its_file_kept(tmp_path):
    journal = Journal(tmp_path, "one")
    journal.write({"op": "of a newer release"})
    write_changes(journal, SMALL)
    assert list(read_changes(journal)) == [SMALL]
    journal.clear()
    assert [path.suffix for path in tmp_path.iterdir()] == [".unread"]


def test_the_release_before_reads_a_head_for_whom_nothing_waits(tmp_path):
    """It rejects a head with a field that it does not know."""
    journal = Journal(tmp_path, "one")
    write_changes(journal, replace(WHOLE, head=replace(WHOLE.head, waiting=())))
    (record,) = journal.records()
    assert "waiting" not in record["head"]
