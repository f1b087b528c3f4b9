"""What was said, for whoever looks it up: views, exports, recordings, retention and erasure."""
