"""Where speech begins and ends in one stream of audio."""
