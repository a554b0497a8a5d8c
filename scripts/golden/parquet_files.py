"""Writes small Parquet files with pyarrow, for the tests of our reader: parquet_files.py OUT"""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

out = sys.argv[1]
message = pa.struct([("role", pa.string()), ("content", pa.string()), ("weight", pa.int32())])
conversations = [
    [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo ü", "weight": 0}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 1}],
]
table = {"id": [1, 2], "score": [1.5, None], "messages": pa.array(conversations, type=pa.list_(message))}
pq.write_table(pa.table(table), f"{out}/messages.parquet", compression="snappy")

rows = pa.table({"text": [f"row {i}" for i in range(100)], "image": [b"\xff\xd8"] * 100})
for codec in ["none", "gzip", "zstd", "brotli"]:
    pq.write_table(rows, f"{out}/text-{codec}.parquet", compression=codec, row_group_size=40)
pq.write_table(rows, f"{out}/text-v2.parquet", compression="zstd", data_page_version="2.0", use_dictionary=False)

words = pa.array(["a", "b", "a"]).dictionary_encode()
maps = pa.array([[("k", 1)], [], None], type=pa.map_(pa.string(), pa.int64()))
pq.write_table(pa.table({"Text": words, "chosen": maps}), f"{out}/dictionary.parquet")
pq.write_table(pa.table({"tools": ["x"]}), f"{out}/other.parquet")
