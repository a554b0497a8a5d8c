"""Makes src/test/resources/golden/safetensors, and checks there what Perdure wrote.

Needs torch and safetensors. Run from the repository root after SafetensorsTest, which leaves its file in target/.
"""

import pathlib
import shutil

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

GOLDEN = pathlib.Path("src/test/resources/golden/safetensors")
METADATA = {"format": "pt", "größe": "5 \" \\ ü"}


def expected():
    numbers = torch.arange(12)
    return {
        "double": numbers.double().div(3),
        "long": numbers.mul(1 << 40),
        "float.weight": numbers.float().div(3).reshape(3, 4),
        "int": numbers.int().neg(),
        "half": numbers.half().reshape(2, 2, 3),
        "bfloat": numbers.bfloat16().reshape(12, 1),
        "byte": numbers.to(torch.uint8),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 4),
        "naïve \u2603": numbers[:2].float(),
    }


def check(path):
    loaded = load_file(path)
    assert loaded.keys() == expected().keys(), loaded.keys()
    for name, tensor in expected().items():
        assert loaded[name].dtype == tensor.dtype and torch.equal(loaded[name], tensor), name
    with safe_open(path, "pt") as file:
        assert file.metadata() == METADATA


GOLDEN.mkdir(parents=True, exist_ok=True)
save_file(expected(), GOLDEN / "python.safetensors", METADATA)
check(GOLDEN / "python.safetensors")
written = pathlib.Path("target/perdure.safetensors")
if written.exists():
    shutil.copy(written, GOLDEN / "perdure.safetensors")
check(GOLDEN / "perdure.safetensors")
