"""Frames of radio meters from the stick to the broker, exactly once."""
