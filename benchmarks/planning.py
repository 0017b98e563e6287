"""A plan of 12 months: history read, backtest, forecast and fleet, over reading and drawing alone.

Run as ``python benchmarks/planning.py``. The yardstick reads the same file with `pandas.read_csv` and draws as many
lognormal paths with plain NumPy: the least that a plan by hand would do, without fit, backtest, policies or options.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from paired import ratio

from capacity.estimate import Estimate
from capacity.models.scalability import Usl
from capacity.planning.demand.backtest import backtest
from capacity.planning.demand.demand import Demand, forecast, read_history
from capacity.planning.fleet.fleet import plan_fleet
from capacity.planning.fleet.headroom import Policy

LIMIT = 30
WORLDS = 2000
DAYS = 365
ONE = Estimate(300.0, 280.0, 320.0, unit="req/s", method="made up", provenance="measured")


def write(path: Path, step: str) -> None:
    """Write a year of counts with growth, a week, a day and noise."""
    rng = np.random.default_rng(1)
    index = pd.date_range(
        "2026-01-05", periods=round(pd.Timedelta(days=DAYS) / pd.Timedelta(step)), freq=step, tz="UTC"
    )
    hours = (index - index[0]).total_seconds() / 3600
    level = (
        800
        * np.exp(0.0006 * hours / 24 - 0.3 * (index.day_of_week > 4))
        * (1 + 0.6 * np.sin(hours * np.pi / 12))
    )
    expected = level * np.exp(0.05 * rng.standard_normal(len(index))) * pd.Timedelta(step).total_seconds()
    counts = pd.DataFrame(
        {"timestamp": index.strftime("%Y-%m-%dT%H:%M:%SZ"), "requests": rng.poisson(expected)}
    )
    counts.to_csv(path, index=False)


def by_hand(path: Path) -> np.ndarray:
    """Read the counts, take their daily peaks and draw paths of their mean and scatter. [req/s]"""
    counts = pd.read_csv(path, parse_dates=["timestamp"]).set_index("timestamp")["requests"]
    logs = np.log(counts.groupby(counts.index.normalize()).max() / 3600)
    drawn = np.random.default_rng(1).normal(logs.mean(), logs.std(), (WORLDS, DAYS))
    return np.asarray(np.exp(drawn).max(axis=1))


def demand(path: Path) -> Demand:
    """Read, look back, look ahead."""
    history = read_history(path)
    tested = backtest(history, horizon_days=DAYS, rng=np.random.default_rng(1))
    return forecast(history, horizon_days=DAYS, backtest=tested, worlds=WORLDS, rng=np.random.default_rng(1))


def plan(path: Path) -> str:
    """Everything up to the sentences."""
    fleet = plan_fleet(
        ONE, Usl(1, 0.03, 0.0005), demand(path), Policy(), instances_running=4, rng=np.random.default_rng(1)
    )
    return fleet.text


def main() -> int:
    """Print a line for each part and step; 1 where the limit is missed."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traffic.csv"
        for step, rounds in (("1h", 5), ("1min", 3)):
            write(path, step)
            for name, ours in (("read", read_history), ("read, backtest, forecast", demand), ("plan", plan)):
                found = ratio(partial(by_hand, path), partial(ours, path), rounds)
                print(found.line(f"12 months by {step}, {WORLDS} worlds: {name}", LIMIT))
                missed += found.median > LIMIT
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
