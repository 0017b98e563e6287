"""DDSketch as the versions up to 2.0.0-14 wrote it: the whole distribution, within 1%."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from artillery_results_parser.distribution import Distribution

if TYPE_CHECKING:
    import numpy as np

_LARGEST_KEY = 100_000


def distribution(raw: Any) -> Distribution | None:
    """Decode one sketch of times in milliseconds; None for anything that is not a consistent sketch.

    The bin with key ``k = index + offset`` covers (γ^(k-1), γ^k] and stands for 2 γ^k / (γ + 1), which is
    within (γ - 1)/(γ + 1) = 1% of everything in it. Values are held inside the exact minimum and maximum.

    References
    ----------
    .. [1] Masson, Rim, Lee, DDSketch, PVLDB 12(12), 2019, sec. 2.1.
    """
    import numpy as np

    try:
        gamma = float(raw["mapping"]["gamma"])
        shift = int(raw["mapping"].get("_offset") or 0)
        store = raw["store"]
        bins = np.asarray(store["bins"], dtype=np.float64).reshape(-1)
        offset, zeros, count = int(store["offset"]), int(raw["zeroCount"]), int(raw["count"])
        low, high, total = float(raw["min"]), float(raw["max"]), float(raw["sum"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    sound = 1 < gamma < 2 and 0 <= low <= high and max(abs(offset), abs(shift), len(bins)) < _LARGEST_KEY
    whole = bool(np.all(bins >= 0) and np.all(bins == np.floor(bins))) and zeros >= 0
    if (
        not sound
        or not whole
        or bins.sum() + zeros != count
        or not low * count * 0.99 <= total <= high * count * 1.01
    ):
        return None
    used = np.flatnonzero(bins)
    exponents = np.clip((used + offset - shift) * np.log(gamma), -700, 700)
    values = np.clip(2 * np.exp(exponents) / (gamma + 1), low, high)
    return _of(values, bins[used].astype(np.int64), zeros, total)


def _of(values: np.ndarray, counts: np.ndarray, zeros: int, total: float) -> Distribution | None:
    import numpy as np

    if zeros:
        values, counts = np.append(0.0, values), np.append(zeros, counts)
    if not len(values):
        return None
    distinct, where = np.unique(values / 1000, return_inverse=True)
    merged = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(merged, where, counts)
    return Distribution(distinct, merged, total / 1000, exact=False)
