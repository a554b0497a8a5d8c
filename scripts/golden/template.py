"""Golden values for chat templates, from jinja2 as transformers sets it up.

Writes cases.jsonl to the golden folder: templates of our own for every construct, with what they render or the fault.

    python scripts/golden/template.py                               (transformers 5.18, jinja2 3.1.6)
    python scripts/golden/template.py --random 5000 --seed 1 FILE   templates from a grammar instead, into FILE
    python scripts/golden/template.py --folder FOLDER FILE          every *.jinja of a folder with some conversations

For the last two, let GoldenTemplatesTest read the file: -Dperdure.template.cases=FILE
"""

import argparse
import datetime
import json
import pathlib
import random
import signal
import warnings

from transformers.utils.chat_template_utils import _compile_jinja_template

import template_cases
import template_grammar

GOLDEN = pathlib.Path(__file__).parents[2] / "src/test/resources/golden/template/cases.jsonl"
NOW = datetime.datetime(2026, 11, 26, 9, 5, 7)


def render(template, variables):
    """What jinja2 renders, and the spans that stand in generation blocks; or the fault."""
    case = {"template": template, "variables": variables}
    signal.alarm(5)
    try:
        compiled = _compile_jinja_template(template)
        compiled.globals["strftime_now"] = NOW.strftime
        blocks, spans = [], []
        with compiled.environment.activate_tracker(blocks, spans):
            for block in compiled.generate(**variables):
                blocks.append(block)
        text = "".join(blocks)
        text.encode("utf-8")
        if " at 0x" in text.lower():
            return None  # the address of an object, which is another each time
        return case | {"text": text, "generation": spans}
    except Exception as fault:
        return case | {"error": f"{type(fault).__name__}: {fault}"}
    finally:
        signal.alarm(0)


def too_long(*_):
    raise TimeoutError("more than five seconds")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("file", type=pathlib.Path, nargs="?", default=GOLDEN)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, too_long)
    if options.random:
        grammar = template_grammar.Grammar(random.Random(options.seed))
        cases = ((None, grammar.template(), template_grammar.VARIABLES) for _ in range(options.random))
    elif options.folder:
        cases = (
            (f"{path.name}, {name}", path.read_text(), variables)
            for path in sorted(options.folder.glob("*.jinja"))
            for name, variables in template_cases.CONVERSATIONS.items()
        )
    else:
        cases = ((None, template, variables) for template, variables in template_cases.CASES)
    with options.file.open("w") as out:
        out.write(json.dumps({"variables": template_grammar.VARIABLES}, ensure_ascii=False) + "\n")
        for name, template, variables in cases:
            result = render(template, variables)
            if result is None:
                continue
            if variables is template_grammar.VARIABLES:
                del result["variables"]  # those of the first line
            if name:
                result = {"name": name} | result
            try:
                line = json.dumps(result, ensure_ascii=False)
                line.encode("utf-8")
            except (ValueError, UnicodeError):
                continue
            out.write(line + "\n")


if __name__ == "__main__":
    main()
