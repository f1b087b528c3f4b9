"""How many words there are of each kind: of a call, or of all."""

from dataclasses import dataclass, fields


@dataclass(slots=True, kw_only=True)
class Count:
    """How many words there are of each kind.

    Of those that were said, each was heard, lost, cut, or heard of the wrong speaker only.
    """

    said: int = 0
    heard: int = 0
    """Of whom they were said by."""
    lost: int = 0
    told: int = 0
    """Lost, and in a gap that was told of."""
    cut: int = 0
    """Not heard, and of a piece of it too short to be told of the carrier sent nothing."""
    doubled: int = 0
    wrong_track: int = 0
    unsaid: int = 0
    """Heard, and in no script of the call."""
    shifted: int = 0
    """Of finals that begin or end too far from where their words do."""
    untold_ms: int = 0
    """How long the words are that are lost and not told."""

    @property
    def is_wrong(self) -> bool:
        """Whether words were lost without being told, doubled, or on the wrong track."""
        return self.lost > self.told or bool(self.doubled or self.wrong_track)

    def add(self, other: "Count") -> None:
        """Count what another counted as well."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
