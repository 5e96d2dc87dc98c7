"""Sanitise what LangChain pipelines retrieve, call, remember and say."""

from importlib import import_module
from typing import TYPE_CHECKING

from .attachment import secured  # from here on LangChain looks for LANGCHAIN_SECURE in the environment

if TYPE_CHECKING:
    from .attempts import not_blocked
    from .callbacks import Capabilities, SecureCallbackHandler
    from .chat_history import SecureChatMessageHistory
    from .chat_models import SecureChatModel, secure_model
    from .document_compressors import SecureDocumentCompressor
    from .document_transformers import SecureDocumentTransformer
    from .embeddings import SecureEmbeddings
    from .graphs import secure_input
    from .mcp import SecureMCPInterceptor
    from .middleware import SecureMiddleware
    from .rate_limiters import SecureRateLimiter
    from .retrievers import SecureRetriever
    from .runnables import SecureInput, SecureOutput, SecureRestore, SecureRunnable
    from .serializers import SecureSerializer
    from .tools import SecureTool, ToolDenied, secure_tools
    from .vectorstores import SecureVectorStore

__all__ = [
    "Capabilities",
    "SecureCallbackHandler",
    "SecureChatMessageHistory",
    "SecureChatModel",
    "SecureDocumentCompressor",
    "SecureDocumentTransformer",
    "SecureEmbeddings",
    "SecureInput",
    "SecureMCPInterceptor",
    "SecureMiddleware",
    "SecureOutput",
    "SecureRateLimiter",
    "SecureRestore",
    "SecureRetriever",
    "SecureRunnable",
    "SecureSerializer",
    "SecureTool",
    "SecureVectorStore",
    "ToolDenied",
    "not_blocked",
    "secure_input",
    "secure_model",
    "secure_tools",
    "secured",
]

_LATE = {
    "Capabilities": "callbacks",
    "SecureCallbackHandler": "callbacks",
    "SecureChatMessageHistory": "chat_history",
    "SecureChatModel": "chat_models",
    "SecureDocumentCompressor": "document_compressors",
    "SecureDocumentTransformer": "document_transformers",
    "SecureEmbeddings": "embeddings",
    "SecureInput": "runnables",
    "SecureMCPInterceptor": "mcp",
    "SecureMiddleware": "middleware",
    "SecureOutput": "runnables",
    "SecureRateLimiter": "rate_limiters",
    "SecureRestore": "runnables",
    "SecureRetriever": "retrievers",
    "SecureRunnable": "runnables",
    "SecureSerializer": "serializers",
    "SecureTool": "tools",
    "SecureVectorStore": "vectorstores",
    "ToolDenied": "tools",
    "not_blocked": "attempts",
    "secure_input": "graphs",
    "secure_model": "chat_models",
    "secure_tools": "tools",
}
"""The names that are imported when they are asked for (PEP 562), and their modules."""

_EXTRAS = {"graphs": "agents", "middleware": "agents", "mcp": "mcp"}
"""The modules that stand on packages which an extra installs, and its name."""


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _LATE[name]
    try:
        value = getattr(import_module(f"{__name__}.{module}"), name)
    except ModuleNotFoundError as error:
        if module not in _EXTRAS:
            raise
        extra = f"pip install 'langchain-secure[{_EXTRAS[module]}]'"
        raise ImportError(f"{name} needs {error.name}, which is not installed: {extra}", name=error.name) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
