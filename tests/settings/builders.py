"""Keys and secrets of nobody, of the right form."""

PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
SECRET = "whsec_" + "c2VjcmV0" * 4
KEYS = {"TELNYX_API_KEY": "KEY0123456789", "TELNYX_PUBLIC_KEY": PUBLIC_KEY}
