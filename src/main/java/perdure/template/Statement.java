package perdure.template;

import java.util.List;
import perdure.template.Expression.Call;
import perdure.template.Expression.Filtering;

/** A part of a template that writes text or sets variables. Every kind is a record that renders itself. */
interface Statement {
    /** How it goes on after a statement. */
    enum Flow {
        NEXT,
        /** The loop around it begins its next turn. */
        CONTINUE,
        /** The loop around it ends. */
        BREAK
    }

    int line();

    Flow render(Scope scope, Output out);

    record Words(int line, String text) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            out.append(text);
            return Flow.NEXT;
        }
    }

    record Print(int line, Expression expression) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            out.append(Printing.text(expression.evaluate(scope), scope.budget()));
            return Flow.NEXT;
        }
    }

    record Branch(Expression condition, Block body) {}

    record If(int line, List<Branch> branches, Block otherwise) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            for (Branch branch : branches) {
                if (branch.condition().holds(scope)) {
                    return branch.body().render(scope, out);
                }
            }
            return otherwise.render(scope, out);
        }
    }

    record Assignment(int line, Target target, Expression value) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            target.assign(value.evaluate(scope), scope);
            return Flow.NEXT;
        }
    }

    /** {@code {% set name %}…{% endset %}} */
    record CapturedAssignment(int line, Target target, List<Filtering> filters, Block body) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            Scope inner = scope.inner();
            target.assign(filtered(body.captured(inner), filters, inner), scope);
            return Flow.NEXT;
        }
    }

    record FilterBlock(int line, List<Filtering> filters, Block body) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            Scope inner = scope.inner();
            out.append(Printing.text(filtered(body.captured(inner), filters, inner), scope.budget()));
            return Flow.NEXT;
        }
    }

    private static Object filtered(Object value, List<Filtering> filters, Scope scope) {
        Object result = value;
        for (Filtering filter : filters) {
            result = filter.apply(result, scope);
        }
        return result;
    }

    /** The values are evaluated outside of the block. */
    record With(int line, List<Target> targets, List<Expression> values, Block body) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            Scope inner = scope.inner();
            for (int i = 0; i < targets.size(); i++) {
                targets.get(i).assign(values.get(i).evaluate(scope), inner);
            }
            return body.render(inner, out);
        }
    }

    record MacroDefinition(int line, Macro.Signature signature) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            scope.set(signature.name(), new Macro(signature, scope));
            return Flow.NEXT;
        }
    }

    /** {@code {% call(arguments) macro() %}…{% endcall %}}: the body is a macro that the called one knows as caller. */
    record CallBlock(int line, Call call, Macro.Signature body) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            out.append(Printing.text(call.call(scope, new Macro(body, scope)), scope.budget()));
            return Flow.NEXT;
        }
    }

    /** What the model is to generate. Only what goes straight into the output is recorded, not what a macro returns. */
    record Generation(int line, Block body) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            int start = out.length();
            body.render(scope.inner(), out);
            out.generated(start);
            return Flow.NEXT;
        }
    }

    record Jump(int line, Flow flow) implements Statement {
        @Override
        public Flow render(Scope scope, Output out) {
            return flow;
        }
    }
}
