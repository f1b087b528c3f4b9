"""From a client's bytes to samples.

`samples` is what audio is from here on; `resampling` gives it another rate. `raw` and `wav` audio
is decoded here; containers are decoded by a child process for each stream: `container_reader` is
our side of it, `container_child` the other, `container_messages` what they say.
"""
