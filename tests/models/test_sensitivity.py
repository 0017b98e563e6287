"""Which input the spread comes from, against functions whose shares are known."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.sensitivity import first_order, sobol, tornado

# Ishigami and Homma 1990, a = 7, b = 0.1; Saltelli et al., Global Sensitivity Analysis, Wiley, 2008, sec. 4.6
FIRST = {"x1": 0.3139, "x2": 0.4424, "x3": 0.0}
TOTAL = {"x1": 0.5576, "x2": 0.4424, "x3": 0.2437}


def ishigami(x):
    """The usual test function of sensitivity analysis."""
    return np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])


def uniform(u):
    """Quantiles of the uniform distribution from -pi to pi."""
    return math.pi * (2 * np.asarray(u) - 1)


def test_sobol_of_ishigami():
    """First-order and total indices as published; x3 acts only together with x1."""
    found = sobol(ishigami, dict.fromkeys(FIRST, uniform), worlds=4096, rng=np.random.default_rng(1))
    for share in found:
        assert share.first_order == pytest.approx(FIRST[share.name], abs=0.01)
        assert share.total == pytest.approx(TOTAL[share.name], abs=0.01)
    assert [share.name for share in found] == ["x1", "x2", "x3"]


def test_first_order_of_ishigami_from_sampled_worlds():
    """2,000 worlds give the same first-order shares, without bias: the mean over seeds is within 0.01."""
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sample = {name: uniform(rng.uniform(size=2000)) for name in FIRST}
        found.append(list(first_order(sample, ishigami(sample)).values()))
    assert np.mean(found, axis=0) == pytest.approx(list(FIRST.values()), abs=0.01)


def test_linear_model():
    """The shares of a sum are those of the variances, and total equals first order."""
    from scipy.stats import norm

    found = sobol(lambda x: x["a"] + 2 * x["b"], {"a": norm, "b": norm}, rng=np.random.default_rng(2))
    assert {share.name: round(share.total, 2) for share in found} == {"b": 0.8, "a": 0.2}
    rng = np.random.default_rng(2)
    sample = {"a": rng.normal(size=20_000), "b": rng.normal(size=20_000)}
    shares = first_order(sample, sample["a"] + 2 * sample["b"])
    assert shares == pytest.approx({"a": 0.2, "b": 0.8}, abs=0.02)


def test_tornado_of_a_linear_model():
    """The swing of a normal input is its slope times 2 x 1.645, from a function and from values alike."""
    rng = np.random.default_rng(3)
    sample = {"a": rng.normal(size=20_000), "b": rng.normal(size=20_000), "idle": rng.uniform(size=20_000)}

    def output(x):
        return x["a"] - 2 * x["b"]

    for found in (tornado(sample, output), tornado(sample, output(sample))):
        assert [swing.name for swing in found] == ["b", "a", "idle"]
        assert [swing.width for swing in found] == pytest.approx([6.58, 3.29, 0.0], abs=0.15)
        assert found[0].at_low > found[0].at_high
        assert (found[1].low, found[1].high) == pytest.approx((-1.645, 1.645), abs=0.05)


def test_tornado_of_a_bent_model():
    """The mean at a quantile is not the function of the means: x² of a uniform number swings by .9025 - .0025."""
    sample = {"x": np.random.default_rng(4).uniform(size=20_000)}
    for found in (tornado(sample, lambda x: x["x"] ** 2), tornado(sample, sample["x"] ** 2)):
        assert found[0].width == pytest.approx(0.9, abs=0.02)


def test_tornado_of_a_switch():
    """An input of two values needs no line through its values."""
    coin = np.random.default_rng(5).integers(0, 2, 1000).astype(float)
    assert tornado({"coin": coin}, 7 * coin)[0].width == pytest.approx(7)


def test_a_constant_input_has_no_share():
    """What does not vary explains nothing and moves nothing."""
    noise = np.random.default_rng(6).normal(size=500)
    assert first_order({"constant": np.ones(500)}, noise) == {"constant": 0.0}
    assert tornado({"constant": np.ones(500)}, noise)[0].width == pytest.approx(0, abs=0.5)


def test_constant_output_has_no_variance():
    """Nothing to share."""
    with pytest.raises(NotIdentified, match="the output is 3 in all 200 worlds; it has no variance to share"):
        first_order({"x": np.arange(200.0)}, np.full(200, 3.0))
    with pytest.raises(NotIdentified, match="is not finite or does not vary"):
        sobol(lambda x: 0 * x["x"], {"x": lambda u: u}, rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("inputs", "output", "message"),
    [
        (
            {"x": np.arange(50.0)},
            np.arange(50.0),
            r"input 'x' of shape \(50,\); allowed: one finite number for each",
        ),
        (
            {"x": np.arange(200.0), "y": np.arange(300.0)},
            np.arange(200.0),
            r"different lengths \(x 200, y 300\)",
        ),
        (
            {"x": np.arange(200.0)},
            np.arange(201.0),
            r"an output of shape \(201,\); allowed: one finite number",
        ),
        ({"x": np.full(200, np.inf)}, np.arange(200.0), "input 'x'"),
    ],
)
def test_worlds_that_do_not_fit_are_refused(inputs, output, message):
    """The message names the input and its shape."""
    with pytest.raises(DomainError, match=message):
        first_order(inputs, output)


def test_points_are_a_power_of_two():
    """Anything else loses the balance of the sequence."""
    with pytest.raises(DomainError, match="1000 worlds are no power of 2; give 512"):
        sobol(ishigami, dict.fromkeys(FIRST, uniform), worlds=1000, rng=np.random.default_rng(1))
