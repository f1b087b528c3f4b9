"""What is known of words without hearing them: tokens, sounds, key terms, redaction. Pure."""
