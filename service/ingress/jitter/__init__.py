"""The jitter buffer: the frames of a media stream, in order and once, and the time that is missing.

`jitter_buffer` is the front. `sequence_numbers` finds out which number counts the frames,
`reorder_buffer` puts them in order by it, `playout_clock` tells stalls from late audio, `stamps`
says where in late audio something is missing. All pure.
"""
