"""Makes the golden files of PeftGoldenTest with PEFT, transformers and torch.

Usage: python scripts/golden/lora.py    (torch 2.13, transformers 5.18, peft 0.21, safetensors)
Writes src/test/resources/golden/lora: base/ is a tiny Llama, adapter/ what PEFT saves of its adapters, and expected.* has
tokens, logits (also as float64 computes them, rounded once), loss, the gradients of the adapters, the merged weights, and
the losses of ten AdamW steps.
"""

import copy
import json
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from steps import ADAMW, WEIGHT_DECAY, loss_sum, take_steps, write

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src/test/resources/golden/lora"
VOCABULARY, BATCH, TIME = 41, 3, 13


def main():
    torch.manual_seed(7)
    base = LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=24, max_position_embeddings=20, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=True, hidden_act="silu", attention_bias=False))
    with torch.no_grad():
        for parameter in base.parameters():  # Larger than usual, and no norm weight of exactly one.
            parameter.mul_(5) if parameter.dim() == 2 else parameter.add_(torch.randn_like(parameter) * 0.2)
    base.save_pretrained(FOLDER / "base")
    (FOLDER / "base/generation_config.json").unlink(missing_ok=True)

    model = get_peft_model(base, LoraConfig(
        r=4, lora_alpha=10, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"))
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.normal_(std=0.2)
    model.save_pretrained(FOLDER / "adapter")
    (FOLDER / "adapter/README.md").unlink(missing_ok=True)
    config = json.loads((FOLDER / "adapter/adapter_config.json").read_text())
    config["base_model_name_or_path"] = "someone/tiny-llama"
    config["target_modules"].sort()
    (FOLDER / "adapter/adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")

    ids = torch.randint(VOCABULARY, (BATCH, TIME))
    targets = torch.randint(VOCABULARY, (BATCH, TIME))
    targets[0, :5] = -100
    counted = int((targets != -100).sum())
    logits, loss = loss_sum(model, ids, targets)
    loss.backward()
    tensors = {"ids": ids, "targets": targets, "logits": logits.detach()}
    plain = {name.replace(".default", ""): parameter for name, parameter in trained.items()}
    tensors |= {"gradient." + name: parameter.grad.clone() for name, parameter in plain.items()}

    exact = copy.deepcopy(model).double()
    with torch.no_grad():
        tensors["logits.float64"] = exact(input_ids=ids).logits.float()

    merged = copy.deepcopy(model).merge_and_unload().state_dict()
    tensors |= {"merged." + name: merged[name].clone() for name in merged if "layers.1." in name and "proj" in name}

    optimizer = torch.optim.AdamW(plain.values(), weight_decay=WEIGHT_DECAY, **ADAMW)
    losses = take_steps(model, ids, targets, counted, optimizer)
    write(tensors, {"lossSum": loss.item(), "counted": counted, "losses": losses}, FOLDER / "expected")


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    torch.set_num_threads(1)
    main()
