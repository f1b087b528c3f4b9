"""A Telnyx to practise against."""
