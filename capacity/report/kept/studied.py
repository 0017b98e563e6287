"""What a report takes from a study, as plain data: to be kept, or to come from a process of its own."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity.errors import CapacityError, told
from capacity.report.several.summary import Summary

if TYPE_CHECKING:
    from capacity.report.execution.kernels import Kernels

_OPTIONS = ("p95_ms", "horizon_days", "spare_instances", "seed")
_EXIT_CODES = {"died": 6, "slow": 5, "timeout": 5, "output": 1, "interrupted": 6}
_REASONS = {
    "died": "its process ended; look for a lack of memory",
    "slow": "the study took more than {:g} s",
    "timeout": "everything took more than {:g} s",
}


class NoStudy(CapacityError):  # noqa: N818 - named after what is so
    """A study of another process came to nothing; `exit_code` tells how."""

    def __init__(self, message: str, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(message)


@dataclass(frozen=True)
class Studied:
    """What a report takes from a study.

    Parameters
    ----------
    service : str
        Its name.
    seed : int
        Of every random draw.
    inputs : list of dict
        The input files, a row each.
    summary : Summary
        Its row in a comparison.
    files : dict of str to str
        The files besides the pages.
    left_out : dict of str to str
        Files that could not be made, and why.
    """

    service: str
    seed: int
    inputs: list[dict[str, Any]]
    summary: Summary
    files: dict[str, str]
    left_out: dict[str, str]

    @classmethod
    def of(cls, study: Any) -> Studied:
        """Compute everything a report takes from a study."""
        from capacity.plain import plain_data
        from capacity.report.files.artefacts import artefacts

        made = artefacts(study)
        files = {name: content.decode("utf-8") for name, content in made.files.items()}
        inputs = plain_data(study.inputs)
        return cls(str(study.name), study.seed, inputs, Summary.of(study), files, dict(made.left_out))

    def to_json(self) -> bytes:
        """Write it for `from_json`."""
        plain = replace(self, summary=None).__dict__ | {"summary": self.summary.to_dict()}  # type: ignore[arg-type]
        return json.dumps(plain, allow_nan=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Studied:
        """Read what `to_json` wrote."""
        plain = json.loads(content)
        return cls(**{**plain, "summary": Summary.from_dict(plain["summary"])})


@dataclass(frozen=True)
class Question:
    """What is to be studied.

    Parameters
    ----------
    plan : str
        Plan file or export.
    options : dict
        Parameters of notebooks; those of a study are taken.
    given : dict
        Keys of the plan, such as ``demand.horizon_days``, and the values in place of its own.
    """

    plan: str
    options: dict[str, Any]
    given: dict[str, Any]

    def study(self) -> Any:
        """Read every input now, so that a bad one is refused before anything else.

        Raises
        ------
        UsageError
            If the plan is not as documented.
        InputError
            If an input file cannot be used.
        """
        from capacity.document import read_every_input
        from capacity.plan import Plan
        from capacity.study import Study

        asked = {name: self.options[name] for name in _OPTIONS if name in self.options}
        seed = asked.pop("seed", 1)
        study = Study(Plan.open(self.plan, self.given).overridden(**asked), seed=seed)
        read_every_input(study)
        return study


def study_apart(question: Question, kernels: Kernels) -> Studied:
    """Compute a study in a process of its own, so that many are computed side by side and none takes another down.

    Raises
    ------
    NoStudy
        If the plan or an input is refused, or the process comes to nothing.
    """
    asked = json.dumps(asdict(question), default=_day).encode()
    answer, ended = kernels.answer_of(["-m", __name__], asked)
    if ended:
        reason = _REASONS.get(ended, ended)
        limit = kernels.timeout if ended == "timeout" else kernels.cell_timeout
        raise NoStudy(f"{Path(question.plan).name}: {reason.format(limit)}", _EXIT_CODES[ended])
    exit_code, _, content = answer.partition(b"\n")
    if exit_code:
        raise NoStudy(json.loads(content), int(exit_code))
    return Studied.from_json(content)


def _day(value: Any) -> str:
    return value.isoformat()  # of the values TOML knows, JSON lacks only days and times


def _answer(question: Question) -> bytes:
    try:
        return b"\n" + Studied.of(question.study()).to_json()
    except Exception as problem:
        reason, exit_code = told(problem)
        return b"%d\n" % exit_code + json.dumps(reason).encode()


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)  # whatever is printed on the way is no answer
        answer.write(_answer(Question(**json.load(sys.stdin))))
