"""Random templates from a grammar of what jinja2 knows, most of which render and some of which fail."""

VARIABLES = {
    "s": "Hello, wide World",
    "t": "  a\n\n b-c é🦙 {{ s }}\t ",
    "empty": "",
    "html": "<b>'x' & \"y\"</b>",
    "digits": "42",
    "n": 7,
    "zero": 0,
    "f": 2.5,
    "yes": True,
    "no": False,
    "nothing": None,
    "l": ["b", "A", "c", "a"],
    "numbers": [3, 1, 2.5, True, 0],
    "nested": [[1, "x"], [2, "y"], [], ["z"]],
    "d": {"b": 1, "a": [1, 2], "C": None, "items": "key"},
    "dicts": [
        {"name": "x", "age": 3, "in": {"k": "p"}},
        {"name": "Y", "age": 1},
        {"name": "z", "age": 2, "in": {"k": "q"}, "ok": False},
    ],
    "none_list": [],
}
WORDS = [
    "s", "s", "t", "empty", "html", "digits", "'a'", '"b"', "' '", "'\\n'", "'\\\\d\\''", '"é🦙"', "'<&>'", "'World'",
    "'A' 'b'", "'\\x41\\u00e9'", "'12'", "' 1.5 '", "''", "'one two  three'", "dicts[0].name", "l[0]", "l[-1]", "'ß ǆ ﬁ İ'",
]
NUMBERS = [
    "n", "zero", "f", "yes", "0", "1", "2", "3", "10", "-1", "1.0", "0.5", "1e3", "1_000", "0x1f", "100000000000000000000",
    "1e-7", "1e22", "123456.789", "0.1", "dicts[1].age", "d.b", "d['a'][1]", "2.675", "-2.5", "1e16", "9007199254740993",
]
LISTS = [
    "l", "numbers", "nested", "dicts", "none_list", "d.a", "range(3)", "range(5, 1, -2)", "[1, 'a', none, 2.0]", "('x', 'y')",
    "[]", "()", "(1,)", "[[1, 2], [1, 'b']]", "d.items()", "d.keys()", "d | items", "d.values() | list",
]
MAPPINGS = ["d", "dicts[0]", "dicts[1]", "{}", "{'k': 1, 'j': [none]}", "dict(a=1, b='x')", "dict([('k', 1)])", "{1: 'i', true: 'j', 'x': 1.5}"]
OTHERS = ["nothing", "missing", "none", "no", "yes", "true", "x", "y", "ns", "loop.index", "d.missing", "s.nosuch", "dicts[9]", "m"]

# Each operation has places for its operands: S text, N number, L list, M mapping, A anything.
TEXTS = """S + S | S ~ A | S * 2 | (S)[1:] | (S)[::-1] | (S)[-3:10] | (S)[:-1] | (S)[0] | (S)[1:9:2] | S if A else S | A ~ A ~ 'x' | S or 'o'
(S)|trim | (S)|upper | (S)|lower | (S)|title | (S)|capitalize | (S)|trim('aH ') | (S)|replace('l', 'L') | (S)|replace('', '-', 2)
(S)|replace(' ', S) | (S)|indent | (S)|indent(2, true) | (S)|indent('> ', first=true, blank=true) | (S)|truncate(9) | (S)|truncate(5, true, '')
(S)|truncate(length=6, end='~', leeway=0) | (S)|center(20) | (S)|reverse | (S)|e | (S)|safe | (S)|forceescape | (S)|escape|upper | (S)|safe + S
(S)|e ~ S | S + (S|e) | (S)|urlencode | (A)|string | (A)|tojson | (A)|tojson(indent=2) | (M)|tojson(sort_keys=true) | (L)|tojson(separators=(',', ':'))
(A)|tojson(ensure_ascii=true, indent=0) | (L)|join | (L)|join(', ') | (dicts)|join('|', attribute='age') | (L)|map('string')|join('-') | (S)|default('x')
(A)|default('x', true) | (A)|default(S) | '%s' % A | '%s|%r' % (A, A) | '%5.1f' % N | '%05d|%x' % (7, 255) | '%-6s|' % S | '%e %g' % (N, N)
'%s and %s'|format(A, N) | '%(a)s'|format(a=A) | '{} {}'.format(A, S) | '{:>8}|{:^7}|{:<6}|'.format(S, S, N) | '{:.2f} {:+}'.format(N, N)
'{:,}'.format(N) | '{:05.1f}'.format(N) | '{0}{0!r}'.format(S) | '{a[0]}{b.k}'.format(a=S, b={'k': A}) | '{:e} {:g}'.format(N, N) | '{:.1%}'.format(N)
S.strip() | S.lstrip() | S.rstrip() | S.strip(' Hd') | S.upper() | S.lower() | S.title() | S.capitalize() | S.swapcase() | S.replace('l', 'L', 1)
S.replace('', '.') | S.replace(S, 'r') | ', '.join(l) | S.join(['a', S]) | S.zfill(12) | S.ljust(20, '.') | S.rjust(20) | S.center(21, '*')
S.removeprefix('He') | S.removesuffix('ld') | S.split('l')[-1] | S.split()[0] | S.partition(' ')[2] | S.splitlines()|join('/') | S.casefold()
strftime_now('%d %b %Y') | (L|first)|string | (L|last)|string | (A is string)|string | S.split(S or 'x')|first | (S)|batch(3)|map('join')|join('+')""".replace(" | ", "\n").replace("\n)", ")")
COUNTS = """N + N | N - N | N * N | N / N | N // N | N % N | N ** 2 | 2 ** (N|int % 9) | -N | +N | (N + N) * N | (L)|length | (S)|length | (M)|count | (A)|int | (S)|int(7)
(S)|float | (A)|float(1) | (N)|round | (N)|round(1) | (N)|round(2, 'floor') | (N)|round(method='ceil') | (N)|round(-1) | (N)|abs | (N)|int | (N)|float
(L)|sum if L == numbers else 1 | numbers|sum | numbers|max | numbers|min | (dicts)|sum(attribute='age') | (dicts|max(attribute='age')).age | (S)|wordcount
S.find('l') | S.rfind('o') | S.find('l', 4) | S.index('') | S.count('l') | S.count('') | l.index('c') | numbers.count(1) | N if A else N | N or N | (L)|length - 1
'ff'|int(base=16) | '0x1f'|int(0, 16) | (M).get('b', 3) | loop.index0 | (L)|list|length | N % 2 == 0 | (N)|string|length""".replace(" | ", "\n")
SEQUENCES = """L + L | [A, A] | (A, A) | (L)|list | (L)[1:] | (L)[::-1] | (L)[::2] | (L)[-2:] | (L)[:-1] | (L)|reverse|list | (L)|sort | l|sort | l|sort(case_sensitive=true)
l|sort(reverse=true) | dicts|sort(attribute='age') | dicts|sort(attribute='age,name', reverse=true) | (L)|unique|list | l|unique(true)|list | dicts|unique(attribute='name')|list
(L)|map('string')|list | l|map('upper')|list | dicts|map(attribute='name')|list | dicts|map(attribute='in.k', default='-')|list | (L)|select('string')|list | (L)|select|list
numbers|select('gt', 1)|list | (L)|reject('none')|list | (L)|reject|list | (L)|select('in', [1, 'a'])|list | dicts|selectattr('in')|list | dicts|selectattr('age', 'gt', 1)|list
dicts|rejectattr('ok', 'defined')|list | dicts|selectattr('name', 'equalto', S)|list | (L)|batch(2)|list | (L)|batch(2, '-')|list | (L)|slice(2)|list | (L)|slice(3, 0)|list
(M)|dictsort | d|dictsort(true) | dicts[0]|items|list | (M)|list | M.items()|list | M.keys()|list | M.values()|list | (S)|list | S.split() | S.split(' ') | S.split('l', 1)
S.rsplit(' ', 1) | S.rsplit(none, 1) | S.split(maxsplit=1) | S.splitlines() | S.splitlines(true) | S.partition('o') | S.rpartition('o') | dicts|groupby('name')
dicts|groupby('in.k', default='') | l|groupby(0) | (L) * 2 | L if A else L | L or L | (L)|map('default', 'z', true)|list | (L)|map(attribute=0)|list | {**M}|list
(L)|map('tojson')|list | (L)|map('length')|list | M.items() | M.keys() | M.values() | range(N)|list | L.copy()""".replace(" | ", "\n").replace("{**M}|list\n", "")
CONDITIONS = """N < N | N == N | A == A | A != A | S == S | S < S | L == L | M == M | S in S | A in L | S in M | A not in L | not A | A and A | A or A | N < N <= N | A is defined
A is undefined | A is none | A is string | A is mapping | A is iterable | A is sequence | A is number | A is integer | A is float | A is boolean | A is true | A is false
N is odd | N is even | 12 is divisibleby N | S is lower | S is upper | A is callable | A is escaped | A is sameas none | A is in l | A is eq N | N is gt 1 | N is le(2)
A is not none | A is not string | A is not in [1, 2] | 'upper' is filter | 'nosuch' is test | S.startswith('H') | S.startswith(('a', 'H')) | S.endswith('d') | S.endswith(' ', 0, 7)
S.isdigit() | S.isalpha() | S.isalnum() | S.isspace() | S.isupper() | S.islower() | A is defined and A | A if A | L < L | [1, 2] < [1, 3] | ('a', 1) == ['a', 1] | 1 == 1.0 == true
A is string and A | A is mapping or A is string | not A is none | not (A and A) | A == none | 'a' < 'b' < 'c'""".replace(" | ", "\n")
KINDS = {
    "S": (WORDS, TEXTS.split("\n")),
    "N": (NUMBERS, COUNTS.split("\n")),
    "L": (LISTS, SEQUENCES.split("\n")),
    "M": (MAPPINGS, ["dicts|first", "M.copy()", "M if A else M", "dict(M)", "dict(M, z=A)", "namespace(a=A)", "dicts[-1]", "{S: A, N: A}", "M or M"]),
    "B": (["yes", "no"], CONDITIONS.split("\n")),
    "O": (OTHERS, ["(L)|first", "(L)|last", "(L)[0]", "(L)[-1]", "(L)[N]", "(M)[S]", "M.get(S)", "M.get('b')", "d.a", "d['items']", "d.C", "ns.a", "(L)|max", "(L)|min", "A if A"]),
}


class Grammar:
    def __init__(self, random):
        self.random = random

    def one(self, choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def expression(self, kind="A", depth=0):
        """An expression of this kind, or now and then of another."""
        if kind == "A" or self.chance(0.01):
            kind = self.one("SSSNNLLMBO")
        simple, operations = KINDS[kind]
        if depth > 1 + (depth == 2 and self.chance(0.3)) or self.chance(0.3):
            return self.one(simple)
        out = ""
        operation = self.one(operations)
        for i, letter in enumerate(operation):
            alone = not (operation[i - 1 : i].isalnum() or operation[i + 1 : i + 2].isalnum() or operation[i - 1 : i] in ("'", ".", "_"))
            if letter in "SNLMA" and alone:
                value = self.expression(letter, depth + 1)
                simple = value.replace("_", "a").replace(".", "a").isalnum()
                out += value if simple or self.chance(0.1) else f"({value})"
            else:
                out += letter
        return out

    def template(self):
        return "".join(self.node(0) for _ in range(self.random.randint(1, 3)))

    def text(self):
        return self.one(["", "a", " ", "\n", "  \n", "\n  ", "text\n", " b \n\n", "\t"])

    def tag(self, words, opening="{%", closing="%}"):
        left = self.one(["", "", "", "-", "-", "+"]) if opening == "{%" else self.one(["", "", "-"])
        right = self.one(["", "", "", "-", "-", "+"]) if closing == "%}" else self.one(["", "", "-"])
        return f"{opening}{left} {words} {right}{closing}"

    def body(self, depth):
        return self.text() + "".join(self.node(depth + 1) for _ in range(self.random.randint(1, 2))) + self.text()

    def node(self, depth):
        kind = self.random.random()
        if depth > 2 or kind < 0.5:
            return self.text() + self.tag(self.expression(), "{{", "}}") + self.text()
        if kind < 0.58:
            target = self.one(["x", "y", "x", "y", "z", "x, y"])
            return self.tag(f"set {target} = {self.expression()}") + self.text()
        if kind < 0.62:
            return self.tag("set ns = namespace(a=0)") + self.body(depth) + self.tag(f"set ns.a = {self.expression()}") + "{{ ns.a }}"
        if kind < 0.70:
            out = self.tag(f"if {self.expression()}") + self.body(depth)
            if self.chance(0.3):
                out += self.tag(f"elif {self.expression()}") + self.body(depth)
            if self.chance(0.5):
                out += self.tag("else") + self.body(depth)
            return out + self.tag("endif") + self.text()
        if kind < 0.84:
            target, items = self.one([
                ("x", "l"), ("x", "numbers"), ("k, v", "d.items()"), ("k, v", "d | items"), ("x", "t"), ("x", "dicts"),
                ("x", "l[::-1]"), ("x, y", "nested"), ("x", "missing"), ("x", "dicts | selectattr('in')"), ("x", "range(3)"),
                ("x", self.expression("L")),
            ])
            condition = f" if {self.expression()}" if self.chance(0.2) else ""
            out = self.tag(f"for {target} in {items}{condition}") + self.body(depth)
            out += self.one(["", "", "{{ loop.index0 }}", "{{ loop.last }}", "{{ loop.length }}", "{{ x }}",
                             "{{ loop.revindex }}|", "{{ loop.previtem }}", "{{ loop.nextitem is defined }}",
                             "{{ loop.cycle('o', 'e') }}", "{{ loop.changed(x) }}", "{{ loop.depth }}"])
            if self.chance(0.15):
                out += self.tag(f"if {self.expression()}") + self.tag(self.one(["break", "continue"])) + self.tag("endif")
            if self.chance(0.2):
                out += self.tag("else") + self.body(depth)
            return out + self.tag("endfor") + self.text()
        if kind < 0.90:
            signature = self.one(["m(a)", "m(a, b=2)", "m()", "m(a=n, b=a)", "m(x)"])
            extra = self.one(["", "", "{{ varargs }}", "{{ kwargs }}", "{{ caller() if caller else '' }}", "{{ a }}{{ b }}"])
            call = self.one(["{{ m(1) }}", "{{ m(1, b=3) }}", "{{ m() }}", "{{ m(1, 2, 3) }}", "{{ m(*l) }}", "{{ m(**dict(a=1)) }}",
                             "{% call m(1) %}c{{ x }}{% endcall %}", "{% call() m() %}c{% endcall %}"])
            return self.tag(f"macro {signature}") + self.body(depth) + extra + self.tag("endmacro") + self.text() + call
        if kind < 0.93:
            return self.tag("set x") + self.body(depth) + self.tag("endset") + "[{{ x }}]"
        if kind < 0.95:
            return self.tag(f"filter {self.one(['upper', 'trim', 'indent(2)', 'title', 'replace(1, 2) | title'])}") + self.body(depth) + self.tag("endfilter")
        if kind < 0.96:
            return self.tag(f"with x = {self.expression()}, y = x") + self.body(depth) + "{{ x }}{{ y }}" + self.tag("endwith")
        if kind < 0.975 and depth == 0:
            return self.tag("generation") + self.body(depth) + self.tag("endgeneration") + self.text()
        if kind < 0.985:
            return "{%" + self.one(["", "-", "+"]) + self.one([" raw ", "raw"]) + self.one(["%}", "-%}"]) + self.one(["{{ x }}", " {% if %}\n", "\n  {#"]) + self.tag("endraw") + self.text()
        return self.text() + self.one(["{# c #}", "{#- c -#}", "{#c\n#}", "{#+ c +#}"]) + self.text()
