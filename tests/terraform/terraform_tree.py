"""Where the Terraform tree is, and what runs Terraform in a copy of it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from twinspan.command import Completed

ROOT = Path(__file__).parents[2]
RunTerraform = Callable[[str, Sequence[str]], Completed]
