"""The tutorial, followed to the letter in a folder of its own."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from artillery_results_parser import load_script
from capacity import cli

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
HOLDS_SIX = 70  # time in which six whole slices of ten seconds lie, wherever it begins [s]


def followed() -> list[tuple[str, str]]:
    """What the page says to do, in order: blocks of console, and of the plan file."""
    return re.findall(r"^```(console|toml)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def told(block: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each command of a console block with the lines it is said to print."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *lines = part.replace("$REPO", str(ROOT)).splitlines()
        yield shlex.split(command, comments=True), [line for line in lines if line != "..."]


def filled(plan: str, block: str) -> str:
    """A plan with the lines of a block in place of those commented out, as a reader would do it."""
    for section in re.split(r"\n\n(?=\[)", block.strip()):
        header, *lines = section.splitlines()
        plan = re.sub(rf"^# {re.escape(header)}", header, plan, count=1, flags=re.MULTILINE)
        before, _, after = plan.partition(f"\n{header}")
        title, *rest = after.splitlines()
        end = rest.index("") if "" in rest else len(rest)
        names = tuple(line.split(" = ")[0] for line in lines)
        kept = [line for line in rest[:end] if line.removeprefix("# ").split(" = ")[0] not in names]
        plan = "\n".join([before, header + title, *lines, *kept, *rest[end:]]) + "\n"
    return plan


def test_every_step_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Each command runs in a fresh folder, in the order of the page, and prints the lines below it."""
    monkeypatch.chdir(tmp_path)
    plan, shown = tmp_path / "plan.toml", 0
    for language, block in followed():
        if language == "toml":
            plan.write_text(filled(plan.read_text(encoding="utf-8"), block), encoding="utf-8")
            continue
        for (program, *words), lines in told(block):
            if program == "cp":
                shutil.copy(*words)
            if program == "capacity" and (lines or words[0] == "check"):
                assert cli._exit_code(words) in {0, 4}
                printed = "".join(capsys.readouterr()).splitlines()
                assert [line for line in lines if line not in printed] == []
                shown += len(lines)
    assert shown > 20
    assert plan.read_text(encoding="utf-8").count("\n[") == 6


def test_the_script_can_carry_a_claim(tmp_path: Path):
    """The steps are held for six whole slices, rise twofold, come back to a load held before, and end with a spike."""
    (text,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / "run.yml").write_text(text, encoding="utf-8")
    warm_up, *phases = load_script(tmp_path / "run.yml").phases
    steps = [phase for phase in phases if phase.name.startswith("step")]
    rates = [phase.arrival_rate for phase in steps]
    assert warm_up.duration >= 60
    assert all(phase.kind == "constant" and phase.duration >= HOLDS_SIX for phase in steps)
    assert rates == [rates[0] * 2**n for n in range(5)]
    after, spike = phases[5], phases[6]
    assert (after.arrival_rate, after.duration) == (rates[1], 120)
    assert (spike.arrival_rate, spike.duration) == (rates[-1], 30)
    assert phases[7].arrival_rate == rates[1]


def test_the_plan_ends_in_fewer_instances():
    """The better test saves an instance, as the page says."""
    assert TEXT.index("1 running, 3 needed") < TEXT.index("1 running, 2 needed")
