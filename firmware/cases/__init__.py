"""Scenarios of sim/cases: read, lived through, judged."""
