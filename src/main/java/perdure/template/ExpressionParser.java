package perdure.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import perdure.template.Arithmetic.Operator;
import perdure.template.Expression.Filtering;
import perdure.template.Expression.Step;
import perdure.template.Token.Kind;

/**
 * Expressions, by recursive descent. From loose to tight: {@code if else}, {@code or}, {@code and}, {@code not},
 * comparisons, {@code + -}, {@code ~}, {@code * / // %}, {@code **} (from left to right), then operands.
 */
final class ExpressionParser {
    private static final Map<String, Operator> SUMS = Map.of("+", Operator.ADD, "-", Operator.SUBTRACT);
    private static final Map<String, Operator> PRODUCTS = Map.of(
            "*", Operator.MULTIPLY,
            "/", Operator.DIVIDE,
            "//", Operator.FLOOR_DIVIDE,
            "%", Operator.REMAINDER);
    private static final Map<String, Comparison.Operator> COMPARISONS = comparisons();

    private final TokenStream tokens;
    private final OperandParser operands;
    /** One set for each macro that is open, of the names that its body reads. */
    private final List<Set<String>> reads = new ArrayList<>();
    /** Whether a filter or test that does not exist may wait until it is reached, as jinja2 has it inside of conditions. */
    private boolean lenient;
    /** The first such in the expression that is being parsed, which does not know yet whether a condition follows. */
    private TemplateException unknown;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
        this.operands = new OperandParser(tokens, this);
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
        return calculation(Map.of("**", Operator.POWER), operands::unary);
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

    /** A filter or test that does not exist: it fails now, or where it is reached. */
    void unknown(TemplateException fault) {
        if (!lenient) {
            throw fault;
        }
        unknown = unknown == null ? fault : unknown;
    }

    /** Notes that the macros that are open read this name. */
    void read(String name) {
        reads.forEach(names -> names.add(name));
    }

    /** Filters with bars between them, as they stand in a tag. */
    List<Filtering> filterChain() {
        return operands.filterChain();
    }
}
