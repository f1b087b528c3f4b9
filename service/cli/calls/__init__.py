"""`callscribe calls` and `callscribe search`: lists, shows, follows, exports and erases calls.

`command` reads the command line, `reading` prints, `erase` deletes for good. All of it works on
the journal, beside a running service.
"""
