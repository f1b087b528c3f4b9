"""Whole files, transcribed over REST, for the command line and for recordings after a call."""
