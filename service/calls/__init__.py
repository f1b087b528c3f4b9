"""What a call means: sessions, routes, utterances, the call clock. Pure: no clock, no I/O."""
