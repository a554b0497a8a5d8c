package perdure.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import perdure.template.Values.Tuple;

/** A part of a template that can be called. It sees the variables of the place where it was defined. */
final class Macro implements Callable {
    /**
     * What the template says of a macro.
     *
     * @param name null for the body of a call block
     * @param names the names that the body reads
     */
    record Signature(String name, List<Parameter> parameters, Set<String> names, Block body) {
        /** Whether the body names it and no parameter has the name. */
        private boolean uses(String special) {
            return names.contains(special)
                    && parameters.stream()
                            .noneMatch(parameter -> parameter.name().equals(special));
        }

        private String described() {
            return name == null ? "a call block" : "macro '" + name + "'";
        }
    }

    /** @param otherwise the default; null if there is none */
    record Parameter(String name, Expression otherwise) {}

    private final Signature signature;
    private final Scope outer;

    Macro(Signature signature, Scope outer) {
        this.signature = signature;
        this.outer = outer;
    }

    @Override
    public Object call(Arguments arguments, Budget budget) {
        Scope scope = outer.inner();
        List<Object> given = arguments.positional();
        Map<String, Object> named = new LinkedHashMap<>(arguments.named());
        List<Parameter> missing = new ArrayList<>();
        for (int i = 0; i < signature.parameters().size(); i++) {
            Parameter parameter = signature.parameters().get(i);
            String name = parameter.name();
            boolean there = i < given.size() || named.containsKey(name);
            scope.set(
                    name,
                    i < given.size()
                            ? given.get(i)
                            : there ? named.remove(name) : new Undefined("parameter '" + name + "' was not provided"));
            if (!there && parameter.otherwise() != null) {
                missing.add(parameter);
            }
        }
        Arguments rest =
                new Arguments(arguments.after(signature.parameters().size()).positional(), named);
        takeRest(rest, scope);
        missing.forEach(
                parameter -> scope.set(parameter.name(), parameter.otherwise().evaluate(scope)));
        return signature.body().captured(scope);
    }

    /** What no parameter takes goes to {@code caller}, {@code kwargs} and {@code varargs}, if the body names them. */
    private void takeRest(Arguments rest, Scope scope) {
        if (signature.uses("caller")) {
            Object caller = rest.named().remove("caller");
            scope.set("caller", caller == null ? new Undefined("No caller defined") : caller);
        }
        if (signature.uses("kwargs")) {
            scope.set("kwargs", new LinkedHashMap<Object, Object>(rest.named()));
        } else if (!rest.named().isEmpty()) {
            throw new TemplateException(signature.described() + " has no parameter '"
                    + rest.named().keySet().iterator().next() + "'");
        }
        if (signature.uses("varargs")) {
            scope.set("varargs", new Tuple(rest.positional()));
        } else if (!rest.positional().isEmpty()) {
            throw new TemplateException(signature.described() + " takes at most "
                    + signature.parameters().size() + " arguments");
        }
    }

    @Override
    public String toString() {
        return signature.name() == null ? "<Macro anonymous>" : "<Macro '" + signature.name() + "'>";
    }
}
