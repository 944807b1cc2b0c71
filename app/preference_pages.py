"""The pages by which people leave, choose and confirm, made of the configuration."""

from __future__ import annotations

from collections.abc import Iterable

from app.settings import Settings
from domain.messages import ChannelName
from people.wishes import House
from portal.preferences import Preferences
from portal.visits import Installation
from store.engine import Database
from store.files import LargeFiles


def consent_house(settings: Settings) -> House:
    """What mailings people may choose from, and who may be written to."""
    topics = {
        name: {"en": topic.en or topic.ru or name, "ru": topic.ru or topic.en or name}
        for name, topic in settings.consent.topics.items()
    }
    return House(topics=topics, marketing=settings.consent.marketing)


def preferences(settings: Settings, database: Database, files: LargeFiles) -> Preferences:
    """The pages of this configuration."""

    async def forget(keys: Iterable[str]) -> None:
        for key in keys:
            await files.remove(key)

    company = settings.company
    return Preferences(
        Installation(
            database=database,
            kinds={ChannelName(name): config.kind for name, config in settings.channels.items()},
            house=consent_house(settings),
            company=company.name,
            language=company.language,
            zone=company.zone,
            forget_files=forget,
        )
    )
