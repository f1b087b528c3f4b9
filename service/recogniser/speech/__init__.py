"""Where speech begins and ends in one stream of audio.

`front_end` decodes, resamples and runs the voice activity detector; `segmenter`, which is pure,
does the endpointing.
"""
