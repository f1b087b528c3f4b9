"""From a client's bytes to samples: codecs, containers, sample rates."""
