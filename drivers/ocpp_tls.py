"""TLS of the port for charge points (security profile 2), whose certificate may be renewed while it listens.

Connections that stand keep theirs; whoever calls from then on sees the new one.
"""

import os
import ssl
import sys

LOOK_S = 60.0


class Certificate:
    """Raises OSError or ssl.SSLError where there is none to begin with."""

    def __init__(self, cert: str, key: str) -> None:
        self._files = cert, key
        self._seen = self._stamp()
        self._fault = ""
        self.context = fresh(cert, key)

    def look(self) -> None:
        """Takes what its owner has put in its place; one that does not fit (half of it is written) waits."""
        seen = self._stamp()
        if seen == self._seen:
            return
        try:
            fresh(*self._files)  # a context that has failed cannot be used any more
            self.context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            fault = f"ocpp: the new certificate is not used: {error.strerror or error}"
            if fault != self._fault:
                print(fault, file=sys.stderr, flush=True)
            self._fault = fault
            return
        self._seen, self._fault = seen, ""
        print(f"ocpp: {self._files[0]} was renewed, and is used", file=sys.stderr, flush=True)

    def _stamp(self) -> "tuple[tuple[int, int, int], ...]":
        """() while a file is missing."""
        try:
            found = [os.stat(path) for path in self._files]
        except OSError:
            return ()
        return tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in found)


def fresh(cert: str, key: str) -> ssl.SSLContext:
    out = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    out.minimum_version = ssl.TLSVersion.TLSv1_2  # security profile 2
    out.load_cert_chain(cert, key)
    return out
