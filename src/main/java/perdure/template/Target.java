package perdure.template;

import java.util.List;

/** What a value can be assigned to. */
interface Target {
    void assign(Object value, Scope scope);

    record Variable(String name) implements Target {
        @Override
        public void assign(Object value, Scope scope) {
            scope.set(name, value);
        }
    }

    /** An attribute of a namespace. */
    record Member(String name, String attribute) implements Target {
        @Override
        public void assign(Object value, Scope scope) {
            if (!(scope.get(name) instanceof Namespace namespace)) {
                throw new TemplateException("cannot assign an attribute on '" + name + "', which is no namespace");
            }
            namespace.attributes().put(attribute, value);
        }
    }

    record Several(List<Target> targets) implements Target {
        @Override
        public void assign(Object value, Scope scope) {
            List<Object> values = Values.list(value, scope.budget());
            if (values.size() != targets.size()) {
                throw new TemplateException("expected " + targets.size() + " values to assign, found " + values.size());
            }
            for (int i = 0; i < values.size(); i++) {
                targets.get(i).assign(values.get(i), scope);
            }
        }
    }
}
