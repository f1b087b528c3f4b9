"""What was said, for whoever looks it up: calls, transcripts and exports, read from the journal.

`retention` deletes it again, text and audio, when somebody asks or the time of the route is over.
"""
