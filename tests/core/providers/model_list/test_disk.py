"""A list on disk: replaced whole, read by any process, asked for by one."""

from datetime import UTC, datetime

import pytest

from core.providers.model_list.disk import ListFile
from core.providers.model_list.entries import ListedModel, ModelList

LIST = ModelList(
    source="s",
    fetched_at=datetime(2026, 11, 29, tzinfo=UTC),
    models=(ListedModel(id="a", context_tokens=5, parameters=("seed",), reasoning=False), ListedModel(id="b")),
)


def test_a_written_list_is_read_by_another_process_as_it_was(tmp_path):
    ListFile(tmp_path, "lab").read()
    with ListFile(tmp_path, "lab").locked():
        ListFile(tmp_path, "lab").write(LIST)
    assert ListFile(tmp_path, "lab").read() == LIST
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab.json", "lab.lock"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"source": "s"}', b'{"source": "s", "fetched_at": 1, "models": [{}]}']
)
def test_a_broken_file_is_no_list(tmp_path, content):
    (tmp_path / "lab.json").write_bytes(content)
    assert ListFile(tmp_path, "lab").read() is None


def test_a_file_of_a_later_release_is_read_without_its_new_fields(tmp_path):
    text = LIST.model_dump_json().replace('"source":"s"', '"source":"s","later":1')
    (tmp_path / "lab.json").write_text(text)
    assert ListFile(tmp_path, "lab").read() == LIST


def test_only_one_process_asks_at_a_time(tmp_path):
    one, other = ListFile(tmp_path, "lab"), ListFile(tmp_path, "lab")
    with one.locked() as first, other.locked() as second:
        assert (first, second) == (True, False)
    with other.locked() as again:
        assert again


def test_the_time_of_the_last_request_is_known_to_all(tmp_path):
    one, other = ListFile(tmp_path, "lab"), ListFile(tmp_path, "lab")
    assert other.tried_at() == 0
    with one.locked():
        one.mark_tried(1_700_000_000)
    assert other.tried_at() == 1_700_000_000


def test_a_folder_that_cannot_be_written_is_reported_and_nothing_fails(tmp_path):
    (tmp_path / "file").write_text("no folder")
    file = ListFile(tmp_path / "file", "lab")
    with file.locked() as ours:
        assert ours
        file.write(LIST)
    assert "cannot be written" in file.problem
    assert file.read() is None
    assert (file.version(), file.tried_at()) == (0, 0)
