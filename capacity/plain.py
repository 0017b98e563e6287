"""Results as plain data for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from capacity.estimate import Estimate

SCHEMA = 1
"""Version of the layout of plan.json and of `inspect --json`."""


def plain_data(value: Any) -> Any:
    """Turn results into what JSON can hold: estimates and dataclasses to objects, not-a-number to null."""
    if isinstance(value, Estimate):
        return plain_data(value.to_dict())
    if isinstance(value, pd.DataFrame):
        return [plain_data(row) for row in value.to_dict("records")]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain_data(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)  # their own order differs from run to run
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
