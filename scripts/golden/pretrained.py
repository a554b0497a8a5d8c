"""Makes the golden folders of PretrainedGoldenTest with transformers and torch.

Usage: python scripts/golden/pretrained.py    (torch 2.13, transformers 5.18, safetensors)
Writes src/test/resources/golden/pretrained/<name>/: a tiny random model of each family as transformers saves it, and
expected.safetensors and expected.json: tokens, targets, logits, gradients of the loss sum, and the losses of ten AdamW
steps, all in float32.
"""

import json
import pathlib
import shutil

import torch
from transformers import AutoModelForCausalLM, CONFIG_MAPPING
from transformers.utils import logging

from steps import ADAMW, groups, loss_sum, take_steps, write

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src/test/resources/golden/pretrained"
SHAPE = dict(vocab_size=37, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             intermediate_size=24, max_position_embeddings=64, rms_norm_eps=1e-5, initializer_range=0.1,
             bos_token_id=1, eos_token_id=2, pad_token_id=None)  # torch gives a padding row no gradient
# The frequencies of a head of 8 are high, between, low and low.
LLAMA3 = dict(rope_type="llama3", rope_theta=200.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
MODELS = {
    "llama": dict(model_type="llama", attention_bias=True, mlp_bias=True),
    "llama3": dict(model_type="llama", rope_parameters=LLAMA3, num_attention_heads=2, num_key_value_heads=1,
                   tie_word_embeddings=True, rms_norm_eps=1e-6),
    "linear": dict(model_type="llama", rope_parameters=dict(rope_type="linear", rope_theta=5e3, factor=2.0)),
    "mistral": dict(model_type="mistral", head_dim=6, sliding_window=None),
    "qwen2": dict(model_type="qwen2", rope_parameters=dict(rope_type="default", rope_theta=1e6)),
    "qwen3": dict(model_type="qwen3", head_dim=6, rms_norm_eps=1e-6, tie_word_embeddings=True),
    "smollm3": dict(model_type="smollm3", num_hidden_layers=4,
                    rope_parameters=dict(rope_type="default", rope_theta=2e6)),
    "sharded": dict(model_type="llama", tie_word_embeddings=True, dtype=torch.bfloat16),
    "old-keys": dict(model_type="llama", rope_parameters=LLAMA3, num_attention_heads=2, dtype=torch.float16),
}
BATCH, TIME = 2, 40


def save(name, model_type, dtype=torch.float32, **changes):
    """A model with larger weights than usual, no norm weight of exactly one, and no bias of zero."""
    config = CONFIG_MAPPING[model_type](**(SHAPE | changes))
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2) if parameter.dim() == 2 else parameter.add_(torch.randn_like(parameter) * 0.3)
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    model.generation_config.eos_token_id = [2, 3]
    model.to(dtype).save_pretrained(folder, max_shard_size="4KB" if name == "sharded" else "1GB")
    if name == "old-keys":
        use_old_keys(folder / "config.json")
    return folder


def use_old_keys(file):
    """As transformers 4 wrote them, with the older name of the type of rotary positions too."""
    config = json.loads(file.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = {"type": rope.pop("rope_type")} | rope
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.43.1"
    del config["head_dim"]
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def expect(folder):
    model, problems = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not any(problems.values()), problems
    ids = torch.randint(SHAPE["vocab_size"], (BATCH, TIME))
    targets = torch.randint(SHAPE["vocab_size"], (BATCH, TIME))
    targets[0, :5] = -100
    counted = int((targets != -100).sum())
    parameters = dict(model.named_parameters())
    logits, loss = loss_sum(model, ids, targets)
    loss.backward()
    tensors = {"ids": ids, "targets": targets, "logits": logits.detach()}
    tensors |= {"gradient." + key: value.grad.clone() for key, value in parameters.items()}
    optimizer = torch.optim.AdamW(groups(parameters.values()), **ADAMW)
    losses = take_steps(model, ids, targets, counted, optimizer)
    write(tensors, {"lossSum": loss.item(), "counted": counted, "losses": losses}, folder / "expected")


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    for seed, (name, settings) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        expect(save(name, **settings))
