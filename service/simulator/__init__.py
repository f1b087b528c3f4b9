"""A simulated Telnyx: API, signed webhooks, media and speech, with faults that are set.

A scenario (`scenario`) says which calls there are (`calls`, `legs`), what is said in them
(`speech`), and what fails; `api` is what an application talks to, by Telnyx's `rules`; `media` and
`stt` stream, record and recognise; `server` opens it all, and `report` says what happened.
"""
