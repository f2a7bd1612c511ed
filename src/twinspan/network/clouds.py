"""The two clouds, by the word that the code, the documents and the command line use. Pure."""

from collections.abc import Mapping
from typing import Literal

Cloud = Literal["aws", "azure"]
CLOUDS: tuple[Cloud, Cloud] = ("aws", "azure")
CLOUD_NAMES: Mapping[Cloud, str] = {"aws": "AWS", "azure": "Azure"}
"""As text shows them."""
