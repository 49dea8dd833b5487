"""A site's devices as twins on a simulated house."""
