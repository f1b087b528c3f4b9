"""Workers: several services on one database, and which of them works on which call.

`alone` is for one service that has a journal to itself. Else a `membership` of the roster keeps the
`lease` alive, and sees by their `likeness` whether the others have the same settings; `shared` says
whose a call is and takes it; the `mailbox` passes on what came to one worker and is another's, as
`mail`, by `sealing`; `takeover` looks after calls of workers that are gone. `room` opens it all;
`counters` are for the metrics.
"""
