"""Makes the golden files of LanguageModelGoldenTest and AdamWTest with transformers and torch.

Usage: python scripts/golden/model.py    (torch 2.13, transformers 5.18, safetensors)
Writes src/test/resources/golden/model/<name>.safetensors and <name>.json: three tiny Llama models, their tokens, logits,
loss, gradients, and the losses and final weights and moments of ten AdamW steps.
"""

import pathlib

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from steps import ADAMW, groups, loss_sum, take_steps, write

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src/test/resources/golden/model"
SHAPES = {
    "multi-head": dict(heads=4, key_value_heads=4, tied=False),
    "grouped-query": dict(heads=4, key_value_heads=2, tied=False),
    "tied": dict(heads=2, key_value_heads=1, tied=True),
}
VOCABULARY, HIDDEN, LAYERS, INTERMEDIATE, CONTEXT, BATCH, TIME = 41, 16, 2, 24, 20, 3, 13


def make(name, heads, key_value_heads, tied):
    torch.manual_seed(len(name))
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=heads,
        num_key_value_heads=key_value_heads, intermediate_size=INTERMEDIATE, max_position_embeddings=CONTEXT,
        rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=tied, hidden_act="silu", attention_bias=False))
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for parameter in parameters.values():  # Larger than usual, and no norm weight of exactly one.
            parameter.mul_(5) if parameter.dim() == 2 else parameter.add_(torch.randn_like(parameter) * 0.2)
    ids = torch.randint(VOCABULARY, (BATCH, TIME))
    targets = torch.randint(VOCABULARY, (BATCH, TIME))
    targets[0, :5] = -100
    counted = int((targets != -100).sum())

    tensors = {"weight." + key: value.detach().clone() for key, value in parameters.items()}
    logits, loss = loss_sum(model, ids, targets)
    loss.backward()
    tensors |= {"ids": ids, "targets": targets, "logits": logits.detach()}
    tensors |= {"gradient." + key: value.grad.clone() for key, value in parameters.items()}

    optimizer = torch.optim.AdamW(groups(parameters.values()), **ADAMW)
    losses = take_steps(model, ids, targets, counted, optimizer)
    for key, value in parameters.items():
        tensors["final." + key] = value.detach()
        for moment in ("exp_avg", "exp_avg_sq"):
            tensors[f"final.{moment}.{key}"] = optimizer.state[value][moment]
    write(tensors, {
        "vocabularySize": VOCABULARY, "hiddenSize": HIDDEN, "layers": LAYERS, "heads": heads,
        "keyValueHeads": key_value_heads, "intermediateSize": INTERMEDIATE, "context": CONTEXT,
        "tiedEmbeddings": tied, "lossSum": loss.item(), "counted": counted, "losses": losses}, FOLDER / name)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name, shape in SHAPES.items():
        make(name, **shape)
