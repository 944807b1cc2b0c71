"""The API of this configuration."""

from __future__ import annotations

from datetime import timedelta

from api.app import api
from app.mailing import office_of
from app.settings import Settings
from domain.ports import AsgiApp
from people.exporting import House
from store.engine import Database
from store.files import LargeFiles


def doors(settings: Settings, database: Database, files: LargeFiles) -> AsgiApp:
    """What other programs come in by."""
    return api(
        database,
        country=settings.company.country,
        house=export_house(settings),
        files=files,
        max_file=settings.storage.max_file_mb * 2**20,
        office=office_of(settings),
    )


def export_house(settings: Settings) -> House:
    """How contacts may be carried out."""
    return House(
        delay=timedelta(hours=settings.people.export_delay_hours),
        operators=[(o.channel, o.chat) for o in settings.operators],
        language=settings.company.language,
        zone=settings.company.zone,
    )
