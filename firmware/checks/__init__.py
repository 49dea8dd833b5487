"""What `check` says of a site beyond its grammar."""
