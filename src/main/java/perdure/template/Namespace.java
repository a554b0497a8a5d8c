package perdure.template;

import java.util.Map;

/** What {@code namespace()} makes: the one value whose attributes a template may set. */
record Namespace(Map<Object, Object> attributes) {}
