"""Which Hutschiene this is; the same as in pyproject.toml, which a device does not have."""

VERSION = "0.1.0"
