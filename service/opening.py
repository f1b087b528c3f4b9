"""Rooms that take much of the settings: what hears, tells other workers, and keeps copies."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from service.archive.files import ExportedFiles
from service.bus.counters import BusCounters
from service.bus.listener import WorkerListener
from service.bus.opening import open_bus
from service.carrier.tapes import open_tapes
from service.feed.hub import Hub
from service.ports import ArchiveNews, ArchiveRoom, Bus, Journal, Recognitions
from service.recording.reading import RecordingShelf
from service.recording.tape_shelf import open_shelf
from service.runtime.second_hearing import RecordingsHeard
from service.runtime.tapes import TapeRoom
from service.settings import Settings
from service.stt.counters import RecognitionCounters
from service.stt.files.hearing import open_hearing
from service.stt.recognitions import open_recognitions
from service.workers.room import SoleWorker, Workers


def archives_of(settings: Settings, journal: Journal, news: ArchiveNews) -> ArchiveRoom:
    """Return what archives of these settings work with."""
    kept, key = settings.recordings_path, settings.storage_key()
    return ArchiveRoom(ExportedFiles(journal), RecordingShelf(journal, kept, key=key), news)


@asynccontextmanager
async def recordings_heard(
    settings: Settings, journal: Journal, dice: Callable[[], float]
) -> AsyncIterator[RecordingsHeard]:
    """Open who transcribes the recordings of these settings."""
    kept, key = settings.recordings_path, settings.storage_key()
    local_key = settings.recogniser_api_key
    opening = open_hearing(
        base_url=settings.telnyx_base_url,
        api_key=settings.telnyx_api_key.get_secret_value(),
        local_url=settings.recogniser_url,
        local_api_key=local_key.get_secret_value() if local_key else None,
        dice=dice,
    )
    async with opening as hearing:
        yield RecordingsHeard(RecordingShelf(journal, kept, key=key), hearing)


@asynccontextmanager
async def tapes_kept(
    settings: Settings, journal: Journal, clock: Callable[[], float]
) -> AsyncIterator[TapeRoom]:
    """Open who fetches what Telnyx records, and who keeps it."""
    kept, key = settings.recordings_path, settings.storage_key()
    async with (
        open_tapes(settings.telnyx_base_url, settings.recording_hosts) as source,
        open_shelf(kept, journal, clock=clock, key=key) as shelf,
    ):
        yield TapeRoom(source, shelf)


def bus_of(
    settings: Settings,
    dice: Callable[[], float],
    hub: Hub,
    workers: Workers | SoleWorker,
    counters: BusCounters,
) -> AbstractAsyncContextManager[Bus]:
    """Return what opens the bus of these settings."""
    return open_bus(
        settings.postgresql_url,
        settings.nats_url,
        known_as=workers.known_as,
        listener=WorkerListener(hub, workers),
        watched=hub.watched,
        counters=counters,
        dice=dice,
    )


def recognitions_of(
    settings: Settings,
    dice: Callable[[], float],
    counters: RecognitionCounters,
    nameservers: Sequence[str] | None,
) -> AbstractAsyncContextManager[Recognitions]:
    """Return what opens the recognitions of these settings."""
    local_key = settings.recogniser_api_key
    return open_recognitions(
        stt_url=settings.telnyx_stt_url,
        api_key=settings.telnyx_api_key.get_secret_value(),
        local_url=settings.recogniser_url,
        local_api_key=local_key.get_secret_value() if local_key else None,
        counters=counters,
        dice=dice,
        nameservers=nameservers,
    )
