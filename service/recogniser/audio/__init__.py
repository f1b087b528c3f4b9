"""From a client's bytes to samples.

`samples` is what audio is from here on; `resampling` gives it another rate, `denoising` takes noise
out, and `mixing` makes one channel of several, and of several tracks. `raw` and `wav` audio is
decoded here (`wav_format` reads what its samples are); containers are decoded by a child process
for each stream: `container_reader` is our side of it, `container_child` the other, which chooses
and times the tracks (`container_tracks`) and writes (`container_writer`) what `container_messages`
say; `framing` makes such a stream of packets that have no container. `raw_files` knows what a file
without a header is, by its name; `file_reader` reads a file in whichever way it needs.
"""
