"""How well and how quickly speech is understood, beside other engines: `make bench`."""
