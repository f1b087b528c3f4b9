"""Captured audio: one two-channel file a call, written while people talk.

The event loop fills a queue per stream (`writer`); one thread mixes the tracks (`mixer`; `careful`
where nothing may be written before it is known what of it is hidden) and writes the file
(`files`: a plain `wav`, or `encrypted`; both through `disk`). `recorder` runs both and keeps the
index of recordings; `tape_shelf` puts Telnyx's there (`tape`, read by `riff`); `silencing` takes
out of one what is hidden later, `reading` gives copies out (`tracks`: one by one), and `backup`
puts them beside a copy of the journal.
"""
