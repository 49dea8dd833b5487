"""What the daemon serves over HTTP: the page, the read API, metrics."""
