"""From a client's bytes to samples.

Raw and WAV audio is decoded here; containers are decoded by a child process for each stream.
"""
