"""Whole files, transcribed over REST: the client of the command line, and what it gives back."""
