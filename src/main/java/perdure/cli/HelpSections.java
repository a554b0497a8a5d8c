package perdure.cli;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Lists the options of {@code --help} under headings, in the order in which they are declared. An option stands under
 * the {@link Heading} of its field, else of its field's class. picocli's own groups are not used, since they change how
 * flags are parsed as well.
 */
final class HelpSections implements IHelpSectionRenderer {
    /** The last heading: the options that every command has. */
    static final String GENERAL = "General";

    /** Names the section in which {@code --help} lists an option, or all options of a class. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target({ElementType.FIELD, ElementType.TYPE})
    @interface Heading {
        String value();
    }

    /** Uses these sections in the help of the command and of all its subcommands. */
    static CommandLine in(CommandLine commands) {
        commands.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, new HelpSections());
        commands.getSubcommands().values().forEach(HelpSections::in);
        return commands;
    }

    @Override
    public String render(Help help) {
        StringBuilder text = new StringBuilder();
        sections(help.commandSpec().options()).forEach((heading, options) -> {
            Help.Layout layout = help.createDefaultLayout();
            layout.addAllOptions(options, help.parameterLabelRenderer());
            text.append(String.format("%n%s:%n", heading)).append(layout);
        });
        return text.toString();
    }

    /** The options that are shown, by heading. */
    static Map<String, List<OptionSpec>> sections(List<OptionSpec> options) {
        Map<String, List<OptionSpec>> sections = new LinkedHashMap<>();
        for (OptionSpec option : options) {
            sections.computeIfAbsent(heading(option), unused -> new ArrayList<>())
                    .add(option);
        }
        List<OptionSpec> general = sections.remove(GENERAL);
        if (general != null) {
            sections.put(GENERAL, general);
        }
        return sections;
    }

    private static String heading(OptionSpec option) {
        if (!(option.userObject() instanceof Field field)) {
            return GENERAL;
        }
        for (AnnotatedElement place : List.of(field, field.getDeclaringClass())) {
            Heading heading = place.getAnnotation(Heading.class);
            if (heading != null) {
                return heading.value();
            }
        }
        return GENERAL;
    }
}
