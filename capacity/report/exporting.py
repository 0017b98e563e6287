"""From a notebook that ran to its page. nbconvert is used here and nowhere else."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from capacity.report import pages


def page(notebook: Any, about: Mapping[str, Any], plan: Path | None = None) -> bytes:
    """Turn a notebook into a page.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs.
    about : mapping
        What stands around the cells: title, service, links, failure, facts, command, inputs, left_out; and names,
        the pages that links to other notebooks lead to.
    plan : Path, optional
        Its path in code is shown as its name.
    """
    exporter = _exporter()
    names = about.get("names", {})
    exporter.register_filter("paged", lambda html: pages.with_links(html, names))
    exporter.register_filter(
        "own_names", lambda source: source.replace(f"{plan.parent}/", "") if plan else source
    )
    html, _ = exporter.from_notebook_node(notebook, resources={"page": dict(about)})
    return f"{html.strip()}\n".encode("utf-8", "replace")


@functools.cache
def _exporter() -> Any:
    from nbconvert import HTMLExporter

    quiet = logging.getLogger("capacity.report")
    quiet.setLevel(logging.CRITICAL)
    exporter = HTMLExporter(
        extra_template_basedirs=[str(Path(__file__).parent)],
        template_name="template",
        exclude_anchor_links=True,
        log=quiet,
    )
    exporter.register_filter("outlined", pages.outlined)
    return exporter


def synthetic(*cells: object) -> Any:
    """Make a notebook of what has been computed: text is prose, anything else is shown as it shows itself.

    Parameters
    ----------
    *cells : object
        Markdown, or results with `_repr_html_`.
    """
    from nbformat import v4

    def cell(shown: object) -> Any:
        if isinstance(shown, str):
            return v4.new_markdown_cell(shown, metadata={"tags": []})
        data = {"text/html": shown._repr_html_()}  # type: ignore[attr-defined]
        output = v4.new_output("display_data", data=data)
        return v4.new_code_cell(outputs=[output], metadata={"tags": []})

    return v4.new_notebook(cells=[cell(shown) for shown in cells])
