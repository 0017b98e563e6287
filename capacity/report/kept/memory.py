"""What earlier runs left of one plan: its study and its notebooks, where nothing they depend on has changed."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity import origin
from capacity.report.execution.running import Run
from capacity.report.kept.basis import Basis, of_notebook
from capacity.report.kept.cache import Cache
from capacity.report.kept.studied import Question, Studied, study_apart

if TYPE_CHECKING:
    from capacity.report.execution.kernels import Kernels


class Memory:
    """What is kept of one plan.

    Parameters
    ----------
    cache : Cache
        Where it is kept.
    question : Question
        The plan, and what is asked of it.
    """

    def __init__(self, cache: Cache, question: Question) -> None:
        self._cache, self._question = cache, question
        self._basis = self._basis_now()

    def study(self) -> Studied | None:
        """Recall the study."""
        content = self._read("study")
        return Studied.from_json(content) if content else None

    def keep_study(self, studied: Studied) -> None:
        """Keep a study, unless something it depends on was changed meanwhile."""
        self._keep(studied.to_json(), "study")

    def study_apart(self, kernels: Kernels) -> tuple[Studied, Run]:
        """Recall the study, or compute it in a process of its own; tell how it went.

        Raises
        ------
        NoStudy
            If the plan or an input is refused, or the process comes to nothing.
        """
        started, known = time.monotonic(), self.study()
        studied = known or study_apart(self._question, kernels)
        if known is None:
            self.keep_study(studied)
        return studied, Run(
            "study", "complete", round(time.monotonic() - started, 2), unchanged=known is not None
        )

    def notebook(self, path: Path) -> Any:
        """Recall a notebook that was complete, with its outputs; None when there is none."""
        from nbformat import from_dict

        content = self._read(*_about(path))
        return from_dict(json.loads(content)) if content else None

    def keep_notebook(self, path: Path, about: tuple[str, ...], notebook: Any) -> None:
        """Keep a complete notebook, unless something it depends on was changed since `about` was told."""
        if about == _about(path):
            self._keep(json.dumps(notebook).encode(), *about)

    def about(self, path: Path) -> tuple[str, ...]:
        """Tell what a notebook is, before it is run."""
        return _about(path)

    def _basis_now(self) -> Basis | None:
        return Basis.of(Path(self._question.plan), asdict(self._question)) if self._cache.folder else None

    def _read(self, *about: str) -> bytes | None:
        return self._cache.read(self._basis.key(*about)) if self._basis else None

    def _keep(self, content: bytes, *about: str) -> None:
        if self._basis and self._basis_now() == self._basis:
            self._cache.write(self._basis.key(*about), content)


def _about(path: Path) -> tuple[str, ...]:
    """Return what a notebook is, and the day, which its page may tell."""
    return ("notebook", f"{origin.now():%Y-%m-%d}", *of_notebook(path))
