"""`leadwire demo`: the whole story in one browser page, against counterparts that speak the real protocols."""

from __future__ import annotations

import asyncio
import logging
import socket
import tempfile
import webbrowser
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import typer
from babel.localtime import get_localzone

from app import wiring
from app.document import load
from app.roles import run_all
from app.settings import Settings
from app.wiring import Installation
from domain.messages import utcnow
from store import migrations, staff

try:
    from simulator.stage import Stage
except ImportError as error:  # the demo's servers are an extra
    raise SystemExit(f'The demo is not installed ({error.name} is missing): pip install "leadwire[demo]"') from error

log = logging.getLogger(__name__)

DOCUMENT = """\
# The configuration that this demo runs with. Play with it from another terminal while the demo is open:
#   leadwire check -c {here}/leadwire.toml
#   leadwire trace 1 -c {here}/leadwire.toml

[company]
name = "{company}"
country = "RU"
language = "en"
timezone = "{timezone}"

[server]
port = {port}
public_url = "http://127.0.0.1:{port}"
frame_ancestors = ["{page}"]

[storage]
data = "{here}"

[broadcasts]
address = "12 Birch Lane, Ely"
site = "https://birch.example"

[teams.sales]
chat = {{ channel = "bot", chat = "{team_chat}" }}

[channels.bot]
kind = "telegram"
token = "file:{here}/secrets/telegram-token"
api_url = "{telegram}"

[channels.inbox]
kind = "email"
address = "{address}"
name = "{company}"
[channels.inbox.imap]
host = "{mail_host}"
port = {imap}
security = "none"
user = "{address}"
password = "file:{here}/secrets/mail-password"
trusted_receiver = "post.office.example"
[channels.inbox.smtp]
host = "{mail_host}"
port = {smtp}
security = "none"

[channels.sms]
kind = "sms"
account_sid = "{account}"
auth_token = "file:{here}/secrets/twilio-token"
number = "{number}"
api_url = "{twilio}"

[channels.site]
kind = "form"
intake = {{ answer_by = ["inbox", "sms"] }}
"""


async def play(port: int, data: Path | None, *, open_browser: bool, stop: asyncio.Event) -> None:
    """Run the demo until `stop`. Without `data` everything is forgotten at the end.

    Raises OSError in words when the port is taken.
    """
    if _free_port(port) != port:
        other = min((port // 100 + 1) * 100, 65_500)
        raise OSError(f"Port {port} is taken, perhaps by another demo. Try: leadwire demo --port {other}")
    if data is not None:
        await _play(port, data, open_browser=open_browser, stop=stop)
        return
    with tempfile.TemporaryDirectory(prefix="leadwire-demo-") as folder:
        await _play(port, Path(folder), open_browser=open_browser, stop=stop)


async def _play(port: int, data: Path, *, open_browser: bool, stop: asyncio.Event) -> None:
    web = _free_port(port + 1)
    async with Stage(port, form_url=f"http://127.0.0.1:{web}/f/site") as stage:
        settings = configure(stage, data, web)
        stage.set_sms_webhook(f"http://127.0.0.1:{web}/in/sms/message")
        async with wiring.installation(settings) as built:
            await migrations.upgrade(built.urls.database)
            await built.bus.start()
            links = await _hire(built, stage)
            running = asyncio.create_task(run_all(built.jobs(wiring.ROLES), stop))
            for number, payload in enumerate(links):
                stage.seller_opens(payload, number)
            _announce(stage.url, data, open_browser=open_browser)
            await running


def configure(stage: Stage, data: Path, port: int) -> Settings:
    """Write the demo's leadwire.toml, its secrets beside it, and read it as any other."""
    secrets = data / "secrets"
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    mail = stage.mail
    for name, value in {
        "telegram-token": stage.token,
        "mail-password": mail.password,
        "twilio-token": stage.auth_token,
    }.items():
        (secrets / name).write_text(value)
        (secrets / name).chmod(0o600)
    document = data / "leadwire.toml"
    document.write_text(
        DOCUMENT.format(
            here=data,
            company=stage.scene.company,
            timezone=getattr(get_localzone(), "key", "UTC"),
            port=port,
            page=stage.url,
            team_chat=stage.team_chat,
            telegram=stage.telegram_api_url,
            address=mail.address,
            mail_host=mail.host,
            imap=mail.imap_port,
            smtp=mail.smtp_port,
            account=stage.account_sid,
            number=stage.number,
            twilio=stage.twilio_api_url,
        )
    )
    return load(document)


async def _hire(built: Installation, stage: Stage) -> list[str]:
    """Put the simulated sellers on the staff; their one-time links."""
    links = []
    async with built.database.begin() as connection:
        for seller in stage.sellers:
            member = await staff.add(connection, seller.name, "sales", seller.language, utcnow())
            links.append(await staff.issue_link(connection, member.id, utcnow(), timedelta(hours=1)))
    return links


def _announce(url: str, data: Path, *, open_browser: bool) -> None:
    typer.secho(f"\n  The demo is open at {url}\n", bold=True)
    typer.echo(f"  Its configuration: {data}/leadwire.toml\n  Ctrl-C ends it.\n")
    if open_browser:
        webbrowser.open(url)


def _free_port(wanted: int) -> int:
    """The wanted port, or any that is free."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the last demo's closed connections do not count
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
