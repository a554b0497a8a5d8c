package perdure.cli;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

/** How tests start Java for a process that does not live long, so that starting is most of its work. */
public final class ChildJava {

    /** The jar of the build, where the build runs the tests; elsewhere the jar may be old. */
    private static final String PROGRAM = System.getProperty("perdure.program", "");

    private ChildJava() {}

    /**
     * Options of Java, class path among them: the program's jar with the class-data archive of this Java, as users start
     * it, or this process's class path.
     */
    public static String[] options() {
        List<String> options = Launch.withOptions(List.of("java"), Launch.archive(Path.of(PROGRAM)));
        Collections.addAll(options, "-cp", PROGRAM.isEmpty() ? System.getProperty("java.class.path") : PROGRAM);
        return options.subList(1, options.size()).toArray(String[]::new);
    }
}
