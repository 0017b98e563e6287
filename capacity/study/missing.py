"""A part of a study that is not there, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from capacity.wording import sentence

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Missing:
    """A part of the study that the plan or the evidence does not support, and why.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/stress.json")  # a bare export: no demand is stated
    >>> bool(study.demand)
    False
    >>> print(study.demand)
    Demand: left out. The plan has no [demand] with a traffic history.
    """

    name: str
    reason: str

    def __bool__(self) -> Literal[False]:
        return False

    @property
    def text(self) -> str:
        """The reason as a sentence."""
        return f"{sentence(f'{self.name}: left out')} {sentence(self.reason)}"

    def to_frame(self) -> pd.DataFrame:
        """Return the reason as a table of one row."""
        return pd.DataFrame({"part": [self.name], "left out because": [self.reason]})

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from capacity.display.sentences import note

        return note(self.text)._repr_html_()
