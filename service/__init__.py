"""Callscribe transcribes phone calls while they happen."""

__version__ = "0.1.0"
