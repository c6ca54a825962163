"""Ids follow from entropy, or from the run and the place in it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import (
    RUN_ENTROPY_BYTES,
    SESSION_ENTROPY_BYTES,
    hunt_id,
    hunt_index,
    is_simulated,
    run_id,
    session_id,
)


def test_ids_have_a_type_prefix_and_are_safe_in_urls():
    assert session_id(b"\xff" * SESSION_ENTROPY_BYTES) == "s_" + "_" * 32
    assert run_id(b"\xfb\xef\xbe" * (RUN_ENTROPY_BYTES // 3)) == "r_" + "-" * 12


@given(st.binary(min_size=SESSION_ENTROPY_BYTES, max_size=SESSION_ENTROPY_BYTES))
def test_no_entropy_is_lost_and_nothing_is_padded(entropy):
    assert base64.urlsafe_b64decode(session_id(entropy).removeprefix("s_")) == entropy
    assert base64.urlsafe_b64decode(run_id(entropy[:RUN_ENTROPY_BYTES]).removeprefix("r_")) == entropy[:9]
    assert (len(session_id(entropy)), len(run_id(entropy[:9]))) == (34, 14)


@given(st.integers(0, 10**6), st.sampled_from(["r_one", "r_a.b", "r_1.2"]))
def test_a_hunt_id_names_the_run_and_the_place_from_one(index, run):
    assert hunt_id(run, index) == f"{run}.{index + 1}"
    assert hunt_index(hunt_id(run, index)) == index


@pytest.mark.parametrize(
    ("model", "simulated"),
    [("simulated/hasty", True), ("simulated/", True), ("simulated", False), ("openrouter/simulated/x", False), ("", False)],
)  # fmt: skip
def test_a_simulated_model_is_known_by_its_provider(model, simulated):
    assert is_simulated(model) is simulated
