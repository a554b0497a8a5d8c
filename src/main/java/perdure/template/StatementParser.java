package perdure.template;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import perdure.template.Macro.Parameter;
import perdure.template.Macro.Signature;
import perdure.template.Statement.Branch;
import perdure.template.Statement.Flow;
import perdure.template.Token.Kind;

/** Texts, prints and tags. Tags that would read other templates are not known. */
final class StatementParser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;
    /** Loops that are open and that a break would end: those outside of a macro or captured block are not. */
    private int loops;
    /** Loops that are open at all. */
    private int allLoops;

    private StatementParser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static Block parse(String source) {
        StatementParser parser = new StatementParser(new TokenStream(Lexer.tokens(source)));
        return parser.block(Set.of());
    }

    /** Statements up to a tag with one of these names, whose name is then the current token. */
    private Block block(Set<String> ends) {
        tokens.enter();
        List<Statement> statements = new ArrayList<>();
        while (!tokens.at(Kind.END)) {
            int line = tokens.line();
            if (tokens.at(Kind.DATA)) {
                statements.add(new Statement.Words(line, tokens.next().text()));
            } else if (tokens.at(Kind.PRINT_BEGIN)) {
                tokens.next();
                statements.add(new Statement.Print(line, expressions.tuple(true, null)));
                tokens.expect(Kind.PRINT_END, "'}}'");
            } else {
                tokens.expect(Kind.BLOCK_BEGIN, "a tag");
                if (tokens.at(Kind.NAME) && ends.contains(tokens.current().text())) {
                    tokens.leave();
                    return new Block(statements);
                }
                statements.add(statement());
                endTag();
            }
        }
        if (!ends.isEmpty()) {
            throw tokens.fail("the template ends where {% " + ends.iterator().next() + " %} is missing");
        }
        tokens.leave();
        return new Block(statements);
    }

    private void endTag() {
        tokens.expect(Kind.BLOCK_END, "'%}'");
    }

    /** The rest of the tag that is open, then a block, up to the name of the tag that ends it, which is skipped. */
    private Block body(String end) {
        Block body = bodyUpTo(Set.of(end));
        tokens.next();
        return body;
    }

    private Block bodyUpTo(Set<String> ends) {
        tokens.skipOperator(":");
        endTag();
        return block(ends);
    }

    private Statement statement() {
        int line = tokens.line();
        String tag = tokens.expectName();
        return switch (tag) {
            case "if" -> condition(line);
            case "for" -> loop(line);
            case "set" -> assignment(line);
            case "with" -> with(line);
            case "macro" -> macro(line);
            case "call" -> callBlock(line);
            case "filter" -> new Statement.FilterBlock(line, expressions.filterChain(), apart(() -> body("endfilter")));
            case "generation" -> new Statement.Generation(line, apart(() -> body("endgeneration")));
            case "print" -> new Statement.Print(line, expressions.expression());
            case "break" -> jump(line, Flow.BREAK);
            case "continue" -> jump(line, Flow.CONTINUE);
            default -> throw TemplateException.at(line, "unknown tag '" + tag + "'");
        };
    }

    private Statement jump(int line, Flow flow) {
        if (loops == 0) {
            throw TemplateException.at(line, "break and continue need a loop around them");
        }
        return new Statement.Jump(line, flow);
    }

    /** A block that a break does not leave, and in which unknown names fail at once. */
    private <T> T apart(Supplier<T> parsing) {
        int before = loops;
        loops = 0;
        T result = expressions.leniently(false, parsing);
        loops = before;
        return result;
    }

    private Statement condition(int line) {
        return expressions.leniently(true, () -> {
            List<Branch> branches = new ArrayList<>();
            Set<String> ends = Set.of("elif", "else", "endif");
            String next = "elif";
            while (next.equals("elif")) {
                Expression condition = expressions.tuple(false, null);
                branches.add(new Branch(condition, bodyUpTo(ends)));
                next = tokens.next().text();
            }
            return new Statement.If(line, branches, next.equals("else") ? body("endif") : Block.EMPTY);
        });
    }

    private Statement loop(int line) {
        allLoops++;
        Target target = target("in", false);
        tokens.expectName("in");
        Expression items = expressions.tuple(false, "recursive");
        return expressions.leniently(false, () -> {
            Expression condition = tokens.skipName("if") ? expressions.expression() : null;
            boolean recursive = tokens.skipName("recursive");
            loops++;
            Block body = bodyUpTo(Set.of("else", "endfor"));
            loops--;
            boolean hasElse = tokens.next().text().equals("else");
            Block otherwise = hasElse ? body("endfor") : Block.EMPTY;
            allLoops--;
            return new Loop(line, target, items, condition, body, otherwise, recursive);
        });
    }

    private Statement assignment(int line) {
        Target target = target(null, true);
        if (tokens.skipOperator("=")) {
            return new Statement.Assignment(line, target, expressions.tuple(true, null));
        }
        List<Expression.Filtering> filters = tokens.skipOperator("|") ? expressions.filterChain() : List.of();
        return new Statement.CapturedAssignment(line, target, filters, apart(() -> body("endset")));
    }

    private Statement with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.at(Kind.BLOCK_END)) {
            if (!targets.isEmpty()) {
                tokens.expectOperator(",");
            }
            targets.add(target(null, false));
            tokens.expectOperator("=");
            values.add(expressions.expression());
        }
        Block body = expressions.leniently(false, () -> body("endwith"));
        return new Statement.With(line, targets, values, body);
    }

    private Statement macro(int line) {
        String name = assignable(tokens.expectName());
        return new Statement.MacroDefinition(line, signature(name, parameters(), "endmacro"));
    }

    private Statement callBlock(int line) {
        List<Parameter> parameters = tokens.atOperator("(") ? parameters() : List.of();
        if (!(expressions.expression() instanceof Expression.Call call)) {
            throw TemplateException.at(line, "{% call %} needs a call");
        }
        return new Statement.CallBlock(line, call, signature(null, parameters, "endcall"));
    }

    private Signature signature(String name, List<Parameter> parameters, String end) {
        Set<String> names = new HashSet<>();
        Block body = expressions.collecting(names, () -> apart(() -> body(end)));
        return new Signature(name, parameters, names, body);
    }

    private List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        tokens.expectOperator("(");
        while (!tokens.skipOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            String name = assignable(tokens.expectName());
            Expression otherwise = tokens.skipOperator("=") ? expressions.expression() : null;
            boolean defaultsBegan = !parameters.isEmpty()
                    && parameters.get(parameters.size() - 1).otherwise() != null;
            if (otherwise == null && defaultsBegan) {
                throw tokens.fail("a parameter without a default follows one with a default");
            }
            parameters.add(new Parameter(name, otherwise));
        }
        return parameters;
    }

    /**
     * One name or several.
     *
     * @param end a name that ends the list, or null
     * @param members whether attributes of a namespace are allowed
     */
    private Target target(String end, boolean members) {
        List<Target> targets = new ArrayList<>();
        boolean comma = false;
        while (!tokens.at(Kind.BLOCK_END) && !tokens.atOperator(")") && !(end != null && tokens.atName(end))) {
            targets.add(single(end, members));
            if (!tokens.skipOperator(",")) {
                break;
            }
            comma = true;
        }
        if (targets.isEmpty()) {
            throw tokens.fail(
                    "expected a name to assign to, found " + tokens.current().described());
        }
        return comma ? new Target.Several(targets) : targets.get(0);
    }

    private Target single(String end, boolean members) {
        if (tokens.skipOperator("(")) {
            tokens.enter();
            Target inner = target(end, false);
            tokens.leave();
            tokens.expectOperator(")");
            return inner;
        }
        String name = tokens.expectName();
        if (members && tokens.skipOperator(".")) {
            return new Target.Member(name, tokens.expectName());
        }
        return new Target.Variable(assignable(name));
    }

    private String assignable(String name) {
        if (OperandParser.isConstant(name) || name.equals("loop") && allLoops > 0) {
            throw tokens.fail("nothing can be assigned to '" + name + "'");
        }
        return name;
    }
}
