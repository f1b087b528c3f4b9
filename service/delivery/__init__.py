"""Delivers events to endpoints: lanes, retries, signing and sinks.

`lanes` is the room's door. Each of the `endpoints` has a `dispatcher`, which takes the `lane` that
`schedule` says is next and has it handled by `handler`: one of its `attempts` at what `batches`
puts together, and what follows from how that ended; `memories` has what is known of lanes that are
not there, `gaps` finds what such a one gave up, `backlog` those that are to be there, and `trouble`
why one that waits does. Endpoints of one `host` share places for attempts, and a `breaker` that
spares it while nobody is there; `probes` chooses what it is tried with then, and a `record` knows
how an endpoint does. `partials` chooses which partials go out, and `acks` writes to the journal how
far lanes came. `sinks` opens what makes an attempt: `webhook`, which may go where `url_policy` lets
it and has `signing` sign, or `log`, or `archive`, which puts a complete call into an
`object_store`; `archive_disk` has a folder keep it when the power fails. `replays` is what people
do about deliveries, `switches` what they do about endpoints; `notices` tells the other endpoints of
that. `certification` tries a receiver that somebody wrote.

A delivery that is given up is *parked*: the journal's list of parked deliveries is the
dead-letter queue, from which people retry.
"""
