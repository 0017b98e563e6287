"""One plan file and everything computed from it, lazily: what notebooks, report and command line talk to."""

from capacity.study.missing import Missing
from capacity.study.study import Study

__all__ = ["Missing", "Study"]
