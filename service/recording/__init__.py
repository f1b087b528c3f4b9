"""What the fork carried, kept: one two-channel file a call, written while people talk."""
