"""A speech engine of our own behind the same WebSocket and REST protocol as Telnyx STT.

The rooms, from the top; each imports only what stands below it:

    process      a recogniser as somebody's child, and what watches over it
    server       listens, and puts the routes together
    live, files  a stream over a WebSocket; a whole file over HTTP
    api          what both share: who may come in, refusals, languages
    scheduling   which thread runs what, and when
    speech       where speech begins and ends in a stream
    models       the networks, and what each is asked
    text, audio  words without sound; samples out of a client's bytes
"""
