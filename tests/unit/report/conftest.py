"""Where the network is that the tests of `verify` use, and those of reports, too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "verify"))
