"""What consumes the audio of a leg: media streams, transcriptions, recordings."""
