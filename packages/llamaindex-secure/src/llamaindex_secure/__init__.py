"""Sanitise what LlamaIndex engines retrieve and answer, by the policies of `secure_core`."""

from .llm import SecureLLM
from .postprocessor import SecureNodePostprocessor
from .query_engine import SecureQueryEngine

__all__ = ["SecureLLM", "SecureNodePostprocessor", "SecureQueryEngine"]
