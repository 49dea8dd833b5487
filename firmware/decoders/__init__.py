"""What `decode` shows, one file a kind of wire."""
