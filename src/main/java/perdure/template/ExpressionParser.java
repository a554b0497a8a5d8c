package perdure.template;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import perdure.template.Arithmetic.Operator;
import perdure.template.Expression.ArgumentList;
import perdure.template.Expression.Filtering;
import perdure.template.Expression.Step;
import perdure.template.Token.Kind;

/**
 * Expressions, by recursive descent. From loose to tight: {@code if else}, {@code or}, {@code and}, {@code not},
 * comparisons, {@code + -}, {@code ~}, {@code * / // %}, {@code **} (from left to right), signs, then calls,
 * subscripts, filters and tests.
 */
final class ExpressionParser {
    private static final Map<String, Operator> SUMS = Map.of("+", Operator.ADD, "-", Operator.SUBTRACT);
    private static final Map<String, Operator> PRODUCTS = Map.of(
            "*", Operator.MULTIPLY,
            "/", Operator.DIVIDE,
            "//", Operator.FLOOR_DIVIDE,
            "%", Operator.REMAINDER);
    private static final Map<String, Comparison.Operator> COMPARISONS = comparisons();
    private static final Map<String, Object> CONSTANTS = constants();

    private final TokenStream tokens;
    /** One set for each macro that is open, of the names that its body reads. */
    private final List<Set<String>> reads = new ArrayList<>();
    /** Whether a filter or test that does not exist may wait until it is reached, as jinja2 has it inside of conditions. */
    private boolean lenient;
    /** The first such in the expression that is being parsed, which does not know yet whether a condition follows. */
    private TemplateException unknown;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    private static Map<String, Comparison.Operator> comparisons() {
        Map<String, Comparison.Operator> bySign = new LinkedHashMap<>();
        for (Comparison.Operator operator : Comparison.Operator.values()) {
            if (operator != Comparison.Operator.IN && operator != Comparison.Operator.NOT_IN) {
                bySign.put(operator.sign, operator);
            }
        }
        return bySign;
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

    /** Parses something with unknown names allowed or not, and goes back to what was before. */
    <T> T leniently(boolean now, Supplier<T> parsing) {
        boolean before = lenient;
        lenient = now;
        T result = parsing.get();
        lenient = before;
        return result;
    }

    /** Parses the body of a macro, and adds the names that it reads to {@code names}. */
    <T> T collecting(Set<String> names, Supplier<T> parsing) {
        reads.add(names);
        T result = parsing.get();
        reads.remove(reads.size() - 1);
        return result;
    }

    static Set<String> noNames() {
        return new HashSet<>();
    }

    /** One expression, or a tuple of several with commas between them. */
    Expression tuple(boolean conditional, String end) {
        int line = tokens.line();
        List<Expression> items = new ArrayList<>();
        boolean comma = false;
        while (!atTupleEnd(end)) {
            items.add(conditional ? expression() : or());
            if (!tokens.skipOperator(",")) {
                break;
            }
            comma = true;
        }
        if (items.isEmpty()) {
            throw TemplateException.at(
                    line, "expected an expression, found " + tokens.current().described());
        }
        return comma ? new Expression.TupleOf(items) : items.get(0);
    }

    private boolean atTupleEnd(String end) {
        return tokens.at(Kind.PRINT_END)
                || tokens.at(Kind.BLOCK_END)
                || tokens.atOperator(")")
                || end != null && tokens.atName(end);
    }

    Expression expression() {
        tokens.enter();
        TemplateException before = unknown;
        unknown = null;
        Expression value = leniently(true, this::or);
        if (tokens.atName("if")) {
            unknown = null;
        } else if (unknown != null && !lenient) {
            throw unknown;
        }
        while (tokens.skipName("if")) {
            Expression then = value;
            value = leniently(true, () -> {
                Expression condition = or();
                return new Expression.Conditional(condition, then, tokens.skipName("else") ? expression() : null);
            });
        }
        unknown = before != null ? before : unknown;
        tokens.leave();
        return value;
    }

    private Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.skipName("not")) {
            return comparison();
        }
        tokens.enter();
        Expression operand = not();
        tokens.leave();
        return new Expression.Not(operand);
    }

    private Expression comparison() {
        Expression first = sum();
        List<Step> steps = new ArrayList<>();
        for (Comparison.Operator operator = comparator(); operator != null; operator = comparator()) {
            steps.add(new Step(operator, sum()));
        }
        return steps.isEmpty() ? first : new Expression.Chain(first, steps);
    }

    private Comparison.Operator comparator() {
        if (tokens.at(Kind.OPERATOR)) {
            Comparison.Operator operator = COMPARISONS.get(tokens.current().text());
            if (operator != null) {
                tokens.next();
            }
            return operator;
        }
        if (tokens.skipName("in")) {
            return Comparison.Operator.IN;
        }
        if (tokens.atName("not") && tokens.look().is(Kind.NAME, "in")) {
            tokens.next();
            tokens.next();
            return Comparison.Operator.NOT_IN;
        }
        return null;
    }

    private Expression sum() {
        return calculation(SUMS, this::concatenation);
    }

    private Expression product() {
        return calculation(PRODUCTS, this::power);
    }

    private Expression power() {
        return calculation(Map.of("**", Operator.POWER), () -> unary(true));
    }

    private Expression calculation(Map<String, Operator> operators, Supplier<Expression> operand) {
        Expression left = operand.get();
        while (tokens.at(Kind.OPERATOR)
                && operators.containsKey(tokens.current().text())) {
            Operator operator = operators.get(tokens.next().text());
            left = new Expression.Calculation(operator, left, operand.get());
        }
        return left;
    }

    private Expression concatenation() {
        List<Expression> parts = new ArrayList<>(List.of(product()));
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return parts.size() == 1 ? parts.get(0) : new Expression.Concatenation(parts);
    }

    /** @param filters whether filters and tests may follow; after a sign they belong to the whole */
    private Expression unary(boolean filters) {
        boolean negative = tokens.atOperator("-");
        Expression value;
        if (negative || tokens.atOperator("+")) {
            tokens.next();
            tokens.enter();
            value = new Expression.Signed(negative, unary(false));
            tokens.leave();
        } else {
            value = primary();
        }
        value = postfix(value);
        return filters ? filters(value) : value;
    }

    private Expression primary() {
        Token token = tokens.current();
        switch (token.kind()) {
            case NAME -> {
                tokens.next();
                if (isConstant(token.text())) {
                    return new Expression.Literal(CONSTANTS.get(token.text()));
                }
                reads.forEach(names -> names.add(token.text()));
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
            Expression value = tokens.atOperator(")") ? new Expression.TupleOf(List.of()) : tuple(true, null);
            tokens.expectOperator(")");
            return value;
        }
        if (tokens.skipOperator("[")) {
            return new Expression.ListOf(upTo("]", this::expression));
        }
        if (tokens.skipOperator("{")) {
            return new Expression.DictOf(upTo("}", () -> {
                Expression key = expression();
                tokens.expectOperator(":");
                return new Expression.Pair(key, expression());
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

    Expression postfix(Expression start) {
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
        Expression start = tokens.atOperator(":") ? null : expression();
        Expression value;
        if (tokens.skipOperator(":")) {
            Expression stop = bound();
            value = new Expression.Slice(target, start, stop, tokens.skipOperator(":") ? bound() : null);
        } else if (tokens.atOperator(",")) {
            List<Expression> keys = new ArrayList<>(List.of(start));
            while (tokens.skipOperator(",")) {
                keys.add(expression());
            }
            value = new Expression.Item(target, new Expression.TupleOf(keys));
        } else {
            value = new Expression.Item(target, start);
        }
        tokens.expectOperator("]");
        return value;
    }

    private Expression bound() {
        return tokens.atOperator(":") || tokens.atOperator("]") ? null : expression();
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
            unknown(TemplateException.at(token.line(), "there is no filter named '" + name + "'"));
        }
        return new Filtering(name, filter, tokens.atOperator("(") ? arguments() : ArgumentList.NONE);
    }

    private void unknown(TemplateException fault) {
        if (!lenient) {
            throw fault;
        }
        unknown = unknown == null ? fault : unknown;
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
            unknown(TemplateException.at(token.line(), "there is no test named '" + name + "'"));
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
                spread = expression();
            } else if (spreadNamed == null && tokens.skipOperator("**")) {
                spreadNamed = expression();
            } else if (spreadNamed == null
                    && tokens.at(Kind.NAME)
                    && tokens.look().is(Kind.OPERATOR, "=")) {
                String name = tokens.next().text();
                tokens.next();
                if (named.put(name, expression()) != null) {
                    throw tokens.fail("two arguments are named '" + name + "'");
                }
            } else if (named.isEmpty() && spread == null && spreadNamed == null) {
                positional.add(expression());
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
