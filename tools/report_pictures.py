#!/usr/bin/env python3
"""Take the pictures of a report that README.md shows, with Debian's chromium and the font fonts-inter.

twinspan report terraform/envs/dev --drills drills/tunnel-down --alerts alerts.xml
tools/report_pictures.py report.html docs/pictures
"""

import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

from browser import SCHEMES, browser

PARTS = (
    ("summary", 1280, "header", "#topology figure.only-wide", 24),
    ("drill", 1280, "#drills", "#drills .marks", 24),
    ("phone", 390, "header", "#topology figure.only-narrow", 16),
)
"""Name, width of the window in pixels, from where, to where, and how many pixels around."""


def main() -> None:
    """Open the page once for each picture, light and dark."""
    page, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, browser(Path(profile)) as window:
        for name, width, first, last, margin in PARTS:
            for scheme in SCHEMES:
                window.open(page, width=width, scheme=scheme)
                window.picture(folder / f"report-{name}-{scheme}.png", first=first, last=last, margin=margin)


if __name__ == "__main__":
    main()
