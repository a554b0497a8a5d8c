package perdure.template;

import java.util.ArrayList;
import java.util.List;
import perdure.template.Token.Kind;

/**
 * Cuts a template into tokens, and takes away the white space around tags as {@code trim_blocks} and {@code
 * lstrip_blocks} do: the line break after a block or comment, and the indentation before it. {@code -} takes all white
 * space on its side, {@code +} keeps it.
 */
final class Lexer {
    private static final char NONE = 0;

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    /** Up to where line breaks are counted in {@code line}. */
    private int counted;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String source) {
        String text = source.replace("\r\n", "\n").replace('\r', '\n');
        if (text.endsWith("\n")) {
            text = text.substring(0, text.length() - 1);
        }
        Lexer lexer = new Lexer(text);
        lexer.readAll();
        return lexer.tokens;
    }

    private void readAll() {
        while (position < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                add(Kind.DATA, source.substring(position), position);
                break;
            }
            char type = source.charAt(tag + 1);
            char sign = sign(tag + 2);
            int inside = tag + (sign == NONE ? 2 : 3);
            addText(position, tag, sign, type == '{');
            int raw = type == '%' ? endOfRawBegin(inside) : -1;
            if (raw >= 0) {
                readRaw(raw);
            } else if (type == '#') {
                position = endOfComment(inside);
            } else {
                add(type == '%' ? Kind.BLOCK_BEGIN : Kind.PRINT_BEGIN, source.substring(tag, tag + 2), tag);
                readTag(inside, type == '%');
            }
        }
        add(Kind.END, "", source.length());
    }

    /** The next place of an opening brace with one of its three companions; -1 if there is none. */
    private int nextTag() {
        for (int i = source.indexOf('{', position); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private char sign(int at) {
        return at < source.length() && "-+".indexOf(source.charAt(at)) >= 0 ? source.charAt(at) : NONE;
    }

    private void addText(int from, int to, char sign, boolean beforePrint) {
        int end = to;
        if (sign == '-') {
            while (end > from && Text.isSpace(source.charAt(end - 1))) {
                end--;
            }
        } else if (sign == NONE && !beforePrint) {
            int begin = Math.max(from, source.lastIndexOf('\n', to - 1) + 1);
            boolean lineBegins = begin == 0 || source.charAt(begin - 1) == '\n';
            if (lineBegins && skipSpace(begin) >= to) {
                end = begin;
            }
        }
        if (end > from) {
            add(Kind.DATA, source.substring(from, end), from);
        }
    }

    /** Where the text of {@code {% raw %}} begins, or -1 if this is another tag. */
    private int endOfRawBegin(int inside) {
        int word = skipSpace(inside);
        if (!source.startsWith("raw", word)) {
            return -1;
        }
        int end = skipSpace(word + 3);
        if (source.startsWith("-%}", end)) {
            return skipSpace(end + 3);
        }
        return source.startsWith("%}", end) ? end + 2 : -1;
    }

    private void readRaw(int from) {
        for (int tag = source.indexOf("{%", from); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
            char sign = sign(tag + 2);
            int word = skipSpace(tag + (sign == NONE ? 2 : 3));
            int end = source.startsWith("endraw", word) ? endOfTag(skipSpace(word + 6), "%}", true) : -1;
            if (end >= 0) {
                addText(from, tag, sign, false);
                position = end;
                return;
            }
        }
        throw TemplateException.at(lineOf(from), "{% raw %} has no {% endraw %}");
    }

    private int endOfComment(int inside) {
        int close = source.indexOf("#}", inside);
        if (close < 0) {
            throw TemplateException.at(lineOf(inside), "a comment {# has no end #}");
        }
        boolean signed = close > inside && sign(close - 1) != NONE;
        return endOfTag(signed ? close - 1 : close, "#}", true);
    }

    /** Where a tag that ends here is over, with the white space that it takes; -1 if no tag ends here. */
    private int endOfTag(int at, String closing, boolean block) {
        if (source.startsWith("-" + closing, at)) {
            return skipSpace(at + 1 + closing.length());
        }
        if (block && source.startsWith("+" + closing, at)) {
            return at + 1 + closing.length();
        }
        if (!source.startsWith(closing, at)) {
            return -1;
        }
        int end = at + closing.length();
        return block && source.startsWith("\n", end) ? end + 1 : end;
    }

    /** Tokens up to the end of the tag, which counts only outside of brackets. */
    private void readTag(int inside, boolean block) {
        String closing = block ? "%}" : "}}";
        TagLexer words = new TagLexer(source, inside);
        while (true) {
            int at = words.skipSpace();
            int end = words.balanced() ? endOfTag(at, closing, block) : -1;
            if (end >= 0) {
                add(block ? Kind.BLOCK_END : Kind.PRINT_END, closing, at);
                position = end;
                return;
            }
            if (at >= source.length()) {
                position = at;
                return;
            }
            tokens.add(words.next(lineOf(at)));
        }
    }

    private int skipSpace(int from) {
        return Text.skipSpace(source, from);
    }

    private void add(Kind kind, String text, int at) {
        tokens.add(new Token(kind, text, null, lineOf(at)));
    }

    /** Lines are asked for in order, but for those of a fault. */
    private int lineOf(int at) {
        for (; counted < at; counted++) {
            if (source.charAt(counted) == '\n') {
                line++;
            }
        }
        return line;
    }
}
