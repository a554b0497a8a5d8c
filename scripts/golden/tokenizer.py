"""Golden values for the tokenizer, from Hugging Face's own Python libraries.

Reads the tokenizer files that the Java side wrote to the golden folder (TokenizerGoldenTest checks that they stay the
same) and writes cases.json beside them: the merges that tokenizers' own trainer learns from sample.txt, the ids of varied text
with special tokens taken as plain text, and the ids of a conversation through the chat template, and the tokens that a loss on assistant turns counts.

    python scripts/golden/tokenizer.py     (tokenizers 0.23, transformers 5.18)
"""

import json
import pathlib

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer

FOLDER = pathlib.Path(__file__).parents[2] / "src/test/resources/golden/tokenizer"
VOCABULARY = 500

TEXTS = [
    "",
    " ",
    "\n",
    "\r\n\r\n",
    "Hello, world",
    "  two  spaces   three\t\ttabs \n \n\n end  ",
    "I'll say it's they've we're I'm he'd don't 'tis O'REILLY'S",
    "The small boat left the harbour",
    "x=1;y=22;z=333 and 4444 + ⅷ ② ½ ٣",
    "naïve café, cafe\u0301, Straße, ÅÅ",
    "море и берег; 港口の船 日出之前 القارب 한국어",
    "🙂🙃👩‍👩‍👧🇫🇷 e\u200bf \u00a0\u2003\u3000 g\u0085h \ufeffi",
    "a\u0000b\u0001c\u007f\u0080",
    "\U0001d4d0\U0001d7d8\U0010ffff",
    "<|im_start|>user\nhi<|im_end|><|endoftext|> <|im_end|",
    "ab" * 40 + " " * 70 + "\n" * 9 + "!?" * 30,
]

MESSAGES = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Where is the boat?"},
    {"role": "assistant", "content": "In the harbour.\nIt's small: 小さな船."},
]

MASKED = [
    MESSAGES,
    [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""}],
    [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "\n\n  Hello\n"}],
    [{"role": "assistant", "content": " first"}, {"role": "assistant", "content": "日本 second "}],
    [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": "Three?"},
        {"role": "assistant", "content": "\t<|im_end|> is text? No."[12:]},
    ],
    [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}],
]


def masked(chat, messages):
    out = chat.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    return {"messages": messages, "ids": out["input_ids"], "mask": out["assistant_masks"]}


def trained_merges():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    sample = (FOLDER / "sample.txt").read_bytes().decode()
    tokenizer.train_from_iterator([sample], trainer)
    return [" ".join(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]


def main():
    plain = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    plain.encode_special_tokens = True
    chat = AutoTokenizer.from_pretrained(FOLDER)
    cases = {
        "vocabulary": VOCABULARY,
        "merges": trained_merges(),
        "texts": [{"text": text, "ids": plain.encode(text).ids} for text in TEXTS],
        "messages": MESSAGES,
        "conversation": chat.apply_chat_template(MESSAGES, return_dict=False),
        "prompt": chat.apply_chat_template(MESSAGES[:2], add_generation_prompt=True, return_dict=False),
        "masked": [masked(chat, messages) for messages in MASKED],
        "end": chat.eos_token_id,
        "size": len(chat),
    }
    for case in cases["texts"]:
        assert plain.decode(case["ids"], skip_special_tokens=False) == case["text"]
    (FOLDER / "cases.json").write_text(json.dumps(cases) + "\n")


main()
