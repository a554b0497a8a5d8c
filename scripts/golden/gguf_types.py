"""Golden bytes of GGUF's tensor types, from gguf-py, which is llama.cpp's own library.

Writes rows of 32-bit floats and their bytes in each type to the golden folder.

    python scripts/golden/gguf_types.py     (gguf 0.19, numpy 2.4)
"""

import pathlib

import numpy as np
from gguf import GGMLQuantizationType, quants

FOLDER = pathlib.Path(__file__).parents[2] / "src/test/resources/golden/gguf"
BLOCK = 32


def blocks():
    random = np.random.default_rng(7)
    for scale in (0.02, 1, 3e-3, 40):
        yield from (random.standard_normal((24, BLOCK)) * scale).astype(np.float32)
    zeros = np.zeros(BLOCK, np.float32)
    yield zeros
    yield -zeros
    yield np.where(np.arange(BLOCK) % 2, -0.0, 0.5)
    # Ties: halves after the division by the scale, and values halfway between two 16-bit floats.
    yield np.concatenate([[127], np.arange(31) - 15.5])
    yield np.concatenate([[-8], np.arange(31) / 2 - 7.75])
    yield np.concatenate([[8, -8], np.arange(30) / 2 - 7.25])
    yield np.concatenate([[-8, 8], np.arange(30) / 2 - 7.25])
    yield 1 + np.arange(BLOCK) * 2.0**-11
    yield -1 - np.arange(BLOCK) * 2.0**-8
    # Around the smallest and the largest numbers of each type.
    yield (np.arange(BLOCK) - 16) * 2.0**-25
    yield 2.0**-14 + (np.arange(BLOCK) - 16) * 2.0**-26
    yield 65504 + np.arange(BLOCK) * 0.5
    yield np.linspace(-8e6, 8e6, BLOCK)
    yield np.linspace(-3e38, 3e38, BLOCK)
    yield np.linspace(-3.4e38, 1e-38, BLOCK)
    yield (np.arange(BLOCK) - 16) * 1e-38
    yield (np.arange(BLOCK) - 16) * 1e-42
    yield (np.arange(BLOCK) - 16) * 1.4e-45
    for place in range(0, BLOCK, 5):
        yield np.where(np.arange(BLOCK) == place, -3.5, 0)
    # Every exponent.
    yield from (2.0 ** np.arange(-149, 107) * 1.2345678).reshape(-1, BLOCK)


def main():
    rows = np.array(list(blocks()), np.float32)
    (FOLDER / "rows.f32").write_bytes(rows.astype("<f4").tobytes())
    for kind in ("F16", "BF16", "Q8_0", "Q4_0"):
        with np.errstate(all="ignore"):
            encoded = quants.quantize(rows, GGMLQuantizationType[kind])
        (FOLDER / f"rows.{kind.lower()}").write_bytes(encoded.tobytes())


main()
