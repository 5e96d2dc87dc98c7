"""Sanitise what LangChain pipelines retrieve, call and say."""

from .callbacks import Capabilities, SecureCallbackHandler
from .chat_models import SecureChatModel, secure_model
from .retrievers import SecureRetriever
from .runnables import SecureInput, SecureOutput, SecureRunnable

__all__ = [
    "Capabilities",
    "SecureCallbackHandler",
    "SecureChatModel",
    "SecureInput",
    "SecureOutput",
    "SecureRetriever",
    "SecureRunnable",
    "secure_model",
]
