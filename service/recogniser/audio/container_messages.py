"""What an unpacking child is told, and the messages it writes: a kind, a length and a body."""

import struct
from typing import Final

HEADER: Final = struct.Struct("<cI")
RATE, AUDIO, MARK, FAULT, DONE = b"R", b"A", b"M", b"F", b"D"
"""Sample rate, 4 bytes; mono `linear16`; bytes of input used up, 8 bytes; why it cannot be read;
the end. Numbers are little-endian."""
CHANNELS: Final = b"C"
"""How many channels there are, 4 bytes: the first message, if one of them was asked for."""
LIVE_FLAG: Final = "--live"
CHANNEL_FLAG: Final = "--channel="
"""Which channel to give, from 0; without it, all of them mixed."""
ANY: Final = "aac,aiff,amr,caf,flac,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,ogg,w64,wav"
"""The demuxers a file may be read with. None of them opens other files or addresses."""
