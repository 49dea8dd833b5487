"""A site's TOML: read, judged with line and allowed values, made into what the daemon needs."""
