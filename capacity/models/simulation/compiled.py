"""Compile a loop where numba is installed (extra `fast`); the same source runs as plain Python where it is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

Loop = TypeVar("Loop", bound=Callable[..., Any])


def _compiler() -> Any:
    if os.environ.get("CAPACITY_COMPILE") == "0":
        return lambda loop: loop
    try:
        from numba import njit
    except ImportError:
        return lambda loop: loop
    return njit(cache=True, nogil=True)


compiled = _compiler()
IS_COMPILED = hasattr(compiled(lambda: None), "py_func")
