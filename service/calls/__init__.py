"""What a call means. Pure: no asyncio, clock, logger, vendor or I/O.

`session` takes the `inputs` of one `turn` and gives its outcome: the `state` it led to, `events`
and `commands`. `ordering` puts webhooks in order; `legs` come and go (`answering` is our part in
that, `attaching` somebody else's), `controls` are what people ask for, `phrase_pauses` what they
say (`phrases`), `vitals` the signs that a call lives, and `ending` its end. `connecting` has others
dialled for a leg and bridged (`dialled` finds them), `sides` says who is then on which side, and
`outgoing` begins calls of our own (`dial_wish`). `parties` are who is in the call, in what role,
and `presence` what they do besides talking; `party_webhooks` (as `webhook` says of each) and
`party_events` are what is heard and told of that. `siprec` joins those who come one by one.

Words: `transcription` says whether they are to be had, by the call's route (`routes`,
`route_choice`). `requests` asks Telnyx until what is known is what is wanted, and `results` act on
what came of it (`carrier_answers`); words come from Telnyx (`in_call`) or by audio (`media`,
`streams`), and `troubles` tells when they do not. `transcripts` and `utterances` make them events;
`redactions` hides what is nobody's business in them (`reredaction`: in what is kept), `sound` in
what is recorded, and `silences` in what Telnyx records (`sound_margins`). `gaps`, `pauses` and
`coverage` account for the rest of the time. `carrying` adds what its own application says.
`recordings` tells of audio that is kept (`recorded`), `tapes` has what Telnyx recorded fetched
(`tape_webhooks`, `tape_answers`) and `removals` deleted there, `second_hearing` has it transcribed
once more (`second_hearing_answers`), `archiving` tells of copies elsewhere (`afterwards`,
`archive_answers`, `after_events`), `erasure` forgets all, and `engines/` is who can hear what.
"""
