"""Calls in which texts are said, one after the other."""

from typing import Final, get_args

from service.redaction.labels import Kind
from service.redaction.memory import Memory, Policy
from service.redaction.redactor import Redacted, Spoken, redact

KINDS: Final[frozenset[Kind]] = frozenset(get_args(Kind))
ALL: Final = Policy(KINDS)
T0: Final = 1_700_000_000.0


class Call:
    """A call that is redacted; times are seconds since its start."""

    def __init__(self, policy: Policy = ALL, language: str | None = "en") -> None:
        self.memory = Memory()
        self._policy, self._language = policy._replace(language=language), language
        self.now = 0.0

    def final(self, text: str, *, key: str = "in", words: tuple[str, ...] = ()) -> str:
        """Say something two seconds later; return what is shown."""
        return self.hear(text, key=key, words=words, is_final=True).text

    def partial(self, text: str, *, key: str = "in") -> str:
        """Say something that is not settled, a little later; return what is shown."""
        return self.hear(text, key=key, is_final=False).text

    def hear(
        self, text: str, *, key: str = "in", words: tuple[str, ...] = (), is_final: bool
    ) -> Redacted:
        """Say something; return all that is shown."""
        self.now += 2.0 if is_final else 0.3
        spoken = Spoken(
            text=text,
            key=key,
            at=T0 + self.now,
            is_final=is_final,
            language=self._language,
            words=words,
        )
        return redact(self.memory, self._policy, spoken)
