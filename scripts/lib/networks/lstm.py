"""Classification of a shot by the sequence of its frames' features (paper sections 4.3 and 5.2)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence


class SequenceClassifier(torch.nn.Module):
    """An LSTM in one direction, and a linear layer on the top layer's state at a sequence's last frame.

    Args:
        width: of the features, D.
        hidden: width of the LSTM's state.
        layers: of the LSTM.
        n_classes: C.
    """

    def __init__(self, width: int, hidden: int, layers: int, n_classes: int):
        super().__init__()
        self.lstm = torch.nn.LSTM(width, hidden, layers, batch_first=True)
        self.classifier = torch.nn.Linear(hidden, n_classes)

    @classmethod
    def of_weights(cls, weights: dict[str, torch.Tensor]) -> "SequenceClassifier":
        """The network with this state dict, whose shapes tell its arguments."""
        layers = sum(name.startswith("lstm.weight_hh") for name in weights)
        (n_classes, hidden), width = weights["classifier.weight"].shape, weights["lstm.weight_ih_l0"].shape[1]
        network = cls(width, hidden, layers, n_classes)
        network.load_state_dict(weights)
        return network

    def forward(self, features: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Logits (B, C) of sequences in any order: features (B, T, D), padded at the end, and lengths (B,)."""
        packed = pack_padded_sequence(features, lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, (state, _) = self.lstm(packed)
        return self.classifier(state[-1])


def pad(sequences: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Sequences (T, D) as the arguments of `SequenceClassifier`: features (B, longest T, D) float32, lengths (B,)."""
    tensors = [torch.from_numpy(np.asarray(sequence, np.float32)) for sequence in sequences]
    return pad_sequence(tensors, batch_first=True), torch.tensor([len(sequence) for sequence in sequences])


def classify(network: SequenceClassifier, sequences: Sequence[np.ndarray], batch_size: int) -> np.ndarray:
    """Logits (N, C) float32 of sequences, in their order."""
    device = next(network.parameters()).device
    parts = []
    with torch.inference_mode():
        for start in range(0, len(sequences), batch_size):
            features, lengths = pad(sequences[start : start + batch_size])
            parts.append(network(features.to(device), lengths).float().cpu().numpy())
    return np.concatenate(parts)
