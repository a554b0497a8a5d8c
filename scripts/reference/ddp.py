"""The other side of scripts/bench --ranks: the same training steps in Python torch, by DistributedDataParallel on Gloo.

Usage: python scripts/reference/ddp.py FOLDER RANK WORLD PORT    (torch 2.13)
Each of WORLD processes reads the Hugging Face Llama model in FOLDER, and answers the lines that train.py answers: one step
per batch, of which it computes its share of the rows, with one thread. The losses that it says are those of all rows.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from train import Llama, optimizer, steps


def main(folder, rank, world, port):
    rank, world = int(rank), int(world)
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
    model = Llama(json.loads((Path(folder) / "config.json").read_text()))
    model.read(load_file(Path(folder) / "model.safetensors"))
    adam = optimizer(model)
    parallel = DistributedDataParallel(model, gradient_as_bucket_view=True)
    print(json.dumps({"name": f"torch {torch.__version__} DistributedDataParallel, Gloo"}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        share = len(question["batches"][0]["ids"]) // world
        seconds, losses = steps(question, parallel, adam, rows=slice(rank * share, (rank + 1) * share))
        losses = torch.tensor(losses, dtype=torch.float64)
        distributed.all_reduce(losses)
        print(json.dumps({"seconds": seconds, "losses": (losses / world).tolist()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
