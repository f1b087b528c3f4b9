"""Where speech begins and ends in one stream of audio.

The front end decodes, resamples and runs the voice activity detector; the segmenter, which is
pure, does the endpointing.
"""
