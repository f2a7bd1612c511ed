"""Steps of a longer run: progress on standard error, a line per finished step, and a table at the end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.markup import escape
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from twinspan.cli.output import progress

_SPINNER_COLUMNS = 3
"""What the spinner takes of the line that it shares with a text."""


@dataclass(slots=True)
class Step:
    """One step.

    Attributes:
        title: What is done, in plain words.
        result: What came out, in one line; set while it runs.
        passed: Whether what came out is good; set while it runs.
        duration_s: How long it took, seconds.
        state: `running`, `done` or `failed`.
    """

    title: str
    result: str = ""
    passed: bool = True
    duration_s: float = 0.0
    state: str = "running"


@dataclass(slots=True)
class StepReporter:
    """The steps so far.

    Attributes:
        total: How many steps there will be, for the reader.
    """

    total: int
    steps: list[Step] = field(default_factory=list)
    started_s: float = field(default_factory=time.monotonic)
    _spinner: Status = field(default_factory=lambda: progress.status(""))

    @contextmanager
    def step(self, title: str, explanation: str) -> Iterator[Step]:
        """Run one step: say what it does and why, time it, and tell how it ended."""
        step = Step(title=title)
        self.steps.append(step)
        number = f"[{len(self.steps)}/{self.total}]"
        progress.print(f"\n[bold]{number} {title}[/bold]")
        _print_indented(explanation, by=2, style="dim")
        started = time.monotonic()
        try:
            with self._spinner:
                self.tick(title)
                yield step
            step.state = "done" if step.passed else "failed"
        except BaseException:
            step.state = "failed"
            raise
        finally:
            step.duration_s = time.monotonic() - started
            mark, style = ("✓", "green") if step.state == "done" else ("✗", "red")
            result = f"{step.result}  " if step.result else ""
            _print_indented(f"{mark} {result}({step.duration_s:.1f} s)", by=2, style=style)

    def say(self, text: str) -> None:
        """Print one line below the current step."""
        _print_indented(text, by=4)

    def tick(self, text: str) -> None:
        """Show `text` beside the spinner in place of the last one (nothing off a terminal)."""
        line = Text(text)
        line.truncate(progress.width - _SPINNER_COLUMNS, overflow="ellipsis")
        self._spinner.update(line)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self.started_s

    def table(self) -> Table:
        """Return all steps with their results and times."""
        table = Table(box=None, pad_edge=False)
        table.add_column("step", overflow="fold")
        table.add_column("result", overflow="fold")
        table.add_column("time", justify="right", no_wrap=True)
        for number, step in enumerate(self.steps, start=1):
            table.add_row(
                f"{number:>2}  {step.title}",
                escape(step.result) or step.state,
                f"{step.duration_s:.1f} s",
                style=None if step.state == "done" else "red",
            )
        table.add_section()
        table.add_row("    total", f"{len(self.steps)} steps", f"{self.elapsed_s:.1f} s", style="bold")
        return table

    def as_list(self) -> list[dict[str, object]]:
        """Return the JSON form of the steps."""
        return [
            {
                "title": step.title,
                "result": step.result,
                "state": step.state,
                "duration_s": round(step.duration_s, 3),
            }
            for step in self.steps
        ]


def _print_indented(text: str, *, by: int, style: str = "") -> None:
    """Print a text on standard error, each of its lines `by` columns from the edge."""
    progress.print(Padding(Text(text, style=style), (0, 0, 0, by), expand=False))
