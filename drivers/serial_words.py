"""Why a serial port cannot be had or was lost, in words a person can act on; pyserial says the path twice."""

import os


def why(error: Exception) -> str:
    """Of an OSError (serial.SerialException is one), ValueError or termios.error."""
    text = str(error)
    if "exclusively lock" in text:
        return "another program has it open"
    if "configure port" in text:
        return "no serial port"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return text
