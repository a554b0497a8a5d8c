package perdure.template;

import java.util.List;
import perdure.template.Statement.Flow;

/** Statements one after another. */
record Block(List<Statement> statements) {
    static final Block EMPTY = new Block(List.of());

    Flow render(Scope scope, Output out) {
        for (Statement statement : statements) {
            try {
                scope.budget().enter();
                Flow flow = statement.render(scope, out);
                scope.budget().leave();
                if (flow != Flow.NEXT) {
                    return flow;
                }
            } catch (TemplateException fault) {
                throw fault.at(statement.line());
            }
        }
        return Flow.NEXT;
    }

    /** What the block renders, in a text of its own. */
    String captured(Scope scope) {
        Output out = new Output(scope.budget());
        render(scope, out);
        return out.text();
    }
}
