"""Presidio's recognisers without Presidio's NLP engines.

``import presidio_analyzer`` brings spaCy, and with it torch and transformers where they are
installed: seconds and hundreds of megabytes for expressions and checksums that need none of them.
Here the package's own modules are executed in a private name space in which the NLP engines are
absent. Nothing is left in `sys.modules`: whoever imports Presidio gets the whole of it.
"""

from __future__ import annotations

import builtins
import logging
import re
import threading
from collections.abc import Callable
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

__all__ = ["Presidio", "judges", "presidio", "unfailing"]

_NAME = "presidio_analyzer"

_MUTE = logging.Logger(_NAME)
_MUTE.disabled = True
"""Presidio writes what it cannot validate into its log: text that was judged."""


class _Package(ModuleType):
    """The package's front: each class is fetched from the module that is named after it."""

    def __init__(self, owner: Presidio) -> None:
        super().__init__(_NAME)
        self._owner = owner

    def __getattr__(self, name: str) -> Any:
        if not name[:1].isupper():
            raise AttributeError(name)
        module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        return getattr(self._owner.module(f"{_NAME}.{module}"), name)


class _Absent(ModuleType):
    """Stands for the NLP engines, of which the recognisers want nothing but names for annotations."""

    def __getattr__(self, name: str) -> Any:
        if not name[:1].isupper():
            raise AttributeError(name)
        return object


class Presidio:
    """The recogniser classes of the installed Presidio.

    Raises:
        ImportError: Presidio is not installed, or its modules are not where they used to be.
    """

    def __init__(self) -> None:
        spec = find_spec(_NAME)
        if spec is None or not spec.submodule_search_locations:
            raise ImportError(f"{_NAME} is not installed", name=_NAME)
        self._root = Path(spec.submodule_search_locations[0])
        self._modules: dict[str, ModuleType] = {
            _NAME: _Package(self),
            f"{_NAME}.nlp_engine": _Absent(f"{_NAME}.nlp_engine"),
            f"{_NAME}.predefined_recognizers": ModuleType(f"{_NAME}.predefined_recognizers"),
        }
        self._builtins = {**vars(builtins), "__import__": self._import}
        self.package: Any = self._modules[_NAME]
        # What a `Pattern` compiles is thrown away, and takes longer than all the rest.
        self.module(f"{_NAME}.pattern").__dict__["re"] = SimpleNamespace(compile=str, error=ValueError)
        self._pin_suffixes()

    def recognizers(self) -> list[type]:
        """Return the classes that work on patterns, checksums and phone numbers, in order of name."""
        home = self._root / "predefined_recognizers"
        files = sorted({*home.glob("generic/*.py"), *home.glob("country_specific/*/*.py")})
        names = [".".join((_NAME, *file.relative_to(self._root).with_suffix("").parts)) for file in files]
        modules = [self.module(name) for name in names if not name.endswith("__init__")]
        base = self.package.EntityRecognizer
        own = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
        return sorted({kind for kind in own if issubclass(kind, base) and kind.__module__ in names}, key=str)

    def module(self, name: str) -> ModuleType:
        """Return a module of the package, executed at most once."""
        if name not in self._modules:
            self._modules[name] = self._execute(name)
        return self._modules[name]

    def _execute(self, name: str) -> ModuleType:
        path = self._root.joinpath(*name.split(".")[1:])
        package = path.is_dir()
        file = path / "__init__.py" if package else path.with_suffix(".py")
        if not file.is_file():
            raise ImportError(f"{_NAME} has no {name}; this version of it is not supported", name=_NAME)
        module = self._modules[name] = ModuleType(name)
        module.__file__ = str(file)
        module.__package__ = name if package else name.rpartition(".")[0]
        vars(module)["__builtins__"] = self._builtins
        code = SourceFileLoader(name, str(file)).get_code(name)
        exec(code, vars(module))  # type: ignore[arg-type]  # noqa: S102
        if hasattr(module, "logger"):
            vars(module)["logger"] = _MUTE
        return module

    def _import(self, name: str, scope: Any = None, local: Any = None, names: Any = (), level: int = 0) -> ModuleType:
        if level:
            above = scope["__package__"].split(".")
            name = ".".join([*above[: len(above) - level + 1], *filter(None, [name])])
        if name == "tldextract":  # with the HTTP client that it brings
            return ModuleType(name)
        if name.partition(".")[0] != _NAME:
            return builtins.__import__(name, scope, local, names, 0)
        module = self.module(name)
        return module if names else self._modules[_NAME]

    def _pin_suffixes(self) -> None:
        """Let the e-mail recogniser use the suffix list that tldextract ships; it would fetch a newer one."""
        module: Any = self.module(f"{_NAME}.predefined_recognizers.generic.email_recognizer")
        module.tldextract = SimpleNamespace(extract=lambda host: _suffixes()(host))


@cache
def _suffixes() -> Callable[[str], Any]:
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


_lock = threading.Lock()
_loaded: Presidio | None = None


def presidio() -> Presidio:
    """Return the recognisers' name space, made once."""
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = Presidio()
        return _loaded


def judges(recognizer: Any, method: str = "validate_result") -> bool:
    """Say whether a pattern recogniser looks at what its expressions matched."""
    if method in vars(recognizer):
        return True
    owner = next((kind for kind in type(recognizer).__mro__ if method in vars(kind)), object)
    return owner.__name__ not in ("PatternRecognizer", "object")


def unfailing(recognizer: Any) -> Any:
    """Return ``recognizer``, whose checks have no opinion where they would raise.

    Some of Presidio's checks raise, with the character in the message, on digits that are not ASCII.
    """
    for method in ("validate_result", "invalidate_result"):
        if judges(recognizer, method):
            setattr(recognizer, method, _unfailing(getattr(recognizer, method)))
    return recognizer


def _unfailing(check: Callable[[str], bool | None]) -> Callable[[str], bool | None]:
    def checked(match: str) -> bool | None:
        try:
            return check(match)
        except Exception:  # whatever it is, it must not leave: it may quote the text
            return None

    return checked
