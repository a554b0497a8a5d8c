"""Next-token probabilities after the filters of Hugging Face transformers, for TokenSamplerTest.

    python scripts/golden/sampling.py src/test/resources/golden/sampling/probabilities.json
"""

import json
import sys

import torch
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

VOCABULARY = 24
CASES = [  # temperature, top_k, top_p, repetition_penalty
    (1.0, 0, 1.0, 1.0),
    (0.7, 0, 1.0, 1.0),
    (1.0, 5, 1.0, 1.0),
    (1.0, 0, 0.6, 1.0),
    (1.0, 0, 0.001, 1.0),
    (1.3, 8, 0.8, 1.0),
    (1.0, 0, 1.0, 1.5),
    (0.9, 6, 0.9, 1.3),
]


def main(path):
    torch.manual_seed(7)
    logits = (torch.randn(VOCABULARY) * 2).round(decimals=3)
    logits[3] = logits[11]  # a tie
    seen = [2, 3, int(logits.argmax())]
    cases = []
    for temperature, top_k, top_p, penalty in CASES:
        filters = LogitsProcessorList()
        if penalty != 1:
            filters.append(RepetitionPenaltyLogitsProcessor(penalty))
        filters.append(TemperatureLogitsWarper(temperature))
        if top_k:
            filters.append(TopKLogitsWarper(top_k))
        if top_p < 1:
            filters.append(TopPLogitsWarper(top_p))
        kept = filters(torch.tensor([seen]), logits.clone()[None])
        probabilities = [round(p, 6) for p in kept.softmax(-1)[0].tolist()]
        cases.append(
            {
                "temperature": temperature,
                "top_k": top_k,
                "top_p": top_p,
                "repetition_penalty": penalty,
                "probabilities": probabilities,
            }
        )
    rounded = [round(x, 3) for x in logits.tolist()]
    with open(path, "w") as file:
        json.dump({"logits": rounded, "seen": seen, "cases": cases}, file, indent=1)
        file.write("\n")


main(sys.argv[1])
