"""The what-if panel: every assumption under the hand in JupyterLab; sentences wherever nobody could turn it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from capacity.display import Prose, prose, table
from capacity.errors import CapacityError
from capacity.planning.what_if.knobs import title_of

if TYPE_CHECKING:
    from capacity.planning.what_if.knobs import Knob
    from capacity.planning.what_if.what_if import WhatIf
    from capacity.study import Study

_ELSEWHERE = (
    "In JupyterLab (make lab) a panel of sliders stands here for: {}. What each of them does by itself is in the "
    "figure of the same notebook."
)
_CAPTION = "What changes against the plan"


def explore(study: Study) -> Explorer | Prose:
    """Show a panel of sliders and what they change against the plan.

    Each slider is an assumption of the plan, with the plan's value marked; the table, the figure and the sentence
    beside them follow at once. A button brings the plan back. Where nobody could move a slider (a report, plain
    Python, no ipywidgets) the same is said in sentences, without widgets and without script.

    Parameters
    ----------
    study : Study
        The plan, and everything computed from it.

    Returns
    -------
    Explorer or Prose
        To be shown by a notebook.

    Examples
    --------
    >>> import capacity as cap
    >>> shown = cap.explore(cap.Study.load("data/storefront/steps-1.json"))
    >>> print(str(shown).split(". ")[0])
    In JupyterLab (make lab) a panel of sliders stands here for: instances, retry budget, cache hit ratio, burstiness
    """
    asked = study.what_if
    if not asked:
        return prose(asked.text)
    if _somebody_is_there() and find_spec("ipywidgets"):
        return Explorer(asked.prepared())
    names = ", ".join(title_of(knob.name) for knob in asked.knobs)
    return prose(_ELSEWHERE.format(names))


def _somebody_is_there() -> bool:
    """Whether this cell was sent by a front end that could answer a question, as papermill and cron could not."""
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython and ipython.get_ipython(), "kernel", None)
    return kernel is not None and bool(kernel.get_parent().get("content", {}).get("allow_stdin"))


@dataclass(frozen=True, eq=False)
class Explorer:
    """Sliders, and what they change against the plan.

    Parameters
    ----------
    asked : WhatIf
        What is turned.

    Notes
    -----
    There is no timer in it: while the kernel is at work the front end holds a slider's values back and sends the last
    of them, so that the last always wins.

    Examples
    --------
    >>> import capacity as cap
    >>> panel = Explorer(cap.Study.load("data/storefront/steps-1.json").what_if.prepared())
    >>> list(panel.sliders)[:2]
    ['instances', 'retry_budget']
    """

    asked: WhatIf

    @cached_property
    def sliders(self) -> Mapping[str, Any]:
        """A slider for each knob, by the names of `Setting`."""
        sliders = {knob.name: _slider(knob) for knob in self.asked.knobs}
        for slider in sliders.values():
            slider.observe(self._turned, "value")
        return sliders

    @cached_property
    def shown(self) -> Any:
        """The sentence, the table and the figure as they are now."""
        import ipywidgets

        return ipywidgets.HTML(self.html, layout={"flex": "1 1 420px", "min_width": "300px"})

    @cached_property
    def button(self) -> Any:
        """Brings the plan back."""
        import ipywidgets

        button = ipywidgets.Button(
            description="Back to the plan", tooltip="Set every slider to the plan's value"
        )
        button.on_click(lambda _: self.reset())
        return button

    @cached_property
    def box(self) -> Any:
        """All of it; beside each other where there is room."""
        import ipywidgets

        absent = [prose(f"Not here: {title_of(name)}: {why}.") for name, why in self.asked.left_out.items()]
        words = [ipywidgets.HTML(each._repr_html_()) for each in absent]
        left = ipywidgets.VBox([*self.sliders.values(), self.button, *words], layout={"flex": "0 1 360px"})
        return ipywidgets.HBox([left, self.shown], layout={"flex_flow": "row wrap"})

    @property
    def values(self) -> dict[str, Any]:
        """Where the sliders stand."""
        return {name: slider.value for name, slider in self.sliders.items()}

    @property
    def html(self) -> str:
        """What the sliders lead to; where a formula does not hold for that, why."""
        from capacity.report import plots

        try:
            change = self.asked.at(**self.values)
        except CapacityError as refused:
            return prose(str(refused))._repr_html_()
        said = f'<div role="status" aria-live="polite">{prose(change.text)._repr_html_()}</div>'
        rows, picture = table(change.to_frame(), _CAPTION), plots.change(change)
        return f'<div style="line-height:1.4">{said}{rows._repr_html_()}{picture._repr_html_()}</div>'

    def reset(self) -> None:
        """Set every slider to the plan's value, and show the plan once."""
        for slider in self.sliders.values():
            slider.unobserve(self._turned, "value")
        for knob in self.asked.knobs:
            self.sliders[knob.name].value = knob.plan
        for slider in self.sliders.values():
            slider.observe(self._turned, "value")
        self._turned(None)

    def _turned(self, _change: object) -> None:
        self.shown.value = self.html

    def __str__(self) -> str:
        return self.asked.at(**self.values).text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:
        return {**self.box._repr_mimebundle_(include=include, exclude=exclude), "text/plain": str(self)}


def _slider(knob: Knob) -> Any:
    """Return a slider over the positions of a knob, the plan's marked."""
    import ipywidgets

    options = [(_label(knob, at), at) for at in knob.positions]
    return ipywidgets.SelectionSlider(
        options=options,
        value=knob.plan,
        description=knob.title,
        tooltip=f"{knob.title}: {knob.meaning}. The plan: {knob.told(knob.plan)}",
        continuous_update=True,
        style={"description_width": "110px"},
        layout={"width": "96%"},
    )


def _label(knob: Knob, at: float) -> str:
    """Write a position as short as the slider has room for, the plan's marked."""
    written = f"{at:,}" if knob.name == "instances" else knob.told(at)
    return f"{written} (plan)" if at == knob.plan else written
