"""What earlier runs left of one plan."""

from pathlib import Path

import pytest
from nbformat import v4

from capacity.report.kept import memory as module
from capacity.report.kept.cache import NO_CACHE, Cache
from capacity.report.kept.memory import Memory
from capacity.report.kept.studied import Question, Studied
from capacity.report.several.summary import Summary

STUDIED = Studied(
    "shop", 1, [{"sha256": "ab"}], Summary("shop", "READY", "READY", "now: nothing"), {"a.csv": "é"}, {}
)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan, and a folder to keep results in."""
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "plan.toml").write_text("[service]")
    (tmp_path / "a.ipynb").write_text("{}")
    return tmp_path / "plan.toml"


def memory(plan: Path, **options: object) -> Memory:
    """What is known when a run starts."""
    return Memory(Cache(plan.parent / "cache"), Question(str(plan), options, {}))


def test_a_study_is_recalled_for_the_same_question_only(plan: Path) -> None:
    """Not for another seed, nor after a change of the plan."""
    memory(plan).keep_study(STUDIED)
    assert memory(plan).study() == STUDIED
    assert memory(plan, seed=2).study() is None
    plan.write_text("[service] # changed")
    assert memory(plan).study() is None


def test_a_notebook_is_recalled_with_its_outputs(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the notebook changes, or the day, which its page tells."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    path = plan.with_name("a.ipynb")
    output = v4.new_output("stream", name="stdout", text="two\nlines")
    done = v4.new_notebook(cells=[v4.new_code_cell("1", outputs=[output])])
    memory(plan).keep_notebook(path, memory(plan).about(path), done)
    assert memory(plan).notebook(path) == done
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert memory(plan).notebook(path) is None
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    path.write_text("{ }")
    assert memory(plan).notebook(path) is None


def test_what_changed_while_it_was_computed_is_not_kept(plan: Path) -> None:
    """The result belongs to neither the old nor the new."""
    path = plan.with_name("a.ipynb")
    early = memory(plan)
    about = early.about(path)
    path.write_text("{ }")
    early.keep_notebook(path, about, v4.new_notebook())
    plan.write_text("[service] # changed")
    early.keep_study(STUDIED)
    assert not list((plan.parent / "cache").iterdir())


def test_a_study_apart_is_computed_once(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it is recalled, and says so."""
    asked = []
    monkeypatch.setattr(module, "study_apart", lambda question, kernels: asked.append(question) or STUDIED)
    told = [memory(plan).study_apart(None)[1].unchanged for _ in range(2)]  # type: ignore[arg-type]
    assert (told, len(asked)) == ([False, True], 1)


def test_without_a_cache_nothing_is_looked_at(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the files."""
    monkeypatch.setattr(module.Basis, "of", lambda *arguments: pytest.fail("looked at"))
    Memory(NO_CACHE, Question(str(plan), {}, {})).keep_study(STUDIED)
    assert Memory(NO_CACHE, Question(str(plan), {}, {})).study() is None
