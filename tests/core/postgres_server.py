"""A PostgreSQL of our own on a free port of the loopback."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.core.redis_server import free_port


def binaries() -> Path:
    """Return the folder of the server's programs (Debian keeps them beside the path)."""
    found = [Path(each).resolve().parent for each in (shutil.which("initdb"),) if each]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    pytest.skip("needs a PostgreSQL server (Debian: apt-get install postgresql)")


def account() -> dict[str, Any]:
    """Return who runs the server: it refuses to be root."""
    if os.getuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres"}


def start(directory: Path, port: int, *settings: str) -> "subprocess.Popen[bytes]":
    """Start the server on a directory that `made` has made, and wait until it answers."""
    settings += ("listen_addresses=127.0.0.1", f"unix_socket_directories={directory}", "max_connections=300")
    options = ["-D", str(directory / "data"), "-p", str(port), *(part for each in settings for part in ("-c", each))]
    log = (directory / "log").open("ab")
    server = subprocess.Popen([binaries() / "postgres", *options], cwd=directory, stdout=log, stderr=log, **account())
    for _ in range(200):
        time.sleep(0.05)
        ask = [str(binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        if subprocess.run(ask, check=False).returncode == 0:
            return server
    server.kill()
    raise AssertionError("postgres did not start")


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Let the server write everything down and end, whoever is still connected."""
    server.send_signal(signal.SIGINT)
    server.wait()


def made() -> Path:
    """Make the directory of a new cluster."""
    programs, owner = binaries(), account()
    pytest.importorskip("psycopg")
    directory = Path(tempfile.mkdtemp(prefix="vault-postgres-"))
    if owner:
        shutil.chown(directory, "postgres", "postgres")
    command = [str(programs / "initdb"), "-D", str(directory / "data"), "-U", "vault", "-A", "trust"]
    command += ["--locale=C", "-E", "UTF8"]
    subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL, **owner)
    return directory


def address(port: int) -> str:
    return f"postgresql://vault@127.0.0.1:{port}/postgres"


@contextmanager
def running() -> Iterator[str]:
    """Lend a server; what comes back is its address."""
    directory, port = made(), free_port()
    server = start(directory, port)
    try:
        yield address(port)
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(directory, ignore_errors=True)
