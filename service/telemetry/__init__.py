"""What can be measured from outside: metrics to be scraped, traces to be sent."""
