"""Captured audio: one two-channel file a call, written while people talk.

The event loop fills a queue per stream (`writer`); one thread mixes the tracks (`mixer`) and writes
the file (`files`: a plain `wav`, or `encrypted`; both through `disk`). `recorder` runs both and
keeps the index of recordings; `backup` puts them beside a copy of the journal.
"""
