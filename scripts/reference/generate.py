"""The other side of scripts/bench --generation: transformers' generate, with its cache, on the same weights.

Usage: python scripts/reference/generate.py FOLDER THREADS float32|bfloat16    (torch 2.13, transformers 5.18)
Reads the Hugging Face model in FOLDER in that type, prints its name, and answers each line {"prompt": [ids],
"tokens": n} with {"seconds": s, "ids": [the n ids that follow, always the most likely one]}.
"""

import json
import sys
import time

import torch
import transformers


def main(folder, threads, dtype):
    torch.set_num_threads(int(threads))
    transformers.utils.logging.disable_progress_bar()
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
    model.generation_config.eos_token_id = None  # Never ends before the requested number of tokens.
    name = f"transformers {transformers.__version__}, torch {torch.__version__}"
    print(json.dumps({"name": name}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        prompt = torch.tensor([question["prompt"]])
        begin = time.perf_counter()
        ids = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=question["tokens"],
                             do_sample=False, use_cache=True)
        seconds = time.perf_counter() - begin
        print(json.dumps({"seconds": seconds, "ids": ids[0, prompt.shape[1]:].tolist()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
