"""What is being said, for whoever watches: every durable event once, partials as they come."""
