"""Failures of the database are reported in plain words, without addresses and passwords. The files of SQLite are
private."""

import asyncio
import sqlite3

import pytest

from core.library.base import LibraryAway, LibraryRejected
from core.library.engine import map_database_errors, open_engine
from core.library.lazy import LazyLibrary
from tests.contracts.test_library import a_head, a_stored_hunt, changed, whole
from tests.house.loopback_only import find_free_port


async def failure_of(url):
    library = LazyLibrary(url)
    try:
        with pytest.raises(LibraryAway) as failed:
            await library.write([whole()])
        return failed.value.message
    finally:
        await library.close()


async def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "library.sqlite").write_bytes(b"a letter to my aunt" * 100)
    assert "is damaged, or is not a library" in await failure_of(f"sqlite:///{tmp_path}/library.sqlite")


async def modes_after_a_write(folder):
    """The permissions of the files while the library is open."""
    library = LazyLibrary(f"sqlite:///{folder}/library.sqlite")
    try:
        await library.write([whole()])
        return {file.name.removeprefix("library.sqlite"): file.stat().st_mode & 0o777 for file in folder.iterdir()}
    finally:
        await library.close()


async def test_only_the_owner_can_read_a_new_library_in_a_shared_folder(tmp_path):
    tmp_path.chmod(0o755)
    assert await modes_after_a_write(tmp_path) == dict.fromkeys(("", "-wal", "-shm"), 0o600)
    assert tmp_path.stat().st_mode & 0o777 == 0o755, "the folder is not ours"
    await modes_after_a_write(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


async def test_others_lose_the_permission_to_read_an_existing_library_and_the_group_keeps_it(tmp_path):
    (tmp_path / "library.sqlite").touch(0o644)
    assert await modes_after_a_write(tmp_path) == dict.fromkeys(("", "-wal", "-shm"), 0o640)


async def test_a_folder_in_place_of_the_file(tmp_path):
    assert "cannot be opened" in await failure_of(f"sqlite:///{tmp_path}")


async def test_a_database_that_nobody_serves():
    message = await failure_of(f"postgresql://ada:secret@127.0.0.1:{find_free_port()}/library")
    assert message == "The library is unavailable: its database does not answer."


async def test_a_new_file_that_another_process_is_writing_to_is_waited_for(tmp_path):
    other = sqlite3.connect(tmp_path / "library.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    library = LazyLibrary(f"sqlite:///{tmp_path}/library.sqlite")
    try:
        written = asyncio.create_task(library.write([whole()]))
        await asyncio.wait([written], timeout=0.2)
        other.execute("ROLLBACK")
        await written
    finally:
        other.close()
        await library.close()


def test_the_encryption_is_given_as_other_clients_of_postgresql_take_it():
    engine = open_engine("postgresql://ada@127.0.0.1/library?sslmode=require&host=127.0.0.2")
    assert dict(engine.url.query) == {"ssl": "require", "host": "127.0.0.2"}


async def test_the_content_of_a_deleted_session_is_overwritten(tmp_path):
    sentence, file = b"The lighthouse keeper is away. ", tmp_path / "library.sqlite"
    for changes, copies in (
        (changed(head=a_head(head=sentence * 500), notebook=sentence * 500), 1000),
        (changed(at=11, deleted_by="ada"), 0),
    ):
        library = LazyLibrary(f"sqlite:///{file}")
        await library.write([changes])
        await library.close()
        found = file.read_bytes().count(b"lighthouse keeper")  # some cross the border of two pages
        assert copies * 0.9 <= found <= copies


async def test_a_number_that_sqlite_cannot_store_is_rejected_like_a_fault_of_ours(tmp_path):
    library = LazyLibrary(f"sqlite:///{tmp_path}/library.sqlite")
    for value in ({"number": 2**70}, {"model": "\ud800"}):
        with pytest.raises(LibraryRejected):
            await library.write([changed(head=a_head(), notebook=b"", hunts=(a_stored_hunt(**value),))])
    await library.close()


async def test_a_rejected_record_differs_from_an_unavailable_database(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/one.sqlite")
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE one (n INTEGER NOT NULL)")
            with pytest.raises(LibraryRejected), map_database_errors():
                await connection.exec_driver_sql("INSERT INTO one VALUES (NULL)")
            with pytest.raises(LibraryAway, match="OperationalError"), map_database_errors():
                await connection.exec_driver_sql("SELECT nothing FROM one")
    finally:
        await engine.dispose()
