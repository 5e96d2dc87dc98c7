"""The small model's own weights in torch, on a GPU if there is one: half precision on file, single in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from .artefact import PUBLIC_KEY, Artefact
from .process import once
from .small import Batch, Logits, SmallClassifier

__all__ = ["SmallModel", "TorchClassifier"]


class SmallModel(nn.Module):
    """A BERT encoder under three heads; its parameters are named as in ``model.safetensors``."""

    def __init__(self, config: BertConfig, tags: int) -> None:
        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)
        self.heads = _Heads(config.hidden_size, tags)

    def forward(self, ids: Tensor, mask: Tensor, segments: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take [B, T] integers; return the logits of attacks [B], orders [B, T] and entities [B, T, tags]."""
        states = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=segments).last_hidden_state
        logits: tuple[Tensor, Tensor, Tensor] = self.heads(states, mask)
        return logits


class _Heads(nn.Module):
    """Reads states [B, T, H]. An attack is judged by the first state and by a mean that looks where it likes."""

    def __init__(self, hidden: int, tags: int) -> None:
        super().__init__()
        self.look = nn.Linear(hidden, 1)
        self.attack = nn.Linear(2 * hidden, 1)
        self.instruction = nn.Linear(hidden, 1)
        self.pii = nn.Linear(hidden, tags)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shut = (1.0 - mask.to(states.dtype)) * -1e4
        weights = torch.softmax(self.look(states).squeeze(-1) + shut, dim=-1)
        seen = (weights.unsqueeze(-1) * states).sum(dim=1)
        attack = self.attack(torch.cat([states[:, 0], seen], dim=-1)).squeeze(-1)
        return attack, self.instruction(states).squeeze(-1), self.pii(states)


class TorchClassifier(SmallClassifier):
    """For machines with a GPU: many windows at a time, in the single precision that int8 was made from.

    Args:
        folder: a signed folder that holds ``model.safetensors``; it is not in the wheel.
        device: as torch names it; a GPU if there is one.
        batch_tokens: the most tokens of one forward pass.
        public_key: verifies the folder's manifest; ours by default.

    Raises:
        IntegrityError: a file is missing, or is not what the signed manifest says.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        device: str | None = None,
        batch_tokens: int = 8192,
        public_key: str = PUBLIC_KEY,
    ) -> None:
        artefact = Artefact(folder, public_key)
        artefact.read("model.safetensors")
        super().__init__(artefact, batch_tokens)
        self._device, self._public_key = device or best_device(), public_key

    def __reduce__(self) -> tuple[Callable[..., TorchClassifier], tuple[Any, ...]]:
        return _rebuilt, (str(self.artefact.folder), self._device, self._batch_tokens, self._public_key)

    @property
    def version(self) -> str:
        """The artefact's, and that these are not the int8 weights."""
        return f"{self.artefact.version}:float"

    def _forward(self, batch: Batch) -> Logits:
        model = once(("torch", self.version, self._device), self._model)
        with torch.inference_mode():
            logits = model(*(torch.from_numpy(each).to(self._device) for each in batch))
        attack, orders, entities = (each.float().cpu().numpy() for each in logits)
        return attack, orders, entities

    def _model(self) -> SmallModel:
        config = BertConfig(**self.artefact.config)
        config._attn_implementation = "eager"
        model = SmallModel(config, len(self.tags))
        model.load_state_dict({name: v.float() for name, v in load(self.artefact.read("model.safetensors")).items()})
        return model.eval().to(self._device)


def _rebuilt(folder: str, device: str, batch_tokens: int, public_key: str) -> TorchClassifier:
    return TorchClassifier(folder, device=device, batch_tokens=batch_tokens, public_key=public_key)


def best_device() -> str:
    """Return the name of a GPU that torch can use, or ``"cpu"``."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
