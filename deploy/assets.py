"""Copies the browser libraries out of node_modules into each page room's static/vendor folder, at build time.

usage: python deploy/assets.py NODE_MODULES
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ("portal", "simulator")
FONTS = [f"@fontsource-variable/golos-text/files/golos-text-{s}-wght-normal.woff2" for s in ("latin", "cyrillic")]
HTMX = ["htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js"]  # one file: a late extension never connects


def bring(modules: Path, room: str) -> None:
    """Fill one room's vendor folder."""
    vendor = ROOT / room / "static" / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    (vendor / "htmx.js").write_text(";\n".join((modules / name).read_text() for name in HTMX))
    for name in FONTS:
        shutil.copyfile(modules / name, vendor / Path(name).name)


def main() -> None:
    """Bring the libraries to every room that has pages."""
    modules = Path(sys.argv[1])
    for room in PAGES:
        bring(modules, room)


if __name__ == "__main__":
    main()
