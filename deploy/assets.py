"""Copies the browser libraries out of node_modules into each page room's static/vendor folder, at build time.

usage: python deploy/assets.py NODE_MODULES
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ("portal", "simulator")
FONTS = [f"@fontsource-variable/golos-text/files/golos-text-{s}-wght-normal.woff2" for s in ("latin", "cyrillic")]
HTMX = ["htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js"]  # one file: a late extension never connects


ICONS = set(
    """arrow-left arrow-up-right box-arrow-up-right chat-dots-fill check-circle-fill check-lg check2 check2-all
    circle-half envelope-fill exclamation-circle file-earmark-text headset paperclip pencil-square people-fill
    phone-fill reply-fill robot send-fill telegram ui-checks x-lg""".split()
)


def sprite(modules: Path) -> str:
    """The symbols that the demo page uses, cut out of Bootstrap Icons' sprite. Exits when one of them is gone."""
    source = (modules / "bootstrap-icons/bootstrap-icons.svg").read_text("utf-8")
    symbols = re.finditer(r'<symbol[^>]*? id="([\w-]+)".*?</symbol>', source, re.DOTALL)
    found = {symbol[1]: symbol[0] for symbol in symbols if symbol[1] in ICONS}
    if missing := ICONS - set(found):
        sys.exit(f"unknown icons: {missing}")
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(found.values())}</svg>'


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
    (ROOT / "simulator/static/vendor/icons.svg").write_text(sprite(modules), "utf-8")


if __name__ == "__main__":
    main()
