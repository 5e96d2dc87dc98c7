"""The model: one BERT encoder, three small heads, one pass."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from .config import SHAPES, TAGS

SEGMENTS = 2 * SHAPES


class Heads(nn.Module):
    """Reads the encoder's states [B, T, H] and gives three kinds of logits."""

    def __init__(self, hidden: int) -> None:
        """Make heads for states of size ``hidden``."""
        super().__init__()
        self.look = nn.Linear(hidden, 1)
        self.attack = nn.Linear(2 * hidden, 1)
        self.instruction = nn.Linear(hidden, 1)
        self.pii = nn.Linear(hidden, len(TAGS))

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return attack [B], instruction [B, T] and pii [B, T, tags] logits; ``mask`` is [B, T]."""
        shut = (1.0 - mask.to(states.dtype)) * -1e4
        weights = torch.softmax(self.look(states).squeeze(-1) + shut, dim=-1)
        seen = (weights.unsqueeze(-1) * states).sum(dim=1)
        attack = self.attack(torch.cat([states[:, 0], seen], dim=-1)).squeeze(-1)
        return attack, self.instruction(states).squeeze(-1), self.pii(states)


class SecureModel(nn.Module):
    """Encoder and heads; the parameter names are those of the shipped ``model.safetensors``."""

    def __init__(self, config: BertConfig) -> None:
        """Build an untrained model of the given shape."""
        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)
        self.heads = Heads(config.hidden_size)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take [B, T] integers; return the logits of :class:`Heads`."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        logits: tuple[Tensor, Tensor, Tensor] = self.heads(states, attention_mask)
        return logits


def model_config(folder: Path) -> BertConfig:
    """Return the shape of the base model with our segments, without dropout (slow on a CPU)."""
    config = BertConfig.from_pretrained(folder, type_vocab_size=SEGMENTS, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    config._attn_implementation = "eager"
    return config


def from_base(folder: Path) -> SecureModel:
    """Return the base encoder under fresh heads; its word table stays frozen."""
    model = SecureModel(model_config(folder))
    weights = {name.removeprefix("bert."): value for name, value in load_file(folder / "model.safetensors").items()}
    kinds = weights["embeddings.token_type_embeddings.weight"]
    weights["embeddings.token_type_embeddings.weight"] = kinds[:1].repeat(SEGMENTS, 1)
    weights = {name: value for name, value in weights.items() if not name.startswith("pooler.") and "position_ids" not in name}
    model.bert.load_state_dict(weights)
    model.bert.embeddings.word_embeddings.requires_grad_(False)
    return model


def load(folder: Path) -> SecureModel:
    """Return the trained model of an artefact folder, in single precision."""
    config = BertConfig.from_pretrained(folder)
    config._attn_implementation = "eager"
    model = SecureModel(config)
    model.load_state_dict({name: value.float() for name, value in load_file(folder / "model.safetensors").items()})
    return model.eval()
