"""Known-good numbers: every reference case through one adapter each.

The folder is named by CAPACITY_REFERENCE, by default `reference` below CAPACITY_SHARED. An area without an adapter
fails. An adapter takes a case and returns answers under the names of its `expected`; areas of simulated values
return (answer, tolerance) pairs for what they compare by standard errors.
"""

from importlib import import_module
from pathlib import Path

import pytest
from adapters.folder import cases, reference_folder

HOMES = sorted(path.stem for path in (Path(__file__).parent / "adapters").glob("*.py"))
ADAPTERS = {
    area: adapter
    for home in HOMES
    for area, adapter in getattr(import_module(f"adapters.{home}"), "ADAPTERS", {}).items()
}
NOT_ASKED = {("usl", "wald_ci95_t_n_minus_3")}  # compared in its adapter


def compare(found, expected, case, place=""):
    """Hold what was found against what is expected, name by name."""
    rel, absolute = case["rel_tol"], case.get("abs_tol", 1e-12)
    if rel is None and isinstance(expected, (int, float)):
        value, error = found
        allowed = 4 * case["standard_error"][place.rstrip(".").rpartition(".")[2]] + error
        assert abs(value - expected) <= allowed, (
            f"{case['id']} {place} {value} for {expected}, {allowed} allowed"
        )
    elif isinstance(expected, dict):
        for name in expected:
            if (case["area"], name) not in NOT_ASKED:
                assert name in found, f"{case['id']}: no answer to {place}{name}"
                compare(found[name], expected[name], case, f"{place}{name}.")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{case['id']} {place}"
        for number, pair in enumerate(zip(found, expected, strict=True)):
            compare(*pair, case, f"{place}{number}.")
    elif isinstance(expected, (int, float)) and not isinstance(expected, bool):
        assert found == pytest.approx(expected, rel=rel, abs=absolute), f"{case['id']} {place}"
    else:
        assert found == expected, f"{case['id']} {place}"


@pytest.mark.skipif(
    reference_folder() is None, reason="neither CAPACITY_REFERENCE nor CAPACITY_SHARED is set"
)
def test_every_area_is_covered():
    """A new area cannot go unnoticed."""
    areas = {case["area"] for case in cases()}
    assert areas, f"no cases in {reference_folder()}"
    assert areas <= ADAPTERS.keys()


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case["id"]) for case in cases()]
    or [pytest.param(None, marks=pytest.mark.skip(reason="no reference folder is set"), id="none")],
)
def test_reference_case(case):
    """The answer agrees with the known-good numbers within the case's tolerance."""
    compare(ADAPTERS[case["area"]](case), case["expected"], case)
