"""A first plan for exports somebody has: `capacity init` writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from capacity.wording import visible


def starter(exports: Sequence[str | Path], plan: str | Path = "plan.toml") -> str:
    """Write the text of a first plan for these exports, every other section explained and commented out.

    Parameters
    ----------
    exports : sequence of path
        Load-test exports, at least one; the role of each is made from its file name.
    plan : path
        Where the text will be saved; the paths in it are relative to that folder.

    Examples
    --------
    >>> print(starter(["runs/stress.json"]).splitlines()[10])
    stress = "runs/stress.json"
    """
    folder = Path(plan).absolute().parent
    files = [Path(export).absolute() for export in exports]
    roles = _roles(files)
    lines = [f"{role} = {_quoted(_relative(file, folder))}" for role, file in zip(roles, files, strict=True)]
    template = Template(Path(__file__).with_name("starter.toml").read_text(encoding="utf-8"))
    name = _quoted(visible(files[0].parent.name) or "service")
    return template.substitute(plan=visible(plan, 200), name=name, tests="\n".join(lines), role=roles[0])


def _relative(path: Path, folder: Path) -> str:
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _roles(exports: Sequence[Path]) -> list[str]:
    """Name each test after its file, numbering repeated names."""
    roles: list[str] = []
    for export in exports:
        word = re.sub(r"[^A-Za-z0-9]+", "-", export.name.split(".")[0]).strip("-")[:50] or "test"
        word = "test" if word == "script" else word
        numbered = (f"{word}-{n}" for n in range(2, len(exports) + 2))
        roles.append(next(role for role in (word, *numbered) if role not in roles))
    return roles


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
