"""The loop of a child process: what it writes for a call that returns, fails as expected, or has a bug."""

import io
import pickle
import resource
import signal

import pytest

from core import child
from core.child import serve
from core.child_calls import LENGTH, READY, Batched, Call, CallResult, batches, head_of
from core.errors import BadInput


@pytest.fixture(autouse=True)
def _limits_are_as_before(monkeypatch):
    monkeypatch.setattr(child, "_retires", lambda: False)  # the process of the tests may be large
    memory = resource.getrlimit(resource.RLIMIT_AS)
    yield
    resource.setrlimit(resource.RLIMIT_AS, memory)
    signal.setitimer(signal.ITIMER_PROF, 0)


def refuse():
    raise BadInput("no", hint="yes")


def halves(items):
    return Batched("head", [item / 2 for item in items])


def parts_of(raw: bytes) -> list:
    parts, stream = [], io.BytesIO(raw)
    while length := stream.read(LENGTH.size):
        parts.append(stream.read(LENGTH.unpack(length)[0]))
    return parts


def answers(*calls):
    """The messages that a child writes for (function, arguments, items or None) after it is ready."""
    request = io.BytesIO()
    for function, arguments, items in calls:
        call = Call(function, arguments, items is not None, cpu_s=60, memory_bytes=1 << 40)
        for part in (head_of(call, items or ()), *batches(items or ())):
            request.write(LENGTH.pack(len(part)) + part)
    request.seek(0)
    results = io.BytesIO()
    serve(request, results)
    assert results.getvalue().startswith(READY)
    return [pickle.loads(part) for part in parts_of(results.getvalue()[len(READY) :])]


def test_calls_are_answered_one_after_the_other():
    assert answers((len, ("abc",), None), (halves, (), [2, 4])) == [
        (CallResult(3), 0),
        (CallResult("head", batched=True), 1),
        [1.0, 2.0],
    ]


def test_an_expected_failure_comes_back_as_itself_and_a_bug_as_its_trace():
    [(refused, _), (broken, _)] = answers((refuse, (), None), (len, (1,), None))
    assert (type(refused.error), refused.error.message, refused.trace) == (BadInput, "no", "")
    assert broken.error is None
    assert broken.trace.rstrip().endswith("TypeError: object of type 'int' has no len()")


def test_without_calls_it_only_says_that_it_is_ready():
    assert answers() == []
