"""Retries of parked deliveries that somebody asked for, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import structlog

from service.api.problems import RefusalError, not_found, too_many
from service.delivery.endpoints import Endpoint
from service.delivery.replays import retry_parked
from service.delivery.sinks import OpenSink, open_sink
from service.errors import DeliveryError, EndpointGoneError, JournalError, SettingsError
from service.ports import Journal, Reports
from service.tasks import Tasks, open_tasks

PATIENCE_S = 5.0
"""How long a request waits for the outcome."""
MAX_AT_ONCE = 16
_NO_ENDPOINT = "Its endpoint is not configured any more, cannot be used, or takes no such event."
_DISABLED = "The endpoint is disabled."
_NO_JOURNAL = "The database does not answer: try again."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tried:
    """How a retry went so far."""

    state: Literal["arrived", "failed", "trying"]
    status: int | None = None


class Retries:
    """Retries parked deliveries, each once at a time: who asks again joins the retry that runs.

    At most `MAX_AT_ONCE` run; one more is refused. Made by `open_retries`.
    """

    def __init__(
        self,
        journal: Journal,
        endpoints: Sequence[Endpoint],
        tasks: Tasks,
        *,
        reports: Reports,
        sink: OpenSink,
        patience_s: float,
    ) -> None:
        self._journal = journal
        self._reports = reports
        self._endpoints = endpoints
        self._tasks = tasks
        self._sink = sink
        self._patience_s = patience_s
        self._running: dict[int, asyncio.Task[Tried | RefusalError]] = {}

    async def retry(self, parked_id: int) -> Tried:
        """Retry a delivery and return how it went, or after a while that it is being tried.

        Raises:
            RefusalError: 404: it is not parked; 409: its endpoint is disabled, or configured no
                more; 429: too many are being tried; 503: the journal does not answer; 500:
                something nobody foresaw, which is logged.
        """
        task = self._running.get(parked_id)
        if task is None:
            if len(self._running) >= MAX_AT_ONCE:
                raise too_many(1.0, "Too many deliveries are being tried at this moment.")
            task = self._tasks.start(self._try(parked_id), "retry_delivery", of=str(parked_id))
            self._running[parked_id] = task
            task.add_done_callback(lambda _: self._running.pop(parked_id))
        done, _ = await asyncio.wait({task}, timeout=self._patience_s)
        if not done:
            return Tried("trying")
        if (error := task.exception()) is not None:
            raise RefusalError(
                HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed here, and is in the log."
            ) from error
        outcome = task.result()
        if isinstance(outcome, RefusalError):
            raise outcome
        return outcome

    async def _try(self, parked_id: int) -> Tried | RefusalError:
        try:
            retried = await retry_parked(
                self._journal, self._endpoints, parked_id, reports=self._reports, sink=self._sink
            )
        except DeliveryError as error:
            if isinstance(error, EndpointGoneError) and error.status is None:
                return RefusalError(HTTPStatus.CONFLICT, _DISABLED)
            log.info("delivery_tried_again", parked_id=parked_id, outcome="failed")
            return Tried("failed", error.status)
        except SettingsError:
            return RefusalError(HTTPStatus.CONFLICT, _NO_ENDPOINT)
        except JournalError as error:
            log.warning("request_not_served", reason=str(error))
            return RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, _NO_JOURNAL)
        if retried == "not_parked":
            return not_found("parked delivery")
        log.info("delivery_tried_again", parked_id=parked_id, outcome=retried)
        return Tried("arrived" if retried == "arrived" else "trying")


@asynccontextmanager
async def open_retries(
    journal: Journal,
    endpoints: Sequence[Endpoint],
    *,
    reports: Reports,
    sink: OpenSink = open_sink,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[Retries]:
    """Open the retries of these endpoints; on leaving, those that run are broken off.

    What was broken off stays parked, though it may have arrived: receivers know it by its id.
    """
    async with open_tasks() as tasks:
        yield Retries(journal, endpoints, tasks, reports=reports, sink=sink, patience_s=patience_s)
