"""Who runs on which thread and when, and what that costs."""
