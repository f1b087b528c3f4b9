"""Who hears a call: media streams, transcriptions, tapes."""
