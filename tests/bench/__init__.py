"""What the service costs, beside bare programs that do no more than they must: `make bench`."""
