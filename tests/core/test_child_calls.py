"""What goes to a child process and back: items in batches, after a head that counts them."""

import pickle

import pytest

from core.child_calls import BATCH_ITEMS, CallResult, batches, head_of


@pytest.mark.parametrize(
    ("items", "sizes"),
    [(0, []), (1, [1]), (BATCH_ITEMS, [BATCH_ITEMS]), (2 * BATCH_ITEMS + 1, [BATCH_ITEMS, BATCH_ITEMS, 1])],
)
def test_items_go_in_batches_that_the_head_counts(items, sizes):
    packed = [pickle.loads(part) for part in batches(range(items))]
    assert [len(part) for part in packed] == sizes
    assert [item for part in packed for item in part] == list(range(items))
    assert pickle.loads(head_of(CallResult("head"), range(items))) == (CallResult("head"), len(sizes))
