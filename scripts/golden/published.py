"""Ids of conversations and texts by published tokenizers, for ChatTemplateGoldenTest; nothing of it goes into the project.

    python scripts/golden/published.py TEMPLATES OUT NAME=FOLDER=TEMPLATE[,TEMPLATE]…     (tokenizers 0.23)
    mvn -B test -Dtest=ChatTemplateGoldenTest -Dperdure.published=OUT

TEMPLATES is a file of chat templates, and of conversations with the text that transformers renders. Each FOLDER has a
tokenizer.json and a tokenizer_config.json.
"""

import json
import pathlib
import shutil
import sys

from tokenizers import Tokenizer

import foreign

known, out = json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2])
result = []
for argument in sys.argv[3:]:
    name, folder, templates = argument.split("=")
    plain = Tokenizer.from_file(f"{folder}/tokenizer.json")
    plain.encode_special_tokens = True
    whole = Tokenizer.from_file(f"{folder}/tokenizer.json")
    specials = [token.content for token in whole.get_added_tokens_decoder().values() if token.special]
    for template in templates.split(","):
        target = out / f"{name}-{template}"
        target.mkdir(parents=True, exist_ok=True)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(f"{folder}/{file}", target / file)
        (target / "chat_template.jinja").write_text(known["templates"][template])
        conversations = []
        for case in known["cases"]:
            arguments = case["args"]
            told = json.dumps(arguments["messages"], ensure_ascii=False)
            if (
                case["template"] != template
                or "ok" not in case
                or arguments["tools"]
                or not arguments["add_generation_prompt"]
                or "enable_thinking" in arguments
                or any(special in told for special in specials)
            ):
                continue
            ids = whole.encode(case["ok"], add_special_tokens=False).ids
            conversations.append({"messages": arguments["messages"], "ids": ids})
        texts = [
            {"text": text, "ids": ids, "decoded": plain.decode(ids, skip_special_tokens=False)}
            for text in foreign.TEXTS
            for ids in [plain.encode(text, add_special_tokens=False).ids]
        ]
        result.append({"name": target.name, "conversations": conversations, "texts": texts})
(out / "cases.json").write_text(json.dumps(result))
