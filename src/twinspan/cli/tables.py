"""Tables of objects with names of any length."""

from collections.abc import Collection

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text
from typing_extensions import override

_SHORTEST = 12
"""Columns that a name keeps, if the others leave it so few."""


class TableOfNames(Table):
    """A table that shortens names, and nothing else, to what the terminal has room for.

    Off a terminal nothing is shortened, and the JSON form of every command has the whole names.
    """

    def __init__(
        self, *titles: str, names: Collection[str], right: Collection[str] = (), gap: int = 2
    ) -> None:
        """Make an empty table.

        Args:
            titles: Of its columns.
            names: Titles of the columns whose cells may be shortened.
            right: Titles of the columns that are flush right.
            gap: Blanks between two columns.
        """
        super().__init__(box=None, pad_edge=False, padding=(0, gap, 0, 0))
        for title in titles:
            named = title in names
            self.add_column(
                title,
                justify="right" if title in right else "left",
                overflow="ellipsis" if named else "fold",
                no_wrap=named,
            )
        self._names = tuple(number for number, title in enumerate(titles) if title in names)

    @override
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for number in self._names:
            self.columns[number].max_width = None
        natural = Measurement.get(console, options.update(max_width=10_000), self).maximum
        widths = {number: self._width(number) for number in self._names}
        for _ in range(natural - options.max_width):
            widest = max(widths, key=widths.__getitem__)
            if widths[widest] <= _SHORTEST:
                break
            widths[widest] -= 1
        for number, width in widths.items():
            self.columns[number].max_width = width
        yield from super().__rich_console__(console, options)

    def _width(self, number: int) -> int:
        """Return how many columns a column of names takes if nothing is shortened."""
        column = self.columns[number]
        return max(Text.from_markup(str(cell)).cell_len for cell in (column.header, *column.cells))
