"""What the golden files of models have in common: a loss, ten AdamW steps, and the files themselves."""

import json

import torch
from safetensors.torch import save_file

STEPS = 10
ADAMW = dict(lr=1e-2, betas=(0.9, 0.95), eps=1e-8)
WEIGHT_DECAY = 0.1


def loss_sum(model, ids, targets):
    logits = model(input_ids=ids).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
    return logits, loss


def groups(parameters):
    """Matrices decay, vectors do not."""
    return [{"params": [p for p in parameters if p.dim() == 2], "weight_decay": WEIGHT_DECAY},
            {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0}]


def take_steps(model, ids, targets, counted, optimizer):
    """The mean loss before each step."""
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        mean = loss_sum(model, ids, targets)[1] / counted
        mean.backward()
        optimizer.step()
        losses.append(mean.item())
    return losses


def write(tensors, expected, path):
    """Writes path.safetensors and path.json."""
    save_file({key: value.contiguous() for key, value in sorted(tensors.items())}, path.with_suffix(".safetensors"))
    path.with_suffix(".json").write_text(json.dumps(expected, indent=2) + "\n")
