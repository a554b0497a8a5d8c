package perdure.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import perdure.template.Expression.ArgumentList;
import perdure.template.Expression.Filtering;
import perdure.template.Token.Kind;

/** What stands between operators: literals, names and brackets, with calls, subscripts, filters and tests after them. */
final class OperandParser {
    private static final Map<String, Object> CONSTANTS = constants();

    private final TokenStream tokens;
    private final ExpressionParser expressions;

    OperandParser(TokenStream tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    private static Map<String, Object> constants() {
        Map<String, Object> constants = new LinkedHashMap<>();
        for (String name : List.of("true", "True", "false", "False", "none", "None")) {
            char first = Character.toLowerCase(name.charAt(0));
            constants.put(name, first == 'n' ? null : (Object) (first == 't'));
        }
        return constants;
    }

    static boolean isConstant(String name) {
        return CONSTANTS.containsKey(name);
    }

    /** A value with its sign and all that follows it. */
    Expression unary() {
        return filters(signed());
    }

    /** Filters and tests after a sign belong to the whole. */
    private Expression signed() {
        boolean negative = tokens.atOperator("-");
        Expression value;
        if (negative || tokens.atOperator("+")) {
            tokens.next();
            tokens.enter();
            value = new Expression.Signed(negative, signed());
            tokens.leave();
        } else {
            value = primary();
        }
        return postfix(value);
    }

    private Expression primary() {
        Token token = tokens.current();
        switch (token.kind()) {
            case NAME -> {
                tokens.next();
                if (isConstant(token.text())) {
                    return new Expression.Literal(CONSTANTS.get(token.text()));
                }
                expressions.read(token.text());
                return new Expression.Name(token.text());
            }
            case STRING -> {
                StringBuilder text = new StringBuilder();
                while (tokens.at(Kind.STRING)) {
                    text.append(tokens.next().text());
                }
                return new Expression.Literal(text.toString());
            }
            case NUMBER -> {
                return new Expression.Literal(tokens.next().number());
            }
            default -> {
                return bracketed(token);
            }
        }
    }

    private Expression bracketed(Token token) {
        if (tokens.skipOperator("(")) {
            Expression value =
                    tokens.atOperator(")") ? new Expression.TupleOf(List.of()) : expressions.tuple(true, null);
            tokens.expectOperator(")");
            return value;
        }
        if (tokens.skipOperator("[")) {
            return new Expression.ListOf(upTo("]", expressions::expression));
        }
        if (tokens.skipOperator("{")) {
            return new Expression.DictOf(upTo("}", () -> {
                Expression key = expressions.expression();
                tokens.expectOperator(":");
                return new Expression.Pair(key, expressions.expression());
            }));
        }
        throw tokens.fail("unexpected " + token.described());
    }

    /** Items with commas between them, and perhaps one after the last. */
    private <T> List<T> upTo(String end, Supplier<T> item) {
        List<T> items = new ArrayList<>();
        while (!tokens.skipOperator(end)) {
            items.add(item.get());
            if (!tokens.atOperator(end)) {
                tokens.expectOperator(",");
            }
        }
        return items;
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.skipOperator(".")) {
                value = attribute(value);
            } else if (tokens.skipOperator("[")) {
                value = subscript(value);
            } else if (tokens.atOperator("(")) {
                value = new Expression.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private Expression attribute(Expression target) {
        if (tokens.at(Kind.NUMBER) && Arithmetic.isWhole(tokens.current().number())) {
            return new Expression.Item(
                    target, new Expression.Literal(tokens.next().number()));
        }
        return new Expression.Attribute(target, tokens.expectName());
    }

    private Expression subscript(Expression target) {
        Expression start = tokens.atOperator(":") ? null : expressions.expression();
        Expression value;
        if (tokens.skipOperator(":")) {
            Expression stop = bound();
            value = new Expression.Slice(target, start, stop, tokens.skipOperator(":") ? bound() : null);
        } else if (tokens.atOperator(",")) {
            List<Expression> keys = new ArrayList<>(List.of(start));
            while (tokens.skipOperator(",")) {
                keys.add(expressions.expression());
            }
            value = new Expression.Item(target, new Expression.TupleOf(keys));
        } else {
            value = new Expression.Item(target, start);
        }
        tokens.expectOperator("]");
        return value;
    }

    private Expression bound() {
        return tokens.atOperator(":") || tokens.atOperator("]") ? null : expressions.expression();
    }

    private Expression filters(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.atOperator("|")) {
                value = new Expression.Filtered(value, filtering());
            } else if (tokens.skipName("is")) {
                value = test(value);
            } else if (tokens.atOperator("(")) {
                value = new Expression.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    /** One filter with the bar before it. */
    private Filtering filtering() {
        tokens.expectOperator("|");
        return namedFilter();
    }

    /** Filters with bars between them, as they stand in a tag. */
    List<Filtering> filterChain() {
        List<Filtering> chain = new ArrayList<>(List.of(namedFilter()));
        while (tokens.atOperator("|")) {
            chain.add(filtering());
        }
        return chain;
    }

    private Filtering namedFilter() {
        Token token = tokens.current();
        String name = dotted();
        Filters.Filter filter = Filters.find(name);
        if (filter == null) {
            expressions.unknown(TemplateException.at(token.line(), "there is no filter named '" + name + "'"));
        }
        return new Filtering(name, filter, tokens.atOperator("(") ? arguments() : ArgumentList.NONE);
    }

    private String dotted() {
        StringBuilder name = new StringBuilder(tokens.expectName());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.expectName());
        }
        return name.toString();
    }

    private Expression test(Expression input) {
        boolean negated = tokens.skipName("not");
        Token token = tokens.current();
        String name = dotted();
        Checks.Check check = Checks.find(name);
        if (check == null) {
            expressions.unknown(TemplateException.at(token.line(), "there is no test named '" + name + "'"));
        }
        Expression tested = new Expression.Tested(input, name, check, testArguments());
        return negated ? new Expression.Not(tested) : tested;
    }

    /** In brackets, or one value without them. */
    private ArgumentList testArguments() {
        if (tokens.atOperator("(")) {
            return arguments();
        }
        boolean value =
                switch (tokens.current().kind()) {
                    case STRING, NUMBER -> true;
                    case OPERATOR -> tokens.atOperator("[") || tokens.atOperator("{");
                    case NAME -> !(tokens.atName("else") || tokens.atName("or") || tokens.atName("and"));
                    default -> false;
                };
        if (!value) {
            return ArgumentList.NONE;
        }
        if (tokens.atName("is")) {
            throw tokens.fail("tests with 'is' cannot follow one another");
        }
        return new ArgumentList(List.of(postfix(primary())), Map.of(), null, null);
    }

    private ArgumentList arguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        Expression spread = null;
        Expression spreadNamed = null;
        while (!tokens.skipOperator(")")) {
            if (spreadNamed == null && spread == null && tokens.skipOperator("*")) {
                spread = expressions.expression();
            } else if (spreadNamed == null && tokens.skipOperator("**")) {
                spreadNamed = expressions.expression();
            } else if (spreadNamed == null
                    && tokens.at(Kind.NAME)
                    && tokens.look().is(Kind.OPERATOR, "=")) {
                String name = tokens.next().text();
                tokens.next();
                if (named.put(name, expressions.expression()) != null) {
                    throw tokens.fail("two arguments are named '" + name + "'");
                }
            } else if (named.isEmpty() && spread == null && spreadNamed == null) {
                positional.add(expressions.expression());
            } else {
                throw tokens.fail("an argument by position follows one by name");
            }
            if (!tokens.atOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        return new ArgumentList(positional, named, spread, spreadNamed);
    }
}
