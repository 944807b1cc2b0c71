"""The variables and conditions of a text: `{{ name }}`, `{{ city | default("your city") }}`, `{% if vip %}`. Pure.

The language is Jinja's, and of it only what can neither run, nor reach, nor grow: no calls, no attributes, no items, no
loops, no arithmetic. That is a list of what is allowed over the parsed tree; the sandbox is the second wall behind it.
All values are text, and a value that is empty is one that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST = 200
"""Expressions in one text."""
_LONGEST = 300
"""Characters of one expression."""
_DEEPEST = 5
"""Conditions, or parentheses, within each other."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_TAKEN = frozenset({"self", "super", "caller", "loop", "varargs", "kwargs"})
"""Names to which Jinja gives a meaning of its own."""

Code = Callable[[Mapping[str, str]], object]


class TemplateError(ValueError):
    """This text is no template. `key`: "syntax", "forbidden", "too_much"; `detail` is what stands there."""

    def __init__(self, key: str, detail: str = "") -> None:
        self.key, self.detail = key, detail
        super().__init__(f"{key}: {detail}")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as it is, or else `default`; None where the text names no default."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Expression:
    """More than a variable: filters, or one of two."""

    source: str
    names: frozenset[str]
    bare: frozenset[str]
    """Of the names those that are shown and have no default in the text."""
    sure: frozenset[str] = frozenset()
    """Of the names those that nobody lacks for whom it holds, as a condition."""


@dataclass(frozen=True, slots=True)
class Control:
    """A border of a condition: "if", "elif" with what is asked, "else", "endif"."""

    word: str
    asked: Expression | None = None


Piece = str | Variable | Expression | Control


def _default(value: object, other: object = "", _empty_too: object = True) -> str:
    return str(value) or str(other)


def _truncate(value: object, length: object = 80) -> str:
    text, most = str(value), int(str(length))
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"


def _environment() -> ImmutableSandboxedEnvironment:
    """Jinja with no function at all, and filters that make text of text."""
    environment = ImmutableSandboxedEnvironment(autoescape=False, cache_size=0)
    environment.globals.clear()
    environment.filters = {
        "default": _default,
        "d": _default,
        "upper": lambda value: str(value).upper(),
        "lower": lambda value: str(value).lower(),
        "capitalize": lambda value: str(value).capitalize(),
        "title": lambda value: str(value).title(),
        "trim": lambda value: str(value).strip(),
        "truncate": _truncate,
    }
    environment.tests = {"defined": lambda value: value != "", "undefined": lambda value: value == ""}
    return environment


_JINJA = _environment()
_ALLOWED = (
    nodes.Name, nodes.Const, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.CondExpr,
)  # fmt: skip


@lru_cache(maxsize=4096)
def pieces(source: str) -> tuple[Piece, ...]:
    """The text parted at its expressions. Raises TemplateError."""
    if not any(mark in source for mark in ("{{", "{%", "{#")):
        return (source,) if source else ()
    try:
        found = tuple(_pieces(source))
    except TemplateSyntaxError as error:
        raise TemplateError("syntax", _line(source, error.lineno)) from error
    _nested(found)
    return found


def _line(source: str, number: int) -> str:
    """The line of the text, cut short, as its author finds it."""
    lines = source.splitlines() or [""]
    return lines[min(number, len(lines)) - 1].strip()[:60]


def _pieces(source: str) -> Iterator[Piece]:
    inside, parts, count = "", [""], 0
    for _, kind, value in _JINJA.lex(source):
        match kind:
            case "data":
                yield value
            case "variable_begin" | "block_begin":
                inside, parts, count = kind, [], count + 1
            case "variable_end" | "block_end":
                yield _control(parts) if inside == "block_begin" else _shown("".join(parts))
                inside = ""
            case _ if inside:
                parts.append(value)
        if count > MOST:
            raise TemplateError("too_much", f"> {MOST}")
    if inside:
        opened = "{{" if inside == "variable_begin" else "{%"
        raise TemplateError("syntax", f"{opened} {''.join(parts).strip()[:60]}".strip())


def _control(parts: list[str]) -> Control:
    word, _, asked = "".join(parts).strip().partition(" ")
    if word not in {"if", "elif", "else", "endif"}:
        raise TemplateError("forbidden", f"{{% {word} %}}")
    if bool(asked.strip()) != (word in {"if", "elif"}):
        raise TemplateError("syntax", f"{{% {word} %}}")
    return Control(word, _expression(asked.strip())[0] if asked else None)


def _shown(source: str) -> Variable | Expression:
    expression, tree = _expression(source.strip())
    match tree:
        case nodes.Name(name=name):
            return Variable(name, None)
        case nodes.Filter(
            node=nodes.Name(name=name), name="default" | "d", args=[nodes.Const(value=str() as other), *_]
        ):
            return Variable(name, other)
    return expression


def _expression(source: str) -> tuple[Expression, nodes.Expr]:
    if len(source) > _LONGEST or _depth(source) > _DEEPEST:
        raise TemplateError("too_much", source[:60])
    try:
        body = _JINJA.parse("{{ " + source + " }}").body
        (output,) = body
        assert isinstance(output, nodes.Output)
        (tree,) = output.nodes
    except (ValueError, AssertionError, RecursionError, TemplateSyntaxError) as error:
        raise TemplateError("syntax", f"{{{{ {source} }}}}") from error
    _checked(tree, source)
    names = frozenset(node.name for node in _all(tree) if isinstance(node, nodes.Name))
    return Expression(source, names, frozenset(_bare(tree)), _sure(tree)), tree


def _depth(source: str) -> int:
    """Parentheses within each other; those in quotes count too, which is too careful and harmless."""
    deepest = depth = 0
    for sign in source:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    yield tree
    yield from tree.find_all(nodes.Node)


def _checked(tree: nodes.Expr, source: str) -> None:
    """Raises TemplateError for what is not on the list."""
    for node in _all(tree):
        if not isinstance(node, _ALLOWED) or not _harmless(node):
            raise TemplateError("forbidden", source)


def _harmless(node: nodes.Node) -> bool:
    match node:
        case nodes.Name(name=name):
            return _NAME.fullmatch(name) is not None and name not in _TAKEN
        case nodes.Const(value=value):
            return isinstance(value, str | int)  # and so also true and false
        case nodes.Filter(name=name):
            plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs) and node.node is not None
            return plain and name in _JINJA.filters and _arguments(node)
        case nodes.Test(name=name):
            return name in _JINJA.tests and not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)
        case nodes.Operand(op=op, expr=right):
            return op in {"eq", "ne", "in", "notin"} and _is_text(right)
        case nodes.Compare(expr=left):
            return _is_text(left)
    return True


def _arguments(node: nodes.Filter) -> bool:
    if node.name == "truncate":
        return all(isinstance(one, nodes.Const) and type(one.value) is int for one in node.args) and len(node.args) < 2
    return len(node.args) <= (2 if node.name in {"default", "d"} else 0)


def _is_text(node: nodes.Expr) -> bool:
    return not isinstance(node, nodes.Const) or isinstance(node.value, str)


def _bare(node: nodes.Node) -> Iterator[str]:
    """Names that are shown with nothing in their place where they are missing. What is only asked is not shown."""
    match node:
        case nodes.Name(name=name):
            yield name
        case nodes.Filter(name="default" | "d", args=[other, *_]):
            yield from _bare(other)
        case nodes.Filter(node=nodes.Expr() as inner):
            yield from _bare(inner)
        case nodes.Or(right=right):
            yield from _bare(right)
        case nodes.CondExpr(expr1=one, expr2=other):
            yield from (name for name in _bare(one) if name not in _sure(node.test))
            yield from _bare(other) if other is not None else ()


def _sure(node: nodes.Node) -> frozenset[str]:
    match node:
        case nodes.Name(name=name) | nodes.Test(node=nodes.Name(name=name), name="defined"):
            return frozenset({name})
        case nodes.And(left=left, right=right):
            return _sure(left) | _sure(right)
    return frozenset()


def _nested(found: tuple[Piece, ...]) -> None:
    """Raises TemplateError when conditions do not close, or stand too deep."""
    open_: list[str] = []
    for piece in found:
        match piece:
            case Control(word="if"):
                open_.append("if")
            case Control(word="elif" | "else" as word) if open_ and open_[-1] != "else":
                open_[-1] = word
            case Control(word="endif") if open_:
                open_.pop()
            case Control(word=word):
                raise TemplateError("syntax", f"{{% {word} %}}")
        if len(open_) > _DEEPEST:
            raise TemplateError("too_much", "{% if %}")
    if open_:
        raise TemplateError("syntax", "{% endif %}")


@lru_cache(maxsize=4096)
def code(expression: Expression) -> Code:
    """The expression as a function of its variables, compiled by Jinja in the sandbox. Raises TemplateError."""
    try:
        compiled = _JINJA.compile_expression(expression.source, undefined_to_none=False)
    except (TemplateSyntaxError, SyntaxError, RecursionError, MemoryError) as error:
        raise TemplateError("syntax", expression.source) from error
    return lambda values: compiled(**values)


def names(source: str) -> Iterator[tuple[str, bool]]:
    """The variables of a text, each with whether something always stands there. Raises TemplateError.

    Something does where it has a default, where it is only asked for, and where a condition asked for it before.
    """
    sure: list[frozenset[str]] = []
    for piece in pieces(source):
        match piece:
            case Variable():
                yield piece.name, piece.default is not None or piece.name in frozenset().union(*sure)
            case Expression():
                held = piece.names - piece.bare | frozenset().union(*sure)
                yield from ((name, name in held) for name in sorted(piece.names))
            case Control(word=word, asked=asked):
                del sure[len(sure) - (word != "if") :]
                sure += [] if word == "endif" else [asked.sure if asked else frozenset()]
                yield from ((name, True) for name in (sorted(asked.names) if asked else ()))
