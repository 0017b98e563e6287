"""Copies of the notebooks with a plan filled in, to work on in JupyterLab."""

from __future__ import annotations

import json
from pathlib import Path

from capacity.report import pages


def copy_notebooks(plan: Path, folder: Path) -> list[Path]:
    """Write the notebooks into a folder, with `plan` in their parameters cell; a copy that exists is kept as it is.

    Parameters
    ----------
    plan : Path
        Plan file or export the copies are about.
    folder : Path
        Where they go; made when it is not there.

    Returns
    -------
    list of Path
        The copies, the new and the kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copies = []
    for source in pages.choose(pages.notebooks_folder()):
        copy = folder / source.name
        if not copy.exists():
            copy.write_text(_filled(source, plan.absolute()), encoding="utf-8")
        copies.append(copy)
    return copies


def _filled(source: Path, plan: Path) -> str:
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            cell["source"] = [
                _with_plan(line, plan) for line in "".join(cell["source"]).splitlines(keepends=True)
            ]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _with_plan(line: str, plan: Path) -> str:
    if not line.startswith("plan: str"):
        return line
    return f"plan: str = {json.dumps(str(plan))}  # plan file, or a load-test export\n"
