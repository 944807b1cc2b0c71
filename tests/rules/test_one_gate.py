"""Everything that leaves the house goes by one gate. Each rule tells why it is one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.test_budget import CODE, ROOT, name

SENDERS = frozenset({"EmailChannel", "Mailer", "SmsChannel", "Gateway", "TelegramChannel", "Bot", "telegram_channel"})
GATE = "notifications/dispatch.py"
ROOMS_THAT_SEND_NOTHING = ("api", "app", "bus", "desk", "people", "portal", "router", "store", "broadcasts")
"""What a channel does with its own connection is its own matter: `channels` is not looked at, nor the simulator."""


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in CODE:
        if (ROOT / name(path)).parts[len(ROOT.parts)] in (*ROOMS_THAT_SEND_NOTHING, "notifications"):
            yield name(path), ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "broadcasts").rglob("*.py")):
        yield name(path), ast.parse(path.read_text(encoding="utf-8"))


def _calls_send(tree: ast.AST) -> Iterator[int]:
    """Lines with `something.send(...)`, and those that keep it for later: `partial(sender.send)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "send" and isinstance(node.ctx, ast.Load):
            yield node.lineno


def test_only_the_gate_sends() -> None:
    """The first code base of this kind had a second way, "it is only the sales chat": it went by no opt-out, no limit
    and no ledger, and nobody could say afterwards what had been sent to whom.
    """
    found = {f"{path}:{line}" for path, tree in _trees() if path != GATE for line in _calls_send(tree)}
    assert found == set()
    assert list(_calls_send(ast.parse((ROOT / GATE).read_text(encoding="utf-8")))), "the gate itself is not seen"


def _looks_up_by_name(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "methodcaller")
        and any(isinstance(a, ast.Constant) and a.value == "send" for a in node.args)
        for node in ast.walk(tree)
    )


def test_nobody_goes_round_by_its_name() -> None:
    """`getattr(sender, "send")` would be the same, unseen."""
    assert [path for path, tree in _trees() if _looks_up_by_name(tree)] == []


def test_nobody_knows_an_adapter_that_sends() -> None:
    """Who has a channel's own class in his hands need not ask anybody. Only the table of kinds names them."""
    found = []
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("channels."):
                found += [f"{path}: {alias.name}" for alias in node.names if alias.name in SENDERS]
    assert found == []


@pytest.mark.parametrize(
    ("way", "first", "then"),
    [("deliver", "gate", "_carried"), ("_message", "gate", "render"), ("post", "_message", "post")],
)
def test_the_gate_asks_before_it_sends(way: str, first: str, then: str) -> None:
    """In the sender itself, on both ways out: nothing is offered to a provider before `gate` has let it pass."""
    tree = ast.parse((ROOT / GATE).read_text(encoding="utf-8"))
    kinds = (ast.AsyncFunctionDef, ast.FunctionDef)
    [found] = [n for n in ast.walk(tree) if isinstance(n, kinds) and n.name == way]
    used = [
        (n.lineno, n.id if isinstance(n, ast.Name) else n.attr)
        for n in ast.walk(found)
        if isinstance(n, ast.Name | ast.Attribute)
    ]
    asked, sends = ([line for line, word in used if word == one] for one in (first, then))
    assert asked, f"{way} does not ask {first}"
    assert sends, f"{way} does not come to {then}"
    assert min(asked) < min(sends)


def test_one_definition_of_who_may_be_written_to() -> None:
    """Two statements that decide it drift apart, and the laxer one sends."""
    deciding = [
        name(path)
        for path in sorted((ROOT / "store").rglob("*.py"))
        if "opt_outs" in path.read_text(encoding="utf-8") and "consents" in path.read_text(encoding="utf-8")
    ]
    allowed = {"store/permission.py", "store/tables/__init__.py", "store/tables/law.py", "store/erasing.py"}
    assert {path for path in deciding if Path(path).parent.name != "versions"} <= allowed
