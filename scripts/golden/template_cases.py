"""Templates of our own for every construct, and conversations for templates of others."""

from template_grammar import VARIABLES

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": 'The weather "now" & <here>',
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Städte", "enum": ["Köln", "Bonn"]},
                "days": {"type": "integer", "default": 1.0},
                "units": {"type": ["string", "null"]},
                "place": {"type": "object", "properties": {"lat": {"type": "number"}}, "required": ["lat"]},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["city"],
        },
        "return": {"type": "string"},
    },
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
WEIRD = "  He said \"hi\" & <b>'x'</b> {{ 7*7 }} {% raw %} \\n é🦙\n\n<|im_end|>\t "


def user(content):
    return {"role": "user", "content": content}


def model(content, **more):
    return {"role": "assistant", "content": content, **more}


def system(content):
    return {"role": "system", "content": content}


def calls(*arguments, content=""):
    functions = [
        {"id": f"call0000{i}", "type": "function", "function": {"name": "get_weather", "arguments": a}}
        for i, a in enumerate(arguments)
    ]
    return model(content, tool_calls=functions)


def conversation(*messages, generate=True, tools=None, **more):
    return {
        "messages": list(messages),
        "tools": tools,
        "documents": None,
        "add_generation_prompt": generate,
        **TOKENS,
        **more,
    }


RESULT = {"role": "tool", "name": "get_weather", "tool_call_id": "call00000", "content": '{"t": 3}'}
THOUGHT = "<think>\nhmm\n</think>\n\nA1"

CONVERSATIONS = {
    "user": conversation(user("Hi there.")),
    "system": conversation(system("Be brief."), user("What is 2+2?")),
    "several turns": conversation(
        system("Be brief."), user("a"), model("b"), user("c"), model("d"), user("e")
    ),
    "training": conversation(user("a"), model("b"), user("c"), model("d\n"), generate=False),
    "odd content": conversation(system(WEIRD), user(WEIRD), model(WEIRD), user(WEIRD)),
    "thoughts": conversation(
        user("q1"), model(THOUGHT), user("q2"), model(THOUGHT.replace("hmm", "more")), generate=False
    ),
    "thoughts apart": conversation(
        user("q1"), model("A1", reasoning_content="hmm", thinking="hmm", reasoning="hmm"), user("q2")
    ),
    "tools": conversation(
        user("weather in Köln?"),
        calls({"city": "Köln", "days": 2}),
        RESULT,
        model("It is 3."),
        user("thanks"),
        tools=[TOOL],
    ),
    "two calls": conversation(
        system("Help."),
        user("weather?"),
        calls({"city": "Köln", "place": {"lat": 1.5}, "tags": ["a", None, True]}, {"city": "Bonn"}, content="Wait."),
        RESULT,
        RESULT | {"tool_call_id": "call00001"},
        model("Cold."),
        generate=False,
        tools=[TOOL, TOOL],
    ),
    "tools at hand": conversation(system("s"), user("hello"), tools=[TOOL]),
    "arguments as text": conversation(user("w"), calls('{"city": "Köln"}'), RESULT, tools=[TOOL]),
    "parts": conversation(
        system("s"),
        user([{"type": "text", "text": "one "}, {"type": "image"}, {"type": "text", "text": "two"}]),
        model([{"type": "text", "text": "three"}]),
        user("four"),
    ),
    "out of order": conversation(user("a"), user("b")),
    "model first": conversation(model("a"), user("b")),
    "no thinking": conversation(user("a"), enable_thinking=False, thinking=False, reasoning_effort="low"),
    "thinking": conversation(system("s"), user("a"), enable_thinking=True, thinking=True, reasoning_effort="high"),
    "nothing": conversation(),
    "unknown role": conversation({"role": "critic", "content": "a"}),
    "no content": conversation(user("a"), {"role": "assistant", "content": None}, generate=False),
    "documents": conversation(
        user("read"), documents=[{"title": "T", "text": "body"}, {"title": "U", "text": "more"}]
    ),
}

CHAT = """{%- macro show(text) %}{{ '<' ~ text | trim ~ '>' }}{% endmacro -%}
{%- if messages and messages[0].role == 'system' -%}
    {%- set first, rest = messages[0], messages[1:] -%}
{%- else -%}
    {%- set first, rest = none, messages -%}
{%- endif -%}
{{- bos_token }}{% if first is not none %}{{ show(first.content) }}{% endif %}
{%- for message in rest %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Roles must alternate, found ' + message.role) }}
    {%- endif %}
    {%- if message.role == 'user' %}
[user]{{ message.content }}
    {%- else %}
[model]{% generation %}{{ message.content.split('</think>')[-1].lstrip('\\n') }}
        {%- for call in message.tool_calls or [] %}
            {{- '\\n' ~ call.function.name ~ call.function.arguments | tojson }}
        {%- endfor %}{{ eos_token }}{% endgeneration %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
[model]{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}
{%- endif %}
"""

# One for each line; rendered with the variables of the grammar.
LINES = r"""
{{ 1 }}|{{ 1.0 }}|{{ 1e3 }}|{{ 1e16 }}|{{ 1e-5 }}|{{ 0.0001 }}|{{ 1_000 }}|{{ 0x1F }}|{{ 0b101 }}|{{ 0o17 }}|{{ -0.0 }}|{{ 1e308 * 10 }}
{{ true }}{{ True }}{{ false }}{{ none }}{{ None }}{{ [true, none, 1.5, 'a', "b'c", '"', '\n\\'] }}{{ (1,) }}{{ () }}{{ {'a': 1, 2: [3]} }}
{{ 'a\tb\x41\u00e9\U0001F999\101\d\'' "x" 'y' }}
{{ "\u200b\x00\ud7ff" | list }}{{ ['\x7f\xa0é🦙'] }}
{{ 7 + 2 }} {{ 7 - 2 }} {{ 7 * 2 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }}
{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 2 ** 0.5 }} {{ 0.1 + 0.2 }} {{ 10 ** 30 }} {{ 3 * 'ab' }} {{ [1] * 2 + [none] }} {{ (1,) + (2,) }} {{ true + true }}
{{ -n }} {{ +f }} {{ -2 ** 2 }} {{ - 3 | abs }} {{ not n }} {{ not zero == 0 }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 == true }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 'é' > 'z' }} {{ '🦙' > '￿' }} {{ none == false }} {{ [] == () }}
{{ 'a' in 'cat' }} {{ 'a' not in l }} {{ 'b' in d }} {{ 1 in (1.0,) }} {{ 'x' in missing }} {{ not 'a' in 'b' }} {{ '' in '' }}
{{ 'x' and '' or 'z' }} {{ nothing or zero or 'last' }} {{ n and f }} {{ (yes and no) is false }}
{{ 'a' if yes else 'b' }}{{ 'a' if no }}{{ 'a' if no else 'b' if no else 'c' }}{{ ('a' if no) is undefined }}
{{ 1 ~ none ~ true ~ 'x' ~ [1] ~ missing }} {{ '1' + 2 ~ 3 * 4 }}
{{ s[0] }}{{ s[-1] }}{{ s[99] is undefined }}{{ t[5:9] }}{{ s[::-1] }}{{ s[1:-1:3] }}{{ s[-100:3] }}{{ s[5:2] }}{{ s[3:0:-1] }}{{ l[:-1] }}{{ l[::2] }}{{ numbers[-2:] }}{{ (1, 2, 3)[1:] }}{{ range(9)[2::3] | list }}
{{ d.a }}{{ d['a'] }}{{ d.a[1] }}{{ d.a.0 }}{{ d['items'] }}{{ d.items is callable }}{{ d.missing is defined }}{{ d[none] }}{{ l['x'] is undefined }}{{ d.get('b') }}{{ d.get('z') }}{{ d.get('z', 'q') }}
{{ dicts[0].in.k }}{{ dicts[1].in is defined }}{{ dicts[0]['in']['k'] }}
{{ nothing.a is undefined }}{{ n.a is undefined }}{{ s.nosuch is undefined }}{{ missing }}{{ missing | length }}{{ missing is iterable }}{{ missing == other }}{{ [missing] }}
{{ missing.a }}
{{ missing['a'] }}
{{ nothing.a.b }}
{{ missing() }}
{{ missing + 1 }}
{{ 1 < missing }}
{{ missing | int }}
{{ l.append(1) }}
{{ d.update({}) }}
{{ s() }}
{{ 1 / 0 }}
{{ 1 % 0 }}
{{ 'a' + 1 }}
{{ 'a' < 1 }}
{{ 1 in 5 }}
{{ [1:2] }}
{{ s[::0] }}
{{ {[]: 1} }}
{{ nothing[1:] }}
{{ raise_exception('No: ' + s) }}
{{ raise_exception() }}
{{ s | nosuch }}
{{ s is nosuch }}
{% if no %}{{ s | nosuch }}{% endif %}fine
{{ (s | nosuch) if no else 'fine' }}
{% if yes %}{{ s | nosuch }}{% endif %}
{% if yes %}{% for x in l %}{{ x | nosuch }}{% endfor %}{% endif %}
{% nosuch %}
{% if yes %}
{% endif %}
{% for x in l %}{% endif %}
{{ s
{{ s }
{% if s
{{ 'abc }}
{{ (1, 2 }}
{{ [1, 2) }}
{{ }}
{{ 1 2 }}
{{ a b }}
{{ 'a' is string is string }}
{% set true = 1 %}
{% set a.b = 1 %}
{% set n = 1 %}{% set n.b = 1 %}
{% break %}
{% for x in l %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}
{# open
{% raw %}open
{% for loop in l %}{% endfor %}
{% macro m(a=1, b) %}{% endmacro %}
{{ dict(a=1, a=2) }}
{{ dict(a=1, 2) }}
{% for x in 5 %}{% endfor %}
{% for a, b in l %}{% endfor %}
{% for x in nothing %}{% endfor %}
{% include 'x' %}
{{ 5 | length }}
{{ l | items | list }}
{{ (l | map('upper')) | length }}
{{ missing | tojson }}
{{ ['a', 1] | sort }}
{{ ''.split('') }}
{{ 'a'.index('b') }}
{{ s.upper(1) }}
{{ range(200000) }}
{{ range(3) }}{{ range(1, 9, 3) | list }}{{ range(5, 0, -2) | list }}{{ dict(z=1, **d) }}{{ dict([('k', 1)], b=2) }}{{ namespace(a=1) }}
{% set ns = namespace(a=1, b='x') %}{% for x in l %}{% set ns.a = ns.a + 1 %}{% set ns.c = x %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c }}{{ ns['a'] }}{{ ns.zz is defined }}
{% set x = 1 %}{% for i in l %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}{% if yes %}{% set x = 9 %}{% endif %}{{ x }}
{% set a, b = 1, (2, 3) %}{{ a }}{{ b }}{% set (c, e) = 'xy' %}{{ c }}{{ e }}{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}
{% set x %} a {{ n }} {% endset %}[{{ x }}]{% set y | trim | upper %} a {% set z = 1 %}{% endset %}[{{ y }}]{{ z is defined }}
{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle(1, 2) }}{{ loop.changed(x | lower) }}{{ loop.depth }};{% endfor %}
{% for x in l if x != 'A' %}{{ loop.index }}{{ x }}{{ loop.last }}{% else %}none{% endfor %}{% for x in [] %}{{ x }}{% else %}none{% endfor %}
{% for x in numbers | select('gt', 1) %}{{ loop.length }}{{ x }}{{ loop.last }}{% endfor %}{% for x in d %}{{ x }}{% endfor %}{% for x in 'aé🦙' %}{{ x }}.{% endfor %}
{% for x in range(9) %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 4 %}{% break %}{% endif %}{{ x }}{% else %}else{% endfor %}{% for x in l %}{% break %}{% else %}else{% endfor %}
{% for x in l %}{% for y in [1, 2] %}{{ loop.index }}{{ x }}{% endfor %}{{ loop.index }}{% endfor %}{{ loop is defined }}
{% for x in [[1, [2, [3]]], [4]] recursive %}{{ loop.depth }}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}
{% macro m(a, b='d', c=a) %}{{ a }}{{ b }}{{ c }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}|{{ m(1, 2, 3, 4, k=5) }}|{{ m(c=1, a=2) }}|{{ m() }}|{{ m(*[1, 2]) }}|{{ m(**{'b': 7}) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=2) }}
{% macro f(k) %}{{ k }}{% if k > 0 %}{{ f(k - 1) }}{% endif %}{% endmacro %}{{ f(5) }}{{ f }}
{% macro m() %}{{ later }}{% set inner = 1 %}{% endmacro %}{% set later = 'L' %}{{ m() }}{{ inner is defined }}{% if m() %}yes{% endif %}{{ m() | upper }}
{% macro m(t) %}<{{ t }}>{{ caller(1, b=2) }}</{{ t }}>{% endmacro %}{% call(a, b) m('p') %}{{ a }}{{ b }}{{ n }}{% endcall %}
{% macro m() %}{% endmacro %}{% call m() %}x{% endcall %}
{% filter upper %}a{{ s }}{% endfilter %}{% filter replace('l', 'L') | trim %} {{ s }} {% endfilter %}{% with x = 1, y = n %}{{ x }}{{ y }}{% endwith %}{{ x is defined }}
{% raw %}{{ x }}{% if %}{# #}{% endraw %}|{%- raw -%} {{ y }} {%- endraw -%} |
a {#- c -#} b {# c #} c {%- if yes -%} d {%- endif -%} e {{- n -}} f
{% if n == 7 and f > 2 %}a{% elif n %}b{% else %}c{% endif %}{% if no %}a{% elif nothing %}b{% elif l %}c{% endif %}{% if none_list %}a{% else %}b{% endif %}{% if 0.0 or '' or {} or () %}a{% endif %}
{% print n %}{% if yes: %}x{% endif %}
{% generation %}{{ s }}{% set g = 1 %}{% endgeneration %}é🦙{% generation -%} {{ t }} {%- endgeneration %}{{ g is defined }}{% for x in l %}{% generation %}{{ x }}{% endgeneration %}.{% endfor %}
{{ t | trim }}|{{ 'xxaxx' | trim('x') }}|{{ s | upper }}{{ s | lower }}{{ 'hELLO wORLD-x' | capitalize }}{{ 'hELLO wORLD-x (y)' | title }}|{{ s | replace('l', 'L') }}{{ s | replace('l', 'L', 1) }}{{ 'ab' | replace('', '-') }}
{{ [1, 'a'] | join }}{{ l | join(', ') }}{{ dicts | join('|', attribute='name') }}{{ 'abc' | join('.') }}|{{ l | length }}{{ d | count }}{{ 'é🦙' | length }}
{{ missing | default('x') }}{{ '' | default('x') }}{{ '' | default('x', true) }}{{ none | d('x') }}{{ missing | d }}{{ no | default(value, boolean=true) }}
{{ l | first }}{{ l | last }}{{ 'abc' | first }}{{ [] | first }}{{ d | list }}{{ d | first }}{{ l | reverse | list }}{{ 'abc' | reverse }}{{ l | sort }}{{ l | sort(true, true) }}{{ dicts | sort(attribute='age') | map(attribute='age') | list }}
{{ l | map('upper') | join }}{{ dicts | map(attribute='in.k', default='-') | list }}{{ dicts | selectattr('in') | map(attribute='name') | list }}{{ dicts | rejectattr('age', 'gt', 1) | list }}{{ numbers | select | list }}{{ numbers | reject('odd') | list }}
{{ ['a', 'A', 'b'] | unique | list }}{{ numbers | min }}{{ numbers | max }}{{ numbers | sum }}{{ dicts | sum(attribute='age') }}{{ [] | min is undefined }}{{ dicts | map(attribute='name') | sort | list }}
{{ d | items | list }}{{ d | dictsort }}{{ d | dictsort(reverse=true) }}{{ dicts | groupby('in.k', default='') }}{% for g in dicts | groupby('age') %}{{ g.grouper }}{{ g.list | length }}{% endfor %}{{ l | batch(3, '-') | list }}{{ l | slice(3) | list }}
{{ d | tojson }}{{ [html, t, none, true, 1.0, 1e16, (1, 2)] | tojson }}{{ d | tojson(indent=2) }}{{ {} | tojson(indent=2) }}{{ [[], {'a': []}] | tojson(indent=4) }}{{ 'é' | tojson(ensure_ascii=true) }}{{ {'b': 1, 'a': 2} | tojson(sort_keys=true, separators=(',', ':')) }}{{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }}{{ "\x00\x1f\x7f\u2028/\b\f" | tojson }}
{{ '42' | int }}{{ '42.9' | int }}{{ 'x' | int(7) }}{{ '0x1f' | int(0, 16) }}{{ 3.9 | int }}{{ '1.5' | float }}{{ 'x' | float }}{{ true | int }}{{ none | int }}{{ '1_0' | int }}{{ ' 5 ' | int }}{{ 'inf' | float }}
{{ 2.5 | round }}{{ 3.5 | round }}{{ 2.675 | round(2) }}{{ 7 | round }}{{ 1234 | round(-2) }}{{ 2.1 | round(method='ceil') }}{{ 2.19 | round(1, 'floor') }}{{ -3 | abs }}{{ (-3.5) | abs }}
{{ "a\nb\n\nc" | indent }}|{{ "a\nb" | indent(2, first=true) }}|{{ "a\n\nb" | indent('> ', blank=true) }}|{{ 'one two three four' | truncate(9) }}{{ 'one two three' | truncate(5, true) }}{{ 'one two' | truncate(9) }}{{ 'abc' | center(9) }}|{{ 'one two-three' | wordcount }}
{{ html | e }}{{ html | escape | upper }}{{ ('<' | safe) + '<' }}{{ '<' ~ ('<' | e) }}{{ 'a "b"' + ('c' | safe) }}{{ html | safe }}{{ (html | e) | e }}{{ html | forceescape }}{{ [('<' | safe)] }}{{ 'a b&c/d é' | urlencode }}{{ {'a b': 'c&d'} | urlencode }}
{{ '%s %d %.2f %5s|%-5s|%05d %x %r %%' | format('a', 3, 1.5, 'b', 'c', 42, 255, 'd') }}{{ '%(a)s' | format(a=1) }}{{ '%s' % n }}{{ '%s-%s' % (1, 2) }}
{{ '{} {} {0}'.format(1, 2) }}
{{ '{} {1}'.format(1, 2) if no }}{{ '{0} {1} {0}'.format('a', 2) }}{{ '{a} {b.k} {c[0]}'.format(a=1, b={'k': 2}, c=[3]) }}{{ '{:>5}|{:<5}|{:^5}|{:05d}|{:,}|{:.2f}|{:x}|{!r}|{{}}'.format('a', 'b', 'c', 42, 1234567, 3.14159, 255, 'q') }}
{{ ' a b '.strip() }}|{{ 'xxabxx'.strip('xa') }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'a,b,,c'.split(',') }}{{ ' a  b '.split() }}{{ 'a b c'.split(' ', 1) }}{{ 'a b c'.rsplit(' ', 1) }}{{ ' a  b c '.split(maxsplit=1) }}{{ "a\nb\r\nc".splitlines() }}
{{ s.startswith('Hello') }}{{ s.startswith(('x', 'He')) }}{{ s.endswith('ld') }}{{ s.find('o') }}{{ s.find('zz') }}{{ s.rfind('o') }}{{ s.count('l') }}{{ s.index('W') if 'W' in s }}{{ 'a-b-c'.partition('-') }}{{ 'a-b-c'.rpartition('-') }}{{ s.removeprefix('He') }}{{ s.removesuffix('ld') }}
{{ 'ab1'.isalnum() }}{{ '12'.isdigit() }}{{ 'ab'.isalpha() }}{{ ' '.isspace() }}{{ 'AB'.isupper() }}{{ 'ab'.islower() }}{{ 'a'.upper() }}{{ 'ß'.upper() }}{{ 'A'.lower() }}{{ "they're x".title() }}{{ 'hELLO'.capitalize() }}{{ 'aB'.swapcase() }}{{ '7'.zfill(3) }}{{ 'a'.ljust(3, '.') }}{{ 'a'.rjust(3) }}{{ 'a'.center(4, '*') }}{{ '-'.join(['a', 'b']) }}
{{ d.keys() | list }}{{ d.values() | list }}{{ d.items() }}{{ d.copy() == d }}{{ l.index('c') }}{{ l.count('a') }}{{ (1, 1).count(1) }}
{{ 1 is number }}{{ true is number }}{{ 1 is integer }}{{ true is integer }}{{ 1.0 is float }}{{ 'a' is string }}{{ {} is mapping }}{{ [] is sequence }}{{ {} is sequence }}{{ 'a' is sequence }}{{ 5 is iterable }}{{ 'a' is iterable }}{{ none is none }}{{ no is false }}{{ zero is false }}{{ yes is true }}{{ yes is boolean }}
{{ 3 is odd }}{{ 4 is even }}{{ 9 is divisibleby 3 }}{{ 'a' is lower }}{{ 'A' is upper }}{{ range is callable }}{{ 1 is sameas 1 }}{{ 'a' is in l }}{{ 1 is eq 1 }}{{ 1 is ne(2) }}{{ 1 is lt 2 }}{{ 2 is ge 2 }}{{ 'upper' is filter }}{{ 'odd' is test }}{{ 1 is not string }}{{ s is defined and s }}
{{ strftime_now('%d %b %Y %H:%M:%S %A %B %j %y %m %p %I %a %-d %% %F %T') }}
{{ range(9)[2:8:3] }}{{ 0 / -1 }}{{ (1e16 - 2.5) / 6 }}{{ '{:.1%}'.format(1e22) }}{{ [missing, nothing.x] | unique | list }}{{ missing is callable }}{{ l | truncate(9) }}{{ 9007199254740993 | round(2, 'floor') }}{{ (('a' | e) ~ 'b').partition('b') }}{{ ('a b' | e).partition(' ') }}{{ ('ab' | e) | reverse }}
{{ '{:.3}'.format(true) }}
{{ {} in d.keys() }}
{{ '{:+}'.format('a') }}
{{ '{:^9}'.format(l) }}
{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner() %}{{ j() }}x{{ j() }}y
"""

LAYOUTS = [
    "a\n  {% if yes %}  \n  b\n  {% endif %}\nc\n",
    "a\n  {%+ if yes +%}\n  b\n  {%- endif -%}\n  c\n\n",
    "  {{ n }}\n  {{- n -}}  \n  x",
    "{% for x in l %}\n  {{ x }}\n{% endfor %}\n\nend",
    "{% for x in l -%}\n  {{ x }}\n{%- endfor %}\n",
    "a\r\nb\rc{{ '\r\n' }}\r\n",
    "  {# c #}  \n  {#- c -#}  \n x",
    "\t{% raw %}\n  {{ x }}\n  {% endraw %}\nx",
    "{{ 'a\nb' }}{{ {'a':\n {'b': 1}} }}",
    "{% if yes %}{# c #}\n{% endif %}\n x {% if yes %} y\n{% endif %}",
    "{",
    "}} %} #}",
    "",
    "\n",
]

CASES = (
    [(line, VARIABLES) for line in LINES.strip("\n").split("\n")]
    + [(layout, VARIABLES) for layout in LAYOUTS]
    + [(CHAT, variables) for variables in CONVERSATIONS.values()]
)
