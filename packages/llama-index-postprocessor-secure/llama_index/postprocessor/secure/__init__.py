"""`SecureNodePostprocessor` under the name that LlamaHub gives postprocessors."""

from llamaindex_secure import SecureNodePostprocessor

__all__ = ["SecureNodePostprocessor"]
