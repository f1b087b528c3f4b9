"""What was said, for whoever looks it up: calls, transcripts and exports, read from the journal.

`calls` describes a call, `participants` who was in it, `transcript` puts its words and notes in the
order they were spoken, and `exports` writes that in the formats that people open. `report` makes
one document of a complete call, with `report_parts` for its words and gaps; `reports` does so from
the journal, as `files` does for archives. `retention` deletes it again, text and audio, when
somebody asks or the time of the route is over; `numbers` is what they may ask it for.
`wording` has the words for the reasons that events give.
`redaction_audit` finds what is kept in clear that would be hidden today.
"""
