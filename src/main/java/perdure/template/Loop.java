package perdure.template;

/**
 * {@code {% for %}}. Every turn has a scope of its own, so that what is set in one is gone in the next.
 *
 * @param condition which items are taken; null for all
 * @param otherwise rendered if no turn came to its end, since there was no item or all turns were cut short
 * @param recursive whether the body may call {@code loop(items)}
 */
record Loop(
        int line, Target target, Expression items, Expression condition, Block body, Block otherwise, boolean recursive)
        implements Statement {
    @Override
    public Flow render(Scope scope, Output out) {
        render(items.evaluate(scope), 0, scope, out);
        return Flow.NEXT;
    }

    private void render(Object values, int depth, Scope scope, Output out) {
        Callable again = recursive
                ? (arguments, budget) -> {
                    Output inner = new Output(budget);
                    Object nested = arguments.bind("loop", 1, "iterable").get(0, null);
                    render(nested, depth + 1, scope, inner);
                    return inner.text();
                }
                : null;
        LoopState state = new LoopState(condition == null ? values : chosen(values, scope), depth, again);
        boolean completed = false;
        Flow flow = Flow.NEXT;
        while (flow != Flow.BREAK && state.advance()) {
            scope.budget().step();
            Scope turn = scope.inner();
            target.assign(state.current(), turn);
            turn.set("loop", state);
            flow = body.render(turn, out);
            completed |= flow == Flow.NEXT;
        }
        if (!completed) {
            otherwise.render(scope.inner(), out);
        }
    }

    private Lazy chosen(Object values, Scope scope) {
        return Lazy.of(
                values,
                item -> {
                    Scope trial = scope.inner();
                    target.assign(item, trial);
                    return condition.holds(trial) ? item : Arguments.ABSENT;
                },
                scope.budget());
    }
}
