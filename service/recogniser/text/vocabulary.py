"""The speech model's tokens: which bytes each stands for, and how it tokenises a text. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

SPACE: Final = "\u2581"
"""What stands for a space; a token that begins with it begins a word."""
_FIRST_MADE: Final = 259
"""Tokens from here on are put together of shorter ones, the more frequent the earlier."""
_TWO_BYTE_LENGTH: Final = 0x80


def read_tokens(data: bytes) -> list[bytes]:
    """Read a tokenizer file: each token's length (two bytes from 128 on), then its bytes."""
    tokens, at = [], 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= _TWO_BYTE_LENGTH:
            length = data[at] * _TWO_BYTE_LENGTH + length - _TWO_BYTE_LENGTH
            at += 1
        tokens.append(data[at : at + length])
        at += length
    return tokens


class Vocabulary:
    """Turns texts into token numbers and back."""

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self._tokens = tokens
        self._numbers = {token: number for number, token in enumerate(tokens)}

    def text(self, numbers: Sequence[int]) -> str:
        """Return what these tokens spell; a word that begins has a space before it."""
        spelt = b"".join(self._tokens[number] for number in numbers)
        return spelt.decode(errors="replace").replace(SPACE, " ")

    def begins_word(self, number: int) -> bool:
        """Whether a token begins a word."""
        return self._tokens[number].startswith(SPACE.encode())

    def tokenize(self, text: str) -> list[int]:
        """Return a text as tokens, cut as the model's teachers did: the most frequent pairs first.

        Takes the square of the text's length; meant for words, not for books.
        """
        pieces = [piece for sign in text.replace(" ", SPACE) for piece in self._pieces(sign)]
        while True:
            pairs = [
                (self._numbers.get(one + other, 0), at)
                for at, (one, other) in enumerate(pairwise(pieces))
            ]
            known = [pair for pair in pairs if pair[0] >= _FIRST_MADE]
            if not known:
                return [self._numbers[piece] for piece in pieces]
            _, at = min(known)
            pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]

    def _pieces(self, sign: str) -> list[bytes]:
        """Return a sign as the token it has, else as the tokens of its bytes."""
        whole = sign.encode()
        return [whole] if whole in self._numbers else [bytes([byte]) for byte in whole]
