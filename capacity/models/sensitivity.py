"""Which input the spread of an output comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.models import domain
from capacity.shown import Shown

if TYPE_CHECKING:
    from capacity.models.domain import Numbers

TAIL = 0.05  # an input is moved from this quantile to the one as far from the other end
_NEAR = 4 * TAIL  # share of the worlds that a mean at a quantile is taken from
FEWEST = 100  # worlds from which a sampled input says anything

Function = Callable[[Mapping[str, "Numbers"]], "Numbers"]


@dataclass(frozen=True)
class Swing(Shown):
    """How far one input moves the mean of an output.

    Parameters
    ----------
    name : str
        The input.
    low, high : float
        Its 5% and its 95% quantile. [unit of the input]
    at_low, at_high : float
        Mean of the output there, the other inputs spread as they are. [unit of the output]

    Examples
    --------
    >>> import numpy as np
    >>> import capacity as cap
    >>> hours, saving = np.random.default_rng(1).uniform(size=(2, 2000))
    >>> print(cap.tornado({"hours": hours, "saving": saving}, 3 * saving - hours)[0])
    Swing: name saving, low 0.0461, high 0.946, at low −0.372, at high 2.35, width 2.72
    """

    name: str
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """How far the output moves, in either direction [unit of the output]."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Share(Shown):
    """Share of the variance of an output that comes from one input.

    Parameters
    ----------
    name : str
        The input.
    first_order : float
        From it alone: the variance that knowing it would remove on average. [fraction]
    total : float
        From it and everything it has a part in: what would remain if all but it were known. [fraction]

    Examples
    --------
    >>> import numpy as np
    >>> import capacity as cap
    >>> inputs = {"hours": lambda u: u, "saving": lambda u: 3 * u}
    >>> most = cap.sobol(lambda x: x["saving"] - x["hours"], inputs, rng=np.random.default_rng(1))[0]
    >>> most.name, round(most.total, 1)
    ('saving', 0.9)
    """

    name: str
    first_order: float
    total: float


def tornado(inputs: Mapping[str, np.ndarray], output: np.ndarray | Function) -> tuple[Swing, ...]:
    """Move each input from its 5% to its 95% quantile: how the mean of the output follows, widest swing first.

    Parameters
    ----------
    inputs : mapping of str to array (worlds,)
        Value of each input in each world. [any unit]
    output : array (worlds,) or callable
        Its value in each world, or a function of a mapping such as `inputs`. The function is asked with one input
        held at its quantile in all worlds. From values alone the mean at a quantile is that of a straight line
        through the fifth of the worlds around it. [any unit]

    Raises
    ------
    DomainError
        If there are fewer than 100 worlds, the lengths differ, or a number is not finite.

    References
    ----------
    .. [1] Howard, Decision analysis: practice and promise, Management Science 34(6), 1988 (tornado diagrams).

    Examples
    --------
    >>> x, y = np.random.default_rng(1).uniform(size=(2, 2000))
    >>> [(swing.name, round(swing.width, 1)) for swing in tornado({"x": x, "y": y}, x + 3 * y)]
    [('y', 2.7), ('x', 0.8)]
    """
    known = _inputs(inputs)
    if callable(output):
        swings = [_asked(name, known, output) for name in known]
    else:
        values = _output(known, output)
        swings = [_seen(name, sample, values) for name, sample in known.items()]
    return tuple(sorted(swings, key=lambda swing: -swing.width))


def first_order(inputs: Mapping[str, np.ndarray], output: np.ndarray) -> dict[str, float]:
    """Share of the output's variance that comes from each input alone, from sampled worlds [fraction].

    Var E[output | input] / Var output, with the mean taken in √n bins of equally many worlds. What noise adds to
    the spread of the bins' means is taken off, so an input without effect is about 0, and may be below.

    Parameters
    ----------
    inputs : mapping of str to array (worlds,)
        Independent of each other for the shares to add up to at most 1. [any unit]
    output : array (worlds,)
        Its value in each world. [any unit]

    Raises
    ------
    DomainError
        If there are fewer than 100 worlds, the lengths differ, or a number is not finite.
    NotIdentified
        If the output is the same in all worlds.

    References
    ----------
    .. [1] Plischke, Borgonovo, Smith, Global sensitivity measures from given data, European Journal of Operational
       Research 226(3), 2013.
    .. [2] Kelley, An unbiased correlation ratio measure, PNAS 21(9), 1935 (the correction).

    Examples
    --------
    >>> x, y = np.random.default_rng(1).normal(size=(2, 5000))
    >>> {name: round(share, 1) for name, share in first_order({"x": x, "y": y}, x + 3 * y).items()}
    {'x': 0.1, 'y': 0.9}
    """
    known = _inputs(inputs)
    values = _output(known, output)
    if not values.std() > 1e-12 * np.abs(values).max():
        raise NotIdentified(
            f"the output is {values[0]:g} in all {values.size} worlds; it has no variance to share"
        )
    return {name: _explained(sample, values) for name, sample in known.items()}


def sobol(
    function: Function, inputs: Mapping[str, Any], *, worlds: int = 1024, rng: np.random.Generator
) -> tuple[Share, ...]:
    """Share of a function's variance that comes from each input, alone and with others, largest total first.

    Parameters
    ----------
    function : callable
        Of a mapping from each input to an array of its values; answers with an array.
    inputs : mapping of str to quantile function
        Distribution of each input: a function of shares, or an object with a method `ppf`. Independent. [any unit]
    worlds : int
        A power of 2; the function is asked about worlds x (inputs + 2) points. [worlds]
    rng : numpy.random.Generator
        Scrambles the points.

    Raises
    ------
    DomainError
        If `worlds` is no power of 2.
    NotIdentified
        If the function does not vary.

    References
    ----------
    .. [1] Saltelli et al., Variance based sensitivity analysis of model output, Computer Physics Communications
       181(2), 2010 (the estimators, as in scipy.stats.sobol_indices).

    Examples
    --------
    >>> inputs = {"a": lambda u: u, "b": lambda u: 3 * u}
    >>> shares = sobol(lambda x: x["a"] + x["b"], inputs, rng=np.random.default_rng(1))
    >>> [(share.name, round(share.first_order, 2), round(share.total, 2)) for share in shares]
    [('b', 0.9, 0.9), ('a', 0.1, 0.1)]
    """
    from scipy.stats import sobol_indices

    domain.count(worlds=worlds)
    if worlds & (worlds - 1):
        raise DomainError(f"{worlds} worlds are no power of 2; give {1 << (worlds.bit_length() - 1)}")
    names = list(inputs)

    def asked(points: np.ndarray) -> np.ndarray:
        values = np.asarray(function(dict(zip(names, points, strict=True))), dtype=float)
        if not np.isfinite(values).all() or np.ptp(values) == 0:
            raise NotIdentified("the function is not finite or does not vary; its variance cannot be shared")
        return values

    distributions = [_Quantiles(getattr(inputs[name], "ppf", inputs[name])) for name in names]
    found = sobol_indices(func=asked, n=worlds, dists=distributions, rng=rng)
    shares = [
        Share(name, float(first), float(total))
        for name, first, total in zip(names, found.first_order, found.total_order, strict=True)
    ]
    return tuple(sorted(shares, key=lambda share: -share.total))


@dataclass(frozen=True)
class _Quantiles:
    ppf: Callable[[np.ndarray], np.ndarray]


def _asked(name: str, inputs: Mapping[str, np.ndarray], function: Function) -> Swing:
    low, high = (float(q) for q in np.quantile(inputs[name], [TAIL, 1 - TAIL]))
    at = [float(np.mean(function({**inputs, name: np.full(inputs[name].shape, q)}))) for q in (low, high)]
    return Swing(name, low, high, *at)


def _seen(name: str, sample: np.ndarray, output: np.ndarray) -> Swing:
    low, high = (float(q) for q in np.quantile(sample, [TAIL, 1 - TAIL]))
    order, count = np.argsort(sample, kind="stable"), math.ceil(_NEAR * sample.size)
    at = [
        _level(sample[near] - q, output[near]) for near, q in ((order[:count], low), (order[-count:], high))
    ]
    return Swing(name, low, high, *at)


def _level(distance: np.ndarray, output: np.ndarray) -> float:
    """Value at distance 0 of the straight line through the points."""
    scale = np.abs(distance).max() or 1.0
    line = np.column_stack([np.ones(distance.size), distance / scale])
    return float(np.linalg.lstsq(line, output, rcond=None)[0][0])


def _explained(sample: np.ndarray, output: np.ndarray) -> float:
    """Correlation ratio of bins, with the share that noise alone would have taken off: ε²."""
    if sample.min() == sample.max():
        return 0.0
    worlds, bins = output.size, math.isqrt(output.size)
    ranked = output[np.argsort(sample, kind="stable")]
    within = math.fsum(float(((part - part.mean()) ** 2).sum()) for part in np.array_split(ranked, bins))
    return float(1 - (within / (worlds - bins)) / output.var(ddof=1))


def _inputs(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    known = {name: np.asarray(sample, dtype=float) for name, sample in inputs.items()}
    for name, sample in known.items():
        if sample.ndim != 1 or sample.size < FEWEST or not np.isfinite(sample).all():
            raise DomainError(
                f"input {name!r} of shape {sample.shape}; allowed: one finite number for each of at least "
                f"{FEWEST} worlds"
            )
    if len({sample.size for sample in known.values()}) > 1:
        sizes = ", ".join(f"{name} {sample.size}" for name, sample in known.items())
        raise DomainError(f"inputs of different lengths ({sizes}); give each in the same worlds")
    return known


def _output(inputs: Mapping[str, np.ndarray], output: Any) -> np.ndarray:
    values = np.asarray(output, dtype=float)
    if any(sample.shape != values.shape for sample in inputs.values()) or not np.isfinite(values).all():
        raise DomainError(f"an output of shape {values.shape}; allowed: one finite number for each world")
    return values
