"""A worker's place in the pool."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Seat:
    """One of the workers that share a port: the supervisor gives each its own.

    Written as `number/of@port:folder`, for the command line of the worker.
    """

    number: int
    """From 1 up to `of`."""
    of: int
    port: int
    """What all of them listen on."""
    folder: Path
    """Where each has a socket for the others. Nobody else may enter it."""

    def __str__(self) -> str:
        """Return the seat as `read_seat` takes it."""
        return f"{self.number}/{self.of}@{self.port}:{self.folder}"

    def socket_of(self, number: int) -> Path:
        """Return where a worker answers the others."""
        return self.folder / f"{number}.sock"

    @property
    def others(self) -> list[int]:
        """The numbers of the other workers."""
        return [number for number in range(1, self.of + 1) if number != self.number]


def read_seat(text: str) -> Seat:
    """Read what `str(seat)` wrote.

    Raises:
        ValueError: It is no seat.
    """
    place, _, folder = text.partition(":")
    place, _, port = place.partition("@")
    number, _, of = place.partition("/")
    return Seat(int(number), int(of), int(port), Path(folder))
