"""Writes small Parquet files with pyarrow, for the tests of our reader: parquet_files.py OUT"""

import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

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

# Rows for KTO, tools as tables have them, and bytes that are no text where nobody needs text.
pq.write_table(pa.table({"prompt": ["q"], "completion": ["a"], "label": [False]}), f"{out}/kto.parquet")
turn = pa.struct([("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.string()), ("image", pa.binary())])
call = [
    {"role": "user", "content": "q", "image": b"\xff\xd8"},
    {"role": "assistant", "tool_calls": '[{"function": {"name": "f", "arguments": "{}"}}]'},
]
tools = {"messages": pa.array([call], pa.list_(turn)), "tools": [[{"type": "function", "function": {"name": "f"}}]]}
pq.write_table(pa.table(tools), f"{out}/tools.parquet")
pq.write_table(pa.table({"text": [b"a", b"\xff"]}), f"{out}/bytes.parquet")

few = pa.table({"text": ["a", "b"]})
with pq.ParquetWriter(f"{out}/empty-groups.parquet", few.schema) as writer:
    for rows in [few.slice(0, 0), few, few.slice(0, 0), few]:
        writer.write_table(rows)

# Columns and fields of one name, and none at all.
one = pa.array(["a", "b"])
pq.write_table(pa.Table.from_arrays([one, one], names=["text", "text"]), f"{out}/two-columns.parquet")
fields = [pa.field(name, pa.string()) for name in ["role", "content", "content"]]
turns = pa.ListArray.from_arrays([0, 2], pa.StructArray.from_arrays([one, one, one], fields=fields))
pq.write_table(pa.table({"messages": turns}), f"{out}/two-fields.parquet")
pq.write_table(pa.table({}), f"{out}/no-columns.parquet")


class Keys(pe.KmsClient):
    """Keys that nobody has to keep: they stand in the file."""

    def __init__(self, unused):
        super().__init__()

    def wrap_key(self, key, name):
        return key.hex()


for name, plain in {"encrypted-footer": False, "encrypted-column": True}.items():
    settings = pe.EncryptionConfiguration(footer_key="a", column_keys={"b": ["text"]}, plaintext_footer=plain)
    secret = pe.CryptoFactory(Keys).file_encryption_properties(pe.KmsConnectionConfig(), settings)
    with pq.ParquetWriter(f"{out}/{name}.parquet", few.schema, encryption_properties=secret) as writer:
        writer.write_table(few)
