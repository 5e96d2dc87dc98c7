"""How the command line says that it was used wrongly."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from .errors import SecureError

__all__ = ["refuse", "usage_errors"]


@contextmanager
def usage_errors() -> Iterator[None]:
    """Print what the library refuses, and end with exit status 2."""
    try:
        yield
    except (SecureError, OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        refuse(str(error))


def refuse(message: str) -> NoReturn:
    """Print a message and end with exit status 2."""
    print(f"secure-core: {message}", file=sys.stderr)
    raise typer.Exit(2)
