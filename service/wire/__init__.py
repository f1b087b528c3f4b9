"""Wire formats, pure: bytes in, typed values out, and back. Every room may read these."""
