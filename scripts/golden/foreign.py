"""Golden files for tokenizers and chat templates that others made.

Trains four small tokenizers in the forms that published models have, writes each as a Hugging Face folder with a chat
template made for the tests, and asks Hugging Face's libraries and TRL what texts and conversations come to: ids of text with special tokens
taken as plain text, ids of whole texts, decoded text, ids of conversations, and the masks of a loss on assistant turns.

    python scripts/golden/foreign.py     (tokenizers 0.23, transformers 5.18, trl 1.13)
"""

import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from trl.data_utils import _tokenize

GOLDEN = pathlib.Path(__file__).parents[2] / "src/test/resources/golden"
FOLDER = GOLDEN / "foreign"
SAMPLE = (GOLDEN / "tokenizer/sample.txt").read_text(encoding="utf-8")
WORDS = "Hi there. What is 2+2? It is 4. user assistant system tool think The answer is yes. [INST] [/INST]\n" * 3

QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")

TEXTS = [
    "",
    " ",
    "  ",
    "\n",
    "Hello, world",
    " Hello",
    "  two  spaces   three\t\ttabs \n \n\n end  ",
    "I'll say it's they've we're I'm he'd don't 'tis O'REILLY'S",
    "Ends here.\nNext line!\r\n\r\nThird (3) ...\n",
    "x=1;y=22;z=333 and 4444 + ⅷ ② ½ ٣",
    "naïve café, cafe\u0301, Straße, A\u030aÅ e\u0301",
    "море и берег; 港口の船 日出之前 القارب 한국어",
    "🙂🙃👩‍👩‍👧🇫🇷 e\u200bf \u00a0\u2003\u3000 g\u0085h \ufeffi",
    "a\u0000b\u0001c\u007f\u0080",
    "\u2581 is the sign \u2581\u2581 itself",
    "<think>\nhm\n</think>\n\n<tool_call>{}</tool_call>",
    "<s>a</s> <|im_start|>user\nhi<|im_end|><|endoftext|> <|eot_id|><0x0A> <unk>",
    "ab" * 40 + " " * 70 + "\n" * 9 + "!?" * 30,
]

# As Qwen 3: earlier thoughts are dropped, calls of tools are written, nothing marks what the assistant says.
DROPS_THOUGHTS = """{%- if tools %}{{- '<|im_start|>system\\n# Tools\\n' }}{%- for tool in tools %}{{- tool | tojson + '\\n' }}{%- endfor %}{{- '<|im_end|>\\n' }}{%- endif %}
{%- set ns = namespace(last=-1) %}
{%- for message in messages %}{%- if message.role == 'user' %}{%- set ns.last = loop.index0 %}{%- endif %}{%- endfor %}
{%- for message in messages %}
{%- set content = message.content if message.content is string else '' %}
{%- if message.role == 'assistant' and '</think>' in content and loop.index0 < ns.last %}{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}
{{- '<|im_start|>' + message.role + '\\n' + content }}
{%- for call in message.tool_calls or [] %}{{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' + call.function.arguments | tojson + '}\\n</tool_call>' }}{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}
"""

# As TRL's training template for Llama 3: what the assistant says is marked.
MARKED = """{%- for message in messages %}
{%- if loop.first %}{{- bos_token }}{%- endif %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
{%- if message['role'] == 'assistant' %}{%- generation %}{{- message['content'] | trim + '<|eot_id|>' }}{%- endgeneration %}
{%- else %}{{- message['content'] | trim + '<|eot_id|>' }}{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}
"""

# As Llama 2: a system message goes into the first question, and the roles must alternate.
ALTERNATES = """{% if messages[0]['role'] == 'system' %}{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}
{% for message in rest %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}
{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + (system if loop.first else '') + message['content'] | trim + ' [/INST]' }}{% else %}{{ ' ' + message['content'] | trim + ' ' + eos_token }}{% endif %}
{% endfor %}"""

# As Zephyr and TinyLlama; the masks follow by difference.
ENDS = """{% for message in messages %}
{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token }}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""

SIX = [
    [{"role": "user", "content": "Hi there."}, {"role": "assistant", "content": "Hello!"}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is 2+2?"},
        {"role": "assistant", "content": "It is 4."},
        {"role": "user", "content": "And 3+3? "},
        {"role": "assistant", "content": "  6\n"},
    ],
    [{"role": "user", "content": "日本 🙂"}, {"role": "assistant", "content": "naïve cafe\u0301 🙃\n\n- one\n- two"}],
    [
        {"role": "user", "content": "q1"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nA1"},
        {"role": "user", "content": "q2"},
        {"role": "assistant", "content": "<think>\nmore\n</think>\n\nA2"},
    ],
    [{"role": "user", "content": "Say nothing."}, {"role": "assistant", "content": ""}],
    [
        {"role": "user", "content": "  He said \"hi\" & <b>'x'</b> {{ 7*7 }} {% raw %} \\n é🦙\n\t "},
        {"role": "assistant", "content": "{{ 7*7 }} is text."},
    ],
]

TOOLS = [{"type": "function", "function": {"name": "weather", "description": "The \"weather\" & é", "parameters": {"type": "object", "properties": {"days": {"type": "integer", "default": 1.0}}}}}]
CALLED = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"city": "Köln", "days": 2}}}]},
    {"role": "tool", "content": "{\"t\": 3}"},
    {"role": "assistant", "content": "It is 3."},
]


def added(tokenizer, contents, special):
    kind = tokenizer.add_special_tokens if special else tokenizer.add_tokens
    kind([AddedToken(content, special=special, normalized=False) for content in contents])


def byte_level(pattern, size, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [SAMPLE, WORDS],
        trainers.BpeTrainer(
            vocab_size=size, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
        ),
    )
    return tokenizer


def sentence_piece(size):
    """Learns with words split at spaces; then the forms of Llama 2 and of newer files replace that."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    fallback = [f"<0x{value:02X}>" for value in range(256)]
    ascii_only = "".join(character for character in SAMPLE if character < "\u0250")
    tokenizer.train_from_iterator(
        [ascii_only.replace("\n", " "), WORDS.replace("\n", " ")],
        trainers.BpeTrainer(vocab_size=size, special_tokens=["<unk>", "<s>", "</s>"] + fallback, show_progress=False),
    )
    root = json.loads(tokenizer.to_str())
    root["added_tokens"] = [token for token in root["added_tokens"] if not token["content"].startswith("<0x")]
    root["pre_tokenizer"] = None
    return root


def llama2():
    root = sentence_piece(460)
    root["normalizer"] = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ],
    }
    root["post_processor"] = bos_processor("<s>", 1)
    return Tokenizer.from_str(json.dumps(root))


def metaspace():
    root = sentence_piece(420)
    vocabulary = root["model"]["vocab"]
    # Later ids move up, so that there is a gap before the last token.
    last = max(vocabulary, key=vocabulary.get)
    vocabulary[last] += 7
    root["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    return Tokenizer.from_str(json.dumps(root))


def bos_processor(token, number):
    return {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}},
    }


def qwen():
    tokenizer = byte_level(QWEN, 420, normalizers.NFC())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    added(tokenizer, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], True)
    added(tokenizer, ["<tool_call>", "</tool_call>", "<think>", "</think>"], False)
    return tokenizer


def llama3():
    tokenizer = byte_level(LLAMA3, 420)
    added(
        tokenizer,
        ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
        True,
    )
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    root = json.loads(tokenizer.to_str())
    root["model"]["ignore_merges"] = True
    root["post_processor"] = {
        "type": "Sequence",
        "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
            bos_processor("<|begin_of_text|>", begin),
        ],
    }
    return Tokenizer.from_str(json.dumps(root))


KINDS = {
    "qwen": (qwen, {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "bos_token": None}, DROPS_THOUGHTS),
    "llama3": (llama3, {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}, MARKED),
    "llama2": (llama2, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, ALTERNATES),
    "metaspace": (metaspace, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, ENDS),
}


def difference_mask(chat, messages):
    """TRL's mask of a completion after its prompt, for each turn that the assistant has, joined; null if that cannot be."""
    whole = _tokenize(chat, messages)["input_ids"]
    mask = [0] * len(whole)
    for i, message in enumerate(messages):
        if message["role"] == "assistant":
            prompt = _tokenize(chat, messages[:i], add_generation_prompt=True)["input_ids"]
            both = _tokenize(chat, messages[: i + 1])["input_ids"]
            if both[: len(prompt)] != prompt or whole[: len(both)] != both:
                return None
            mask[len(prompt) : len(both)] = [1] * (len(both) - len(prompt))
    return mask


def conversations(chat, marked):
    cases = []
    for messages in SIX:
        try:
            if marked:
                out = _tokenize(chat, messages, return_assistant_tokens_mask=True)
                ids, mask = out["input_ids"], out["assistant_masks"]
            else:
                ids, mask = chat.apply_chat_template(messages, return_dict=False), difference_mask(chat, messages)
        except Exception as refused:  # the template's own message
            cases.append({"messages": messages, "refused": str(refused)})
            continue
        prompt = chat.apply_chat_template(messages[:-1], add_generation_prompt=True, return_dict=False)
        cases.append({"messages": messages, "ids": ids, "mask": mask, "prompt": prompt})
    return cases


def main():
    for name, (make, tokens, template) in KINDS.items():
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = make()
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        config = {"tokenizer_class": "PreTrainedTokenizerFast", **tokens, "clean_up_tokenization_spaces": False}
        if name == "metaspace":
            (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
        elif name == "llama2":
            config["chat_template"] = [{"name": "tool_use", "template": "none"}, {"name": "default", "template": template}]
        else:
            config["chat_template"] = template
        if name == "qwen":
            config["bos_token"] = None
            config["eos_token"] = {"content": "<|im_end|>", "lstrip": False, "normalized": False, "special": True}
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

        plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
        plain.encode_special_tokens = True
        whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
        chat = PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer.from_file(str(folder / "tokenizer.json")),
            chat_template=template,
            **{role: token for role, token in tokens.items() if token},
        )
        cases = {
            "texts": [
                {
                    "text": text,
                    "ids": plain.encode(text, add_special_tokens=False).ids,
                    "whole": whole.encode(text, add_special_tokens=True).ids,
                    "decoded": plain.decode(plain.encode(text, add_special_tokens=False).ids, skip_special_tokens=False),
                }
                for text in TEXTS
            ],
            "conversations": conversations(chat, "generation %}" in template),
            "largest": max(whole.get_vocab(with_added_tokens=True).values()),
        }
        if name == "qwen":
            cases["called"] = {
                "messages": CALLED,
                "tools": TOOLS,
                "ids": chat.apply_chat_template(CALLED, tools=TOOLS, return_dict=False),
            }
        (folder / "cases.json").write_text(json.dumps(cases) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
