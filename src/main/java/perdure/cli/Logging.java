package perdure.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;

/**
 * How the command line logs: results and progress are the terminal's, and what is logged goes to standard error. Logback
 * finds this class as a service. To read the same from a file would take a tenth of a second of each start.
 */
public final class Logging extends ContextAwareBase implements Configurator {

    /** Set where this applies: a program that embeds Perdure configures logging itself. */
    private static final String USED = "perdure.cli.logging";

    /** The file that whoever starts the command line may give. */
    private static final String FILE = "logback.configurationFile";

    /** To be called before the first logger is made. */
    static void use() {
        System.setProperty(USED, "true");
    }

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (!Boolean.getBoolean(USED) || System.getProperty(FILE) != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setContext(context);
        lines.setPattern("%d{HH:mm:ss} %-5level %msg%n%ex{0}");
        lines.start();
        ConsoleAppender<ILoggingEvent> terminal = new ConsoleAppender<>();
        terminal.setContext(context);
        terminal.setTarget("System.err");
        terminal.setEncoder(lines);
        terminal.start();
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(terminal);
        context.getLogger("perdure").setLevel(Level.toLevel(System.getProperty("perdure.log"), Level.INFO));
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
