"""The bot's processes with an address each, as on machines of their own: so the emulators see who calls."""

import os
import socket
from typing import Any

from tests.crash import nursery

PROGRAM = "from tests.replicas.address import serve; import sys; serve(int(sys.argv[1]))"
MINE = "TEST_CALLS_FROM"
"""In the environment of a process: its address, one of this machine's own (127.0.0.0/8)."""


def serve(descriptor: int) -> None:
    """Be the nursery, whose children connect from their own addresses."""
    connect = socket.socket.connect

    def from_mine(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_INET and MINE in os.environ:
            self.bind((os.environ[MINE], 0))
        connect(self, address)

    socket.socket.connect = from_mine  # type: ignore[method-assign, assignment]
    nursery.serve(descriptor)
