"""The tee: every webhook of Telnyx's is passed on, as it came, to an application of the customer's.

`tee` keeps what came, before Telnyx gets its answer; `forwarder` brings it there, a `lane` for each
call, by one attempt of `post` after the other. `counters` say how that goes. `envelope` is a
webhook with its headers, `opening` puts it together.
"""
