"""Every fault of the proof, by the room that it strikes: what it changes, and what it may cost."""
