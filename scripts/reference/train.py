"""The other side of scripts/bench: the same training steps in Python torch, eager or compiled.

Usage: python scripts/reference/train.py FOLDER THREADS eager|compiled|eager-autocast|compiled-autocast    (torch 2.13)
                                         [cpu|cuda:0 [fp32|tf32|bf16]]
Products are float32, or with tf32 rounded to TF32; with autocast they are bf16. Reads the Hugging Face Llama model in
FOLDER, prints its name, and answers each line {"learning_rate": r, "batches": [{"ids": [[…]], "targets": [[…]]}, …]}
with {"seconds": […], "losses": […], "peak": largest resident bytes, or bytes of tensors on the GPU}: one step of
forward, backward, clipping to 1 and AdamW per batch. Written as a Python user would write it for speed: products with
the same input stacked, scaled_dot_product_attention, rms_norm and cross_entropy of torch, the fused AdamW.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.groups = config["num_attention_heads"], config["num_key_value_heads"]
        width = config["hidden_size"]
        self.size = width // self.heads
        self.input = nn.Linear(width, (self.heads + 2 * self.groups) * self.size, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def forward(self, x, cosine, sine):
        batch, length, width = x.shape
        heads = self.input(x).view(batch, length, -1, self.size).transpose(1, 2)
        q, k, v = heads.split([self.heads, self.groups, self.groups], dim=1)
        q, k = turn(q, cosine, sine), turn(k, cosine, sine)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=self.groups < self.heads)
        return self.output(y.transpose(1, 2).reshape(batch, length, width))


def turn(x, cosine, sine):
    left, right = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-right, left), dim=-1) * sine


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input = nn.Linear(config["hidden_size"], 2 * config["intermediate_size"], bias=False)
        self.output = nn.Linear(config["intermediate_size"], config["hidden_size"], bias=False)

    def forward(self, x):
        gate, up = self.input(x).chunk(2, dim=-1)
        return self.output(F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention, self.feed_forward = Attention(config), FeedForward(config)
        self.attention_norm = nn.RMSNorm(config["hidden_size"], eps=config["rms_norm_eps"])
        self.feed_forward_norm = nn.RMSNorm(config["hidden_size"], eps=config["rms_norm_eps"])

    def forward(self, x, cosine, sine):
        x = x + self.attention(self.attention_norm(x), cosine, sine)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Llama(nn.Module):
    """The head is the embedding, as it is in the models that the benchmark measures."""

    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))
        self.norm = nn.RMSNorm(config["hidden_size"], eps=config["rms_norm_eps"])
        size = config["hidden_size"] // config["num_attention_heads"]
        theta = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
        frequencies = theta ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
        angles = torch.outer(torch.arange(config["max_position_embeddings"], dtype=torch.float64), frequencies)
        angles = torch.cat((angles, angles), dim=-1)
        self.register_buffer("cosine", angles.cos().float(), persistent=False)
        self.register_buffer("sine", angles.sin().float(), persistent=False)

    def forward(self, ids, targets):
        cosine, sine = self.cosine[: ids.shape[1]], self.sine[: ids.shape[1]]
        x = self.embedding(ids)
        for layer in self.layers:
            x = layer(x, cosine, sine)
        logits = F.linear(self.norm(x), self.embedding.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())

    @torch.no_grad()
    def read(self, weights):
        self.embedding.weight.copy_(weights["model.embed_tokens.weight"])
        self.norm.weight.copy_(weights["model.norm.weight"])
        for i, layer in enumerate(self.layers):
            def part(*names):
                return torch.cat([weights[f"model.layers.{i}.{name}.weight"] for name in names])

            layer.attention.input.weight.copy_(part("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"))
            layer.attention.output.weight.copy_(part("self_attn.o_proj"))
            layer.feed_forward.input.weight.copy_(part("mlp.gate_proj", "mlp.up_proj"))
            layer.feed_forward.output.weight.copy_(part("mlp.down_proj"))
            layer.attention_norm.weight.copy_(part("input_layernorm"))
            layer.feed_forward_norm.weight.copy_(part("post_attention_layernorm"))


def optimizer(model):
    """Matrices decay, vectors do not."""
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.95), eps=1e-8, fused=True)


def main(folder, threads, mode, device="cpu", precision="fp32"):
    torch.set_num_threads(int(threads))
    device = torch.device(device)
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    model = Llama(json.loads((Path(folder) / "config.json").read_text()))
    model.read(load_file(Path(folder) / "model.safetensors"))
    model.to(device)
    adam = optimizer(model)
    loss_of = torch.compile(model) if mode.startswith("compiled") else model
    print(json.dumps({"name": f"torch {torch.__version__} {mode}"}), flush=True)
    for line in sys.stdin:
        seconds, losses = steps(json.loads(line), loss_of, adam, mode.endswith("-autocast"), device=device)
        print(json.dumps({"seconds": seconds, "losses": losses, "peak": peak(device)}), flush=True)


def peak(device):
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def steps(question, loss_of, adam, autocast=False, rows=slice(None), device=torch.device("cpu")):
    """Takes a step on those rows of each batch. What a GPU still does after the last one counts as that one's time."""
    for group in adam.param_groups:
        group["lr"] = question["learning_rate"]
    seconds, losses = [], []
    for batch in question["batches"]:
        begin = time.perf_counter()
        ids = torch.tensor(batch["ids"][rows], device=device)
        targets = torch.tensor(batch["targets"][rows], device=device)
        with torch.autocast(device.type, torch.bfloat16, enabled=autocast):
            loss = loss_of(ids, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(loss_of.parameters(), 1.0)
        adam.step()
        adam.zero_grad(set_to_none=True)
        losses.append(loss.item())
        seconds.append(time.perf_counter() - begin)
    if device.type == "cuda":
        begin = time.perf_counter()
        torch.cuda.synchronize(device)
        seconds[-1] += time.perf_counter() - begin
    return seconds, losses


if __name__ == "__main__":
    main(*sys.argv[1:])
