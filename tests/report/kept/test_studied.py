"""What a report takes from a study, and studies in processes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from capacity.report.execution.kernels import Kernels
from capacity.report.kept.studied import NoStudy, Question, Studied, study_apart


@pytest.fixture(scope="module")
def kernels() -> Iterator[Kernels]:
    """Where processes run."""
    with Kernels(60, 60) as kernels:
        yield kernels


def test_a_study_apart_is_the_study(kernels: Kernels, storefront: Path) -> None:
    """The same bytes as in this process: files, inputs and the row."""
    question = Question(str(storefront / "basic.json"), {"seed": 3}, {"slo.p95_ms": 190})
    found = study_apart(question, kernels)
    assert found == Studied.of(question.study())
    assert found.seed == 3
    assert '"sha256"' in found.files["plan.json"]
    assert Studied.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ("not toml", 2, "not TOML"),
        ('[service]\n[tests]\nstress = "plan.toml"', 3, "plan.toml"),
    ],
)
def test_a_refusal_comes_through(
    kernels: Kernels, tmp_path: Path, content: str, code: int, message: str
) -> None:
    """With its message and exit code."""
    (tmp_path / "plan.toml").write_text(content)
    with pytest.raises(NoStudy, match=message) as refused:
        study_apart(Question(str(tmp_path / "plan.toml"), {}, {}), kernels)
    assert refused.value.exit_code == code


@pytest.mark.parametrize(("ended", "code"), [("died", 6), ("slow", 5), ("timeout", 5), ("interrupted", 6)])
def test_a_process_that_comes_to_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, ended: str, code: int
) -> None:
    """It died, was too slow, or was ended."""
    with Kernels(60, 50) as kernels:
        monkeypatch.setattr(kernels, "answer_of", lambda *asked: (b"", ended))
        with pytest.raises(NoStudy, match=r"^p\.toml: ") as found:
            study_apart(Question("/x/p.toml", {}, {}), kernels)
    assert found.value.exit_code == code
