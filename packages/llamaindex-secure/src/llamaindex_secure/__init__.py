"""Sanitise what LlamaIndex components are asked, read, remember and answer, by the policies of `secure_core`."""

from .agents import secure_agent, secure_step
from .callbacks import SecureCallbackHandler
from .chat_engine import SecureChatEngine
from .embeddings import SecureEmbedding
from .ingestion import SecureTransform
from .instrumentation import SecureEventHandler, instrument, uninstrument
from .llm import SecureLLM
from .memory import SecureMemory, SecureMemoryBlock
from .postprocessor import SecureNodePostprocessor
from .query_engine import SecureQueryEngine
from .retrievers import SecureRetriever
from .tools import secure_tools

__all__ = [
    "SecureCallbackHandler",
    "SecureChatEngine",
    "SecureEmbedding",
    "SecureEventHandler",
    "SecureLLM",
    "SecureMemory",
    "SecureMemoryBlock",
    "SecureNodePostprocessor",
    "SecureQueryEngine",
    "SecureRetriever",
    "SecureTransform",
    "instrument",
    "secure_agent",
    "secure_step",
    "secure_tools",
    "uninstrument",
]
