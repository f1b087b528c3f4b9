"""What was heard of the words that were said: counted."""
