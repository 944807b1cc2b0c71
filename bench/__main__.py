"""Run the benchmarks: `make bench`, or some of them, `python -m bench routing wire`."""

from __future__ import annotations

import importlib
import sys

import uvloop

from bench.report import misses, say

ALL = ("intake", "routing", "wire", "people", "segments", "content", "broadcasts", "chats")


def main(names: list[str]) -> int:
    """Each in turn; 1 when a demand was missed."""
    for name in names or ALL:
        say(f"{name}: {(importlib.import_module(f'bench.{name}').__doc__ or '').splitlines()[0]}")
        uvloop.run(importlib.import_module(f"bench.{name}").main())
    for miss in misses():
        say(f"missed: {miss}")
    return 1 if misses() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
