"""What a core is wanted for."""

from enum import Enum


class Priority(Enum):
    """The classes of the queue for a core, the first of them served first.

    The values are the `work` labels of the metrics.
    """

    FINAL = "final"
    PARTIAL = "partial"
    BATCH = "file"
    """For a whole file: nobody listens to it as it happens."""
