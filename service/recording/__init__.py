"""Captured audio: one two-channel file a call, written while people talk.

The event loop fills a queue per stream (`writer`); one thread mixes the tracks and writes the
file, plain WAV or encrypted; `recorder` runs both and keeps the index of recordings.
"""
