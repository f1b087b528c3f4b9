"""A Telnyx to practise against: API, signed webhooks, media and speech, with faults on purpose."""
