package perdure.template;

import java.util.List;
import perdure.template.Token.Kind;

/** The tokens of a template with the place that the parser has come to. */
final class TokenStream {
    /** Nesting of tags and brackets in the source, for which half of an ordinary stack (512 KiB) has room. */
    private static final int MOST_DEPTH = 60;

    private final List<Token> tokens;
    private int position;
    private int depth;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(position);
    }

    int line() {
        return current().line();
    }

    /** The token after the current one. */
    Token look() {
        return tokens.get(Math.min(position + 1, tokens.size() - 1));
    }

    /** Returns the current token and goes to the next. The last is the end, where it stays. */
    Token next() {
        Token token = current();
        position = Math.min(position + 1, tokens.size() - 1);
        return token;
    }

    boolean at(Kind kind) {
        return current().kind() == kind;
    }

    boolean atName(String name) {
        return current().is(Kind.NAME, name);
    }

    boolean atOperator(String operator) {
        return current().is(Kind.OPERATOR, operator);
    }

    boolean skipName(String name) {
        return skipIf(atName(name));
    }

    boolean skipOperator(String operator) {
        return skipIf(atOperator(operator));
    }

    private boolean skipIf(boolean there) {
        if (there) {
            next();
        }
        return there;
    }

    Token expect(Kind kind, String what) {
        if (!at(kind)) {
            throw fail("expected " + what + ", found " + current().described());
        }
        return next();
    }

    String expectName() {
        return expect(Kind.NAME, "a name").text();
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw fail("expected '" + name + "', found " + current().described());
        }
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw fail("expected '" + operator + "', found " + current().described());
        }
    }

    TemplateException fail(String message) {
        return TemplateException.at(line(), message);
    }

    /** Goes one level deeper. A fault ends the parsing, so that only success needs {@link #leave}. */
    void enter() {
        if (++depth > MOST_DEPTH) {
            throw fail("the template is nested more than " + MOST_DEPTH + " levels deep");
        }
    }

    void leave() {
        depth--;
    }
}
