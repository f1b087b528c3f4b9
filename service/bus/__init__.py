"""The bus between workers of one database: what they tell each other, and may lose.

`opening` opens what the settings ask for: `alone` on SQLite, where there is nobody to tell;
`notify` (NOTIFY and LISTEN) on PostgreSQL; `nats_core` where there is NATS. The last two are
`transports` of payloads. `worker_bus` sends what waits in the `outbox`, a batch at a time, and
connects anew; the `inbox` reads what comes. `messages` is how a payload is written, `interests` who
wants which partials, and `counters` what is counted.

`listener` brings what is heard to the feed; by `audience` others hear of what happens here.
"""
