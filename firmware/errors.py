"""What a person can put right: said in words on stderr, exit code 1, no traceback."""


class UserError(Exception):
    """Its words name the place and say what is allowed, or what to do."""
