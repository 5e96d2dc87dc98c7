"""A Redis of our own on a free port of the loopback."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(directory: Path, port: int, *, durable: bool = True) -> "subprocess.Popen[bytes]":
    """Start the server and wait until it answers."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("needs redis-server (Debian: apt-get install redis-server)")
    options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory), "--save", ""]
    options += ["--appendonly", "yes", "--appendfsync", "always"] if durable else ["--appendonly", "no"]
    server = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        time.sleep(0.05)
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as wire:
                wire.sendall(b"PING\r\n")
                if wire.recv(16).startswith(b"+PONG"):
                    return server
        except OSError:
            continue
    server.kill()
    raise AssertionError("redis-server did not start")


@contextmanager
def running(directory: Path, *, durable: bool = True) -> Iterator[str]:
    """Lend a server; what comes back is its address."""
    port = free_port()
    server = start(directory, port, durable=durable)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()
