"""`callscribe transcribe`: transcribes a file or an address, or follows a live stream.

`command` reads the command line and writes the transcript, `target` says where audio is sent and
with which key, `follow` shows what is heard of a stream while it is heard.
"""
