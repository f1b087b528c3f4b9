"""Commands to Telnyx."""
