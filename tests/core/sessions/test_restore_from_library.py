"""Sessions as the library has them."""

from core.library.records import SessionChanges
from core.sessions.library_records import library_head, library_hunt
from core.sessions.restore_from_library import StoredSummaries, read_copy
from tests.builders import a_finished_hunt, a_run, a_session
from tests.core.sessions.libraries import BreakableLibrary


async def test_a_session_is_read_with_all_its_hunts_in_slices(tmp_path):
    library = BreakableLibrary(f"sqlite:///{tmp_path}/library.sqlite")
    try:
        session, hunts = a_session(runs=(a_run(hunts=50),)), tuple(a_finished_hunt(n) for n in range(1, 51))
        stored = tuple(library_hunt(hunt, with_reply=True) for hunt in hunts)
        await library.write([SessionChanges("s_one", 9, head=library_head(session), notebook=b"n", hunts=stored)])
        found = await read_copy(library, "s_one")
        assert (found.copy.session, found.copy.notebook, found.copy.hunts) == (session, b"n", hunts)
        assert found.changed_ms == 9
        summary = await StoredSummaries(library).read("s_one")
        assert summary.counts["r_one"].broke == 50
        assert await read_copy(library, "s_two") is None
        assert await StoredSummaries(library).read("s_two") is None
    finally:
        await library.close()
