"""What `make soak` calls a leak, and what it does not."""

import random
from pathlib import Path

import pytest

from tests.benchmarks import soak

MIB = soak.MIB
LEVEL = {"memory": 140 * MIB, "descriptors": 25, "tasks": 26, "objects": 21_000, "threads": 7, "files": 1}


def rounds_of(number: int = 40, **change) -> list[dict[str, int]]:
    """Rounds at one level; `change` gives a quantity as a function of the round."""
    return [LEVEL | {name: int(value(n)) for name, value in change.items()} for n in range(number)]


def grown(rounds: list[dict[str, int]]) -> list[str]:
    return [trend.name for trend in soak.judge(rounds) if trend.grew]


def test_level_rounds_are_flat_and_every_quantity_is_judged():
    assert grown(rounds_of()) == []
    assert {trend.name for trend in soak.judge(rounds_of())} == set(LEVEL)


@pytest.mark.parametrize("name", LEVEL)
def test_a_steady_leak_of_each_quantity_is_named(name):
    step = {"memory": MIB // 2, "objects": 150}.get(name, 1)
    assert grown(rounds_of(**{name: lambda n: LEVEL[name] + n * step})) == [name]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_is_no_leak_and_hides_none(seed):
    noise = random.Random(seed)
    assert grown(rounds_of(memory=lambda n: LEVEL["memory"] + noise.uniform(-4, 4) * MIB)) == []
    leaking = rounds_of(memory=lambda n: LEVEL["memory"] + n * MIB + noise.uniform(-4, 4) * MIB)
    assert grown(leaking) == ["memory"]


def test_warming_up_a_plateau_and_single_outliers_are_no_leak():
    assert grown(rounds_of(memory=lambda n: (140 - 60 * 0.5**n) * MIB)) == []
    assert grown(rounds_of(descriptors=lambda n: 25 + (n in {13, 39}) * 200)) == []
    assert grown(rounds_of(threads=lambda n: min(7, 3 + n))) == []


def test_a_leak_that_begins_late_is_seen():
    assert grown(rounds_of(tasks=lambda n: 26 + max(0, n - 20))) == ["tasks"]


def test_too_few_rounds_are_an_error_not_a_pass():
    with pytest.raises(ValueError, match=f"at least {soak.MIN_ROUNDS}"):
        soak.judge(rounds_of(soak.MIN_ROUNDS - 1))


@pytest.mark.parametrize(("leak", "code"), [(0, 0), (3, 1)])
def test_the_command_ends_with_1_and_says_what_grew(monkeypatch, capsys, leak, code):
    async def made_up(duration_s, redis_url=""):
        assert (duration_s, redis_url) == (90.0, "")
        return rounds_of(descriptors=lambda n: 25 + n * leak)

    monkeypatch.setattr(soak, "soak", made_up)
    assert soak.main(["--minutes", "1.5"]) == code
    assert ("| GREW |" in capsys.readouterr().out) is bool(leak)


@pytest.mark.long
async def test_two_rounds_against_a_real_api(tmp_path: Path):
    async with soak.open_inspected(tmp_path) as api:
        held = [await soak.one_round(api) for _ in range(2)]
    assert set(held[1]) == set(soak.TOLERANCES)
    assert held[1]["descriptors"] - held[0]["descriptors"] <= 2
