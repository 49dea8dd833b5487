"""What the house measured, kept so that others can check it."""
