"""A slot is filled when it has a response that can be seen."""

import pytest

from core.domain.slot import Slot


@pytest.mark.parametrize(("response", "filled"), [("", False), (" \n\t", False), ("Krypton.", True)])
def test_a_slot_is_filled_by_its_response(response, filled):
    assert Slot(number=1, model="m", response=response, reasoning="Because.").filled is filled
