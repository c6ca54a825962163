"""Do the 95 % intervals hold as often as they promise? Simulated with a planted truth, over the whole grid."""

from collections.abc import Iterator

from tests.core.statistics.simulations import JUDGES, RATES, SAMPLES, coverage, share_of_runs_missed

REPETITIONS = 2_000
RUNS, HUNTS = 2_000, 300
WATCHED = (0.1, 0.3, 0.6)
"""True rates of the watched runs."""
COVERAGE = "| hunts, reviewed breaks + audited held | sensitivity, specificity of the judge | corrected rate covers the truth | Wilson, uncorrected |"
MISSED = "| true rate | runs watched after every hunt | confidence sequence ever misses it | Wilson ever misses it |"


def coverage_rows() -> Iterator[str]:
    for hunts, reviewed, audited in SAMPLES:
        for judge in JUDGES:
            found = [coverage(rate, judge, (hunts, reviewed, audited), REPETITIONS, seed=1) for rate in RATES]
            corrected, plain = zip(*found, strict=True)
            yield (
                f"| {hunts}, {reviewed} + {audited} | {judge[0]}, {judge[1]} | {min(corrected):.3f}–{max(corrected):.3f} "
                f"| {min(plain):.2f}–{max(plain):.2f} |"
            )


def missed_rows() -> Iterator[str]:
    for rate in WATCHED:
        sequence, fixed = share_of_runs_missed(rate, RUNS, HUNTS, seed=2)
        yield f"| {rate} | {RUNS:,} of {HUNTS} hunts | {sequence:.1%} | {fixed:.1%} |"
