"""The command as a person types it: in this process where that is enough, as a program where it matters."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer
from redis.asyncio import Redis
from typer.testing import CliRunner

from app.cli import cli
from bus.broker import Bus
from bus.dead import DeadLetters
from bus.streams import BODY, stream
from domain.messages import Address, AddressKind, ChannelName, Inbound, utcnow
from router.route import Router
from router.rules import Intake, Rules
from simulator.stage import Stage
from store.engine import Database
from tests.contract.case import until
from tests.counterparts.counterparts import free_ports
from tests.e2e.wire import document

Run = Callable[..., Awaitable[tuple[int, str]]]
PROGRAM = (sys.executable, "-c", "from app.cli import main; main()")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    """Each command sets up logging for a process of its own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage(pace=0) as opened:
        yield opened


@dataclass
class Config:
    """The file that a person has written."""

    path: Path
    port: int

    def write(self, words: str) -> None:
        self.path.write_text(words, encoding="utf-8")

    def change(self, pattern: str, words: str) -> None:
        changed, count = re.subn(pattern, words, self.path.read_text(encoding="utf-8"))
        assert count == 1
        self.write(changed)


def toml(table: dict[str, object], under: str = "") -> str:
    """A document as somebody would write it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    parts = [f"[{under}]" if under else "", *lines]
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    return "\n".join(parts + [toml(value, f"{under}.{key}" if under else key) for key, value in inner.items()])


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else f'"{value}"'


@pytest.fixture
def config(stage: Stage, tmp_path: Path, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A configuration with every kind of channel; the servers are named by the environment."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    made = Config(tmp_path / "leadwire.toml", free_ports(1)[0])
    made.write(toml(document(stage, tmp_path, made.port)))
    return made


@pytest.fixture
def leadwire(config: Config) -> Run:
    """`await leadwire("staff", "list")`: the exit code and what was printed."""

    async def run(*words: str, answer: str = "") -> tuple[int, str]:
        args = [*words, "-c", str(config.path)]
        result = await asyncio.to_thread(CliRunner().invoke, cli, args, input=answer)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


async def program(*words: str, **environment: str) -> tuple[int, str, str]:
    """As a program of its own: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, *words, cwd=ROOT, env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*path, name))


COMMANDS = [*_commands(typer.main.get_command(cli))]


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "leadwire")
def test_each_command_explains_itself(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*path, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "Usage:" in result.output
    shown = re.sub(r"[^\w ]+", " ", result.output)
    assert len(shown.split()) > 10, "it says nothing of what it does"


def test_help_is_short_to_type() -> None:
    for words in (["-h"], ["trace", "-h"], ["dead", "drop", "-h"]):
        assert "Usage:" in CliRunner().invoke(cli, words).output


@pytest.mark.parametrize("port", ["0", "65535"])
def test_port_of_the_demo_that_cannot_be(port: str) -> None:
    result = CliRunner().invoke(cli, ["demo", "--port", port, "--no-open"])
    assert result.exit_code == 2


async def test_demo_on_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = await program("demo", "--no-open", "--port", str(port))
    assert code == 1
    other = min((port // 100 + 1) * 100, 65_500)
    assert err == f"Port {port} is taken, perhaps by another demo. Try: leadwire demo --port {other}\n"


async def test_version() -> None:
    code, out, err = await program("version")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"leadwire \d+\.\d+\.\d+\S*, Python 3\.\d+\.\d+\n", out)


async def test_a_wrong_configuration_is_said_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "leadwire.toml"
    path.write_text('[compny]\n[channels.bot]\nkind = "telegram"\ntoken = "123:literal-secret"\n')
    for command in ("up", "check"):
        code, out, err = await program(command, "-c", str(path))
        assert (code, out) == (1, "")
        assert err.splitlines() == [
            "The configuration is wrong:",
            '  compny: unknown; did you mean "company"?',
            '  channels.bot.token: a secret does not stand here: write "env:NAME" or "file:/path/to/it"',
        ]


async def test_no_configuration_says_where_to_begin(tmp_path: Path) -> None:
    code, _, err = await program("check", "-c", str(tmp_path / "nothing.toml"))
    assert code == 1
    assert "there is no such file" in err
    assert "leadwire demo" in err


@pytest.mark.parametrize("command", ["migrate", "staff list", "dead list", "trace 1"])
async def test_a_dead_server_is_said_without_a_traceback(tmp_path: Path, command: str) -> None:
    path = tmp_path / "leadwire.toml"
    path.write_text(f'[storage]\ndata = "{tmp_path}"\n')
    urls = {"DATABASE_URL": "postgresql://lw:geheim@127.0.0.1:9/lw", "REDIS_URL": "redis://:geheim@127.0.0.1:9/0"}
    code, _, err = await program(*command.split(), "-c", str(path), **urls)
    assert code == 1
    assert "Traceback" not in err
    assert "geheim" not in err
    assert ("REDIS_URL" if command == "dead list" else "DATABASE_URL") in err, err


async def test_check_of_a_good_installation(leadwire: Run) -> None:
    code, said = await leadwire("check")
    lines = said.splitlines()
    for name in ("configuration", "Redis", "channel bot", "channel inbox", "channel sms", "channel site"):
        assert f"✓ {name}" in lines, said
    # the tests' PostgreSQL does not wait for the disk, and check says so
    wrong = [line for line in lines if line.startswith("    ")]
    assert all(line.startswith("    PostgreSQL has ") for line in wrong), said
    assert code == bool(wrong)


async def test_check_says_the_line_that_mends_it(
    leadwire: Run, stage: Stage, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config.path.parent / "telegram.secret").write_text("1:wrong-token-of-a-bot")
    stage.exchange.refuse_next(1)
    monkeypatch.setenv("DATABASE_URL", "postgresql://lw:geheim@127.0.0.1:9/lw")
    monkeypatch.setenv("REDIS_URL", "redis://:geheim@127.0.0.1:9/0")
    code, said = await leadwire("check")
    assert code == 1
    assert re.search(r"✗ PostgreSQL\n    .*Is it running, and is DATABASE_URL right\?", said)
    assert re.search(r"✗ Redis\n    .*Is it running, and is REDIS_URL right\?", said)
    api = re.escape(stage.url.removeprefix("http://"))
    assert re.search(rf"✗ channel bot\n    channels\.bot: {api} says: 401 Unauthorized\. Look at token\n", said)
    assert re.search(rf"✗ channel sms\n    channels\.sms: {api} says: 20429 ", said)
    assert "✓ channel inbox" in said
    assert said.rstrip().endswith("4 to mend.")
    assert "geheim" not in said
    assert "wrong-token" not in said


async def test_check_names_the_server_and_the_key(leadwire: Run, config: Config, stage: Stage) -> None:
    imap, smtp = free_ports(2)
    words = config.path.read_text(encoding="utf-8")
    for old, new in ((stage.mail.imap_port, imap), (stage.mail.smtp_port, smtp)):
        words = re.sub(rf"\bport = {old}\b", f"port = {new}", words)
    config.write(words)
    _, said = await leadwire("check")
    for key, port in (("imap", imap), ("smtp", smtp)):
        assert (
            f"    channels.inbox.{key}: cannot reach 127.0.0.1:{port}: connection refused. "
            "Is the server there, and does leadwire.toml name it right?\n"
        ) in said
    (config.path.parent / "mail.secret").write_text("wrong")
    config.write(words.replace(f"port = {imap}", f"port = {stage.mail.imap_port}"))
    _, said = await leadwire("check")
    assert re.search(r"channels\.inbox\.imap: .* Look at user, password and folders\n", said), said


async def test_check_of_an_empty_configuration_says_what_to_add(config: Config, leadwire: Run) -> None:
    config.write("")
    _, said = await leadwire("check")
    assert "there is no channel: add a table such as [channels.inbox]" in said
    assert 'no channel of kind "telegram": sellers work in Telegram; add [channels.bot]' in said


async def test_migrate_twice(leadwire: Run) -> None:
    assert await leadwire("migrate") == (0, "The database is at 0009.\n")


async def test_staff_come_and_go(leadwire: Run, database_url: str) -> None:
    assert await leadwire("staff", "list") == (0, 'Nobody works here yet. Begin with: leadwire staff add "Anna"\n')
    code, said = await leadwire("staff", "add", "Anna Petrova", "--language", "ru")
    assert code == 0
    [link] = re.findall(r"https://t\.me/birch_demo_bot\?start=(staff-[\w-]{20,58})\n", said)
    assert "Anna Petrova opens this link once, within 7 days" in said
    _, said = await leadwire("staff", "list")
    [short] = re.findall(r"^([0-9a-f]{8})  Anna Petrova +sales +ru  not linked yet\n$", said)
    _, said = await leadwire("staff", "link", short)
    assert link not in said
    assert "https://t.me/birch_demo_bot?start=staff-" in said
    assert await leadwire("staff", "leave", "Anna Petrova") == (
        0, "Anna Petrova is cut off. 0 open leads wait for the team.\n",
    )  # fmt: skip
    assert (await leadwire("staff", "list"))[1].startswith("Nobody works here")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("add", "Anna", "--team", "ghosts"), "There is no team ghosts; the configuration has sales."),
        (("add", "Anna", "--language", "de"), "de is not a language of ours: en or ru."),
        (("add", "Max"), "Max works here already. For a new link: leadwire staff link 'Max'"),
        (("link", "Anna"), "Nobody is called Anna. Here work: Max."),
        (("leave", "Anna"), "Nobody is called Anna. Here work: Max."),
    ],
)
async def test_what_staff_cannot_be(leadwire: Run, words: tuple[str, ...], line: str) -> None:
    assert (await leadwire("staff", "add", "Max"))[0] == 0
    assert await leadwire("staff", *words) == (1, line + "\n")


async def test_a_link_when_telegram_is_silent(leadwire: Run, config: Config) -> None:
    config.change(r'api_url = "[^"]+telegram"', f'api_url = "http://127.0.0.1:{free_ports(1)[0]}"')
    code, said = await leadwire("staff", "add", "Anna")
    assert code == 0
    assert "Telegram does not tell the bot's name now" in said
    assert "https://t.me/YOUR_BOT?start=staff-" in said


@pytest.fixture
async def poison(redis_url: str) -> AsyncIterator[str]:
    """The id of a dead letter: an entry that nobody can read came by the stream, and the bus set it aside."""
    bus, letters = Bus(redis_url, shards=1), DeadLetters(redis_url)
    await bus.start()
    async with Redis.from_url(redis_url) as redis:
        await redis.xadd(stream(0), {BODY: b'{"poison": "\xd1\x8f\xd0\xb4"}'})

    async def handler(batch: object) -> None:
        raise AssertionError("nobody can read it")

    task = asyncio.create_task(bus.consume(handler, retryable=()))
    await until(letters.count, "the dead letter")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    [letter] = await letters.list()
    yield letter.id
    await letters.aclose()
    await bus.aclose()


async def test_dead_letters(leadwire: Run, poison: str, redis_url: str) -> None:
    code, said = await leadwire("dead", "list")
    assert (code, said.splitlines()[-1]) == (0, "1 shown.")
    assert said.startswith(f"{poison}  ")
    code, said = await leadwire("dead", "show", poison)
    assert code == 0
    assert f"from {stream(0)}" in said
    assert '{"poison": "яд"}' in said
    assert await leadwire("dead", "replay", poison) == (0, "1 back on the way.\n")
    assert await leadwire("dead", "list") == (0, "No dead letters.\n")
    async with Redis.from_url(redis_url) as redis:
        assert await redis.xlen(stream(0)) == 1


async def test_dead_letters_are_dropped_only_on_purpose(leadwire: Run, poison: str) -> None:
    code, said = await leadwire("dead", "drop", poison, answer="yes\n")
    assert code == 1
    assert "Nothing was dropped" in said
    code, said = await leadwire("dead", "drop", "1-1", answer="1-1\n")
    assert (code, said) == (1, "There is no dead letter 1-1. See: leadwire dead list\n")  # nobody was asked
    code, said = await leadwire("dead", "drop", poison, answer=f"{poison}\n")
    assert (code, said.splitlines()[-1]) == (0, f"{poison} is gone.")
    assert await leadwire("dead", "drop", poison, "--yes") == (
        1, f"There is no dead letter {poison}. See: leadwire dead list\n",
    )  # fmt: skip
    assert await leadwire("dead", "replay", "all") == (0, "0 back on the way.\n")


@pytest.mark.parametrize("words", [("show", "nonsense"), ("replay", "1-1")])
async def test_no_such_dead_letter(leadwire: Run, words: tuple[str, ...]) -> None:
    assert await leadwire("dead", *words) == (1, f"There is no dead letter {words[1]}. See: leadwire dead list\n")


async def test_the_trace_of_a_lead(leadwire: Run, database_url: str) -> None:
    database = Database(database_url)
    site = ChannelName("site")
    message = Inbound(
        channel=site, external_id="LW-ABCD", received_at=utcnow(), text="An oak\nkitchen",
        addresses=(Address(kind=AddressKind.EMAIL, value="anna@customer.test"),),
    )  # fmt: skip
    await Router(database, Rules(intakes={site: Intake(answer_by={})})).route([message])
    await database.aclose()
    code, by_number = await leadwire("trace", "#1")
    assert code == 0
    head, at, *lines = by_number.splitlines()
    assert head == "Lead #1  anna@customer.test  open  owner: nobody yet"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d MSK", at)
    assert [line.split("  ")[-1] for line in lines if re.search(r"[0-9a-f]{8}-", line)] == []  # no whole ids
    kinds = [line.split(" s  ")[1].split()[0] for line in lines]
    assert kinds[:3] == ["message", "stored", "lead.opened"]
    assert re.search(r"\n +\+0\.000 s  message in +site +An oak kitchen\n", by_number), by_number
    for typed in ("LW-ABCD", "lw-abcd"):
        assert (await leadwire("trace", typed))[1] == by_number
    code, said = await leadwire("trace", "#2")
    assert (code, said) == (1, "Nothing is known of #2. Try a lead's number, a receipt or a message's id.\n")


async def test_a_role_serves_until_it_is_told_to_stop(config: Config) -> None:
    config.write(f'[server]\nport = {config.port}\n[channels.site]\nkind = "form"\n')
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, "web", "-c", str(config.path), cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )

    async def healthy() -> bool:
        try:
            async with httpx2.AsyncClient() as http:
                return (await http.get(f"http://127.0.0.1:{config.port}/health")).status_code == 200
        except httpx2.HTTPError:
            return False

    try:
        await until(healthy, "the web role")
        process.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert "Traceback" not in err.decode()
    assert f"form site: http://127.0.0.1:{config.port}/f/site\n" in err.decode()
