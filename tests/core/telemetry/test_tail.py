"""New lines of a growing file, from where the last reading ended."""

import gzip

import pytest

from core.telemetry.tail import DamagedFile, Position, new_lines, position_at_end, position_now, unchanged


def read(path, position, max_bytes=1000):
    """The pieces after `position`, and the position behind them."""
    pieces = []
    for piece, after in new_lines(path, position, max_bytes):
        pieces.append(piece)
        position = after
    return pieces, position


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"one\ntwo\nhal")
    return path


def test_whole_lines_are_read_once_and_a_half_one_waits(file):
    pieces, position = read(file, position_now(file, Position()))
    assert (pieces, position.offset_bytes) == ([b"one\ntwo\n"], 8)
    with file.open("ab") as more:
        more.write(b"f\n")
    assert not unchanged(file, position)
    pieces, position = read(file, position_now(file, position))
    assert (pieces, unchanged(file, position_now(file, position))) == ([b"half\n"], True)


def test_a_file_with_another_beginning_is_read_again(file):
    _, position = read(file, position_now(file, Position()))
    file.write_bytes(b"ONE\ntwo\nhalf\n")
    assert position_now(file, position).offset_bytes == 0
    file.write_bytes(b"one\n")
    assert position_now(file, position).offset_bytes == 0


def test_a_file_with_other_lines_before_the_offset_is_read_again(file):
    """A file that was redacted twice and has grown since may have the inode that it had at first."""
    _, position = read(file, position_now(file, Position()))
    known = file.stat().st_ino, position_at_end(file, position_now(file, position))
    file.write_bytes(b"one\nt\nhalf\nmore\n")
    assert (file.stat().st_ino, known[1]) == (known[0], None)
    assert position_now(file, position).offset_bytes == 0
    end = position_at_end(file, position_now(file, Position()))
    assert position_now(file, end).offset_bytes == end.offset_bytes == 16
    file.write_bytes(b"one\nt\nmore\nhalf\nnew\n")
    assert position_now(file, end).offset_bytes == 0


def test_pieces_are_bounded_and_a_longer_line_is_split(file):
    file.write_bytes(b"a\n" * 5 + b"x" * 12 + b"\nz\n")
    pieces, _ = read(file, position_now(file, Position()), max_bytes=5)
    assert b"".join(pieces) == file.read_bytes()
    assert max(map(len, pieces)) <= 5
    assert pieces[0] == b"a\na\n"


def test_a_packed_file_counts_its_last_line_and_a_damaged_one_is_reported(tmp_path):
    packed = tmp_path / "log.jsonl.gz"
    packed.write_bytes(gzip.compress(b"one\ntwo"))
    pieces, position = read(packed, position_now(packed, Position()))
    assert (b"".join(pieces), position.offset_bytes) == (b"one\ntwo", 7)
    packed.write_bytes(gzip.compress(b"one\ntwo")[:-6])
    with pytest.raises(DamagedFile):
        read(packed, Position())


def test_the_end_of_a_file_is_known_only_behind_a_whole_line(file):
    assert position_at_end(file, position_now(file, Position())) is None
    file.write_bytes(b"one\n")
    end = position_at_end(file, position_now(file, Position()))
    assert (end.offset_bytes, end.head_bytes, read(file, end)[0]) == (4, 4, [])
