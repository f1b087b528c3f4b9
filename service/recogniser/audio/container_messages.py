"""What a container child is told on its command line, and the messages that it writes.

A message is a kind, a length and a body; numbers in a body are little-endian.
"""

import struct
from typing import Final

HEADER: Final = struct.Struct("<cI")
FORMAT: Final = b"T"
"""What a track's audio is from here on: a `FORMAT_BODY`. All tracks have the same sample rate."""
FORMAT_BODY: Final = struct.Struct("<BIB")
"""The track's number, the sample rate, how many channels are interleaved."""
AUDIO: Final = b"A"
"""The number of its track, 1 byte, and `linear16`."""
NOTE: Final = b"N"
"""What of the input is not in the audio, or is not as it was, in ASCII."""
MARK: Final = b"M"
"""How many bytes of the input are used up, 8 bytes."""
CHANNELS: Final = b"C"
"""How many channels there are, 4 bytes: the first message, if one of them was asked for."""
FAULT: Final = b"F"
"""Why the input cannot be read: the last message."""
DONE: Final = b"D"
"""The end of the audio: the last message."""

LIVE_FLAG: Final = "--live"
CHANNEL_FLAG: Final = "--channel="
"""Which channel to give, from 0; without it, all of them mixed."""
FILE_DEMUXERS: Final = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpegts,"
    "ogg,w64,wav,wv"
)
"""What a file may be read with. None of them opens other files or addresses."""
