"""Sanitise what LlamaIndex components are asked, read, remember and answer, by the policies of `secure_core`."""

from .ingestion import SecureTransform
from .llm import SecureLLM
from .memory import SecureMemory
from .postprocessor import SecureNodePostprocessor
from .query_engine import SecureQueryEngine
from .retrievers import SecureRetriever
from .tools import secure_tools

__all__ = [
    "SecureLLM",
    "SecureMemory",
    "SecureNodePostprocessor",
    "SecureQueryEngine",
    "SecureRetriever",
    "SecureTransform",
    "secure_tools",
]
