"""Text read step by step and handed to any number of watchers: nothing lost, nothing twice, nothing unbounded."""

import time

import pytest

from core.domain.chat import STOPPED, Reply
from core.livetext.base import INTERVAL_S, MAX_DELTA_CHARS, MAX_TEXT_CHARS, TextDelta
from core.livetext.transcript import TextPosition, TextReader, TextStep, Transcript


class Growing:
    """A call whose text the test sets."""

    def __init__(self, text="", reasoning=""):
        self.text, self.reasoning, self.reads = text, reasoning, 0

    @property
    def progress(self):
        return len(self.text) + len(self.reasoning)

    def read(self):
        self.reads += 1
        return Reply(text=self.text, reasoning=self.reasoning, finish_reason=STOPPED)


class Watcher:
    def __init__(self, transcript):
        self.transcript, self.position, self.deltas = transcript, TextPosition(), []
        self.response = self.reasoning = ""

    def read(self):
        while (found := self.transcript.after(self.position)) is not None:
            delta, self.position = found
            self.deltas.append(delta)
            if delta.restart:
                self.response = self.reasoning = ""
            self.response += delta.response
            self.reasoning += delta.reasoning
        return self.response, self.reasoning


def test_steps_hold_what_was_added_since_the_last_one():
    reader, call = TextReader(), Growing()
    assert reader.read(call, 1000) == TextStep(1000, 1, True, "", "", False)
    assert reader.read(call, 1000) is None
    call.reasoning = "Hm."
    assert reader.read(call, 1000) == TextStep(1000, 2, False, "", "Hm.", False)
    call.text = "Blue"
    assert reader.read(call, 1000) == TextStep(1000, 3, False, "Blue", "", False)
    assert reader.whole() == TextStep(1000, 3, True, "Blue", "Hm.", False)


def test_a_call_in_which_nothing_arrives_is_not_read_again():
    reader, call = TextReader(), Growing("Blue")
    for _ in range(50):
        reader.read(call, 1000)
    assert call.reads == 1


def test_the_next_call_and_text_that_was_split_again_start_over():
    reader, call = TextReader(), Growing("Let me think.")
    reader.read(call, 1000)
    call.text, call.reasoning = "Blue", "Let me think."
    assert reader.read(call, 1000) == TextStep(1000, 2, True, "Blue", "Let me think.", False)
    assert reader.read(Growing("Re"), 1000) == TextStep(1001, 1, True, "Re", "", False)


def test_the_end_of_a_call_is_read_and_then_nothing_more():
    reader, call = TextReader(), Growing("Bl")
    reader.read(call, 1000)
    call.text = "Blue"
    assert reader.read(None, 1000) == TextStep(1000, 2, False, "ue", "", False)
    assert reader.read(None, 1000) is None


def test_text_beyond_the_limit_is_neither_sent_nor_read_any_more():
    reader, call = TextReader(), Growing("x" * MAX_TEXT_CHARS)
    assert not reader.read(call, 1000).truncated
    call.text += "y"
    assert reader.read(call, 1000) == TextStep(1000, 2, False, "", "", True)
    reads = call.reads
    call.text += "y"
    assert reader.read(call, 1000) is None
    assert (call.reads, len(reader.whole().response)) == (reads, MAX_TEXT_CHARS)


def test_a_reading_that_takes_long_is_repeated_less_often():
    reader, call = TextReader(), Growing("Blue")
    reader.read(call, 1000)
    assert reader.pause_s >= INTERVAL_S
    read, call.text = call.read, "Blue sky"

    def read_slowly():
        until = time.perf_counter() + 3 * INTERVAL_S / 50
        while time.perf_counter() < until:
            pass
        return read()

    call.read = read_slowly
    reader.read(call, 1000)
    assert reader.pause_s > 2 * INTERVAL_S


def test_watchers_at_any_position_end_with_the_same_text():
    transcript, reader, call = Transcript(), TextReader(), Growing()
    early, late = Watcher(transcript), Watcher(transcript)
    for word in ["one", "two", "three", "four"]:
        call.text += word + " "
        call.reasoning += word.upper()
        transcript.apply(reader.read(call, 1000))
        early.read()
    assert early.read() == late.read() == ("one two three four ", "ONETWOTHREEFOUR")
    assert [delta.restart for delta in early.deltas] == [True, False, False, False]
    assert [delta.restart for delta in late.deltas] == [True]


def test_a_long_text_so_far_comes_in_bounded_deltas():
    transcript, reader = Transcript(), TextReader()
    call = Growing("r" * 40_000, "t" * 30_000)
    transcript.apply(reader.read(call, 1000))
    watcher = Watcher(transcript)
    assert watcher.read() == (call.text, call.reasoning)
    assert max(len(delta.response) + len(delta.reasoning) for delta in watcher.deltas) == MAX_DELTA_CHARS
    assert [delta.restart for delta in watcher.deltas] == [True, False, False, False, False]


def test_a_new_call_makes_watchers_start_over_even_before_its_first_text():
    transcript, reader = Transcript(), TextReader()
    transcript.apply(reader.read(Growing("First"), 1000))
    watcher = Watcher(transcript)
    watcher.read()
    transcript.apply(reader.read(Growing(), 1000))
    assert (watcher.read(), watcher.deltas[-1]) == (("", ""), TextDelta(True, "", "", False))


def test_truncation_is_reported_once_after_the_last_text():
    transcript, reader = Transcript(), TextReader()
    transcript.apply(reader.read(Growing("x" * (MAX_TEXT_CHARS + 1)), 1000))
    watcher = Watcher(transcript)
    watcher.read()
    assert [delta.truncated for delta in watcher.deltas] == [False] * (len(watcher.deltas) - 1) + [True]


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_step_is_noticed_and_the_whole_text_heals_it(lost):
    transcript, reader, call = Transcript(), TextReader(), Growing()
    steps = []
    for word in "abcd":
        call.text += word
        steps.append(reader.read(call, 1000))
    applied = [transcript.apply(step) for number, step in enumerate(steps) if number != lost]
    assert applied == [True] * lost + [False] * (3 - lost)
    watcher = Watcher(transcript)
    watcher.read()
    assert transcript.apply(reader.whole())
    assert watcher.read() == ("abcd", "")
    assert not watcher.deltas[-1].restart


def test_repeated_and_overtaken_steps_change_nothing():
    transcript = Transcript()
    old, new = TextReader(), TextReader()
    stale = old.read(Growing("from the process that was lost"), 1000)
    step = new.read(Growing("from its successor"), 2000)
    for each in (step, stale, step):
        assert transcript.apply(each)
    watcher = Watcher(transcript)
    assert (watcher.read(), len(watcher.deltas)) == (("from its successor", ""), 1)
