package perdure;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds the house to its plan: which package may use which, and no cycles. */
class ArchitectureTest {
    /** Packages, top to bottom, with what each may use: those named, or all that stand below it. */
    private static final Map<String, List<String>> MAY_USE = new LinkedHashMap<>();

    private static final List<String> ALL_BELOW = List.of("*");

    static {
        MAY_USE.put("cli", ALL_BELOW);
        MAY_USE.put("bench", ALL_BELOW);
        MAY_USE.put("server", List.of("chat", "checkpoint", "status"));
        MAY_USE.put("run", ALL_BELOW);
        MAY_USE.put("train", List.of("checkpoint", "data", "model", "device", "distributed", "status"));
        MAY_USE.put("chat", List.of("generate", "tokenizer", "checkpoint", "device"));
        MAY_USE.put("bundled", List.of("data"));
        MAY_USE.put("checkpoint", List.of("model", "data", "tokenizer", "safetensors", "device"));
        MAY_USE.put("export", List.of("checkpoint", "model", "tokenizer", "safetensors"));
        MAY_USE.put("data", List.of("tokenizer", "device"));
        MAY_USE.put("generate", List.of("model"));
        MAY_USE.put("model", List.of("device"));
        MAY_USE.put("tokenizer", List.of("template"));
        MAY_USE.put("distributed", List.of("device"));
        for (String leaf : List.of("template", "safetensors", "device", "status")) {
            MAY_USE.put(leaf, List.of());
        }
    }

    private static final JavaClasses OURS = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPath("target/classes");

    @Test
    void packagesHaveNoCycles() {
        slices().matching("perdure.(*)..").should().beFreeOfCycles().check(OURS);
    }

    @Test
    void everyPackageUsesOnlyWhatItMay() {
        MAY_USE.forEach((name, allowed) -> {
            List<String> packages = new ArrayList<>(List.of("perdure." + name + ".."));
            List<String> order = List.copyOf(MAY_USE.keySet());
            List<String> others = allowed == ALL_BELOW ? order.subList(order.indexOf(name) + 1, order.size()) : allowed;
            others.forEach(other -> packages.add("perdure." + other + ".."));
            classes()
                    .that()
                    .resideInAPackage("perdure." + name + "..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(withLibraries(packages))
                    .check(OURS);
        });
    }

    @Test
    void theDocumentsSayWhatAPackageMayUse() throws IOException {
        String table = Files.readString(Path.of("src", "docs", "ARCHITECTURE.md"));
        for (Map.Entry<String, List<String>> each : MAY_USE.entrySet()) {
            String name = each.getKey();
            if (each.getValue() != ALL_BELOW) {
                Matcher row =
                        Pattern.compile("\\| `" + name + "`.*\\|([^|]*)\\|\n").matcher(table);
                assertTrue(row.find(), name);
                assertEquals(Set.copyOf(each.getValue()), words("`([a-z]+)`", row.group(1)), name);

                String itself = Files.readString(Path.of("src", "main", "java", "perdure", name, "package-info.java"));
                Matcher imports = Pattern.compile("imports? [^.]*\\.").matcher(itself);
                assertTrue(imports.find(), name);
                assertEquals(Set.copyOf(each.getValue()), words("\\{@code ([a-z]+)}", imports.group()), name);
            }
        }
    }

    private static Set<String> words(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
    }

    /** Everything that does not begin with {@code perdure} is a library. */
    private static String[] withLibraries(List<String> packages) {
        packages.addAll(List.of(
                "java..",
                "javax..",
                "jdk..",
                "org..",
                "com..",
                "io..",
                "tools..",
                "ai..",
                "ch..",
                "blue..",
                "de..",
                "picocli.."));
        packages.add(""); // primitive types and arrays of them
        return packages.toArray(String[]::new);
    }

    @Test
    void theProtocolOfOpenAiDoesNotKnowTheServerAroundIt() {
        noClasses()
                .that()
                .resideInAPackage("perdure.server.openai")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("perdure.server")
                .check(OURS);
    }

    @Test
    void onlyTheCommandsEndTheProcess() {
        noClasses()
                .that()
                .resideOutsideOfPackages("perdure.cli..", "")
                .should()
                .callMethod(System.class, "exit", int.class)
                .check(OURS);
    }

    /** A program that embeds the rest may log with another library. */
    @Test
    void onlyTheCommandsChooseHowToLog() {
        noClasses()
                .that()
                .resideOutsideOfPackage("perdure.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ch.qos.logback..")
                .check(OURS);
    }

    @Test
    void theMainClassUsesTheCommandsAlone() {
        classes()
                .that()
                .resideInAPackage("")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("", "perdure.cli..", "java..")
                .check(OURS);
    }

    @Test
    void everyPackageIsInThePlan() {
        assertEquals(
                MAY_USE.keySet(),
                OURS.stream()
                        .map(type -> type.getPackageName())
                        .filter(name -> !name.isEmpty())
                        .map(name -> name.split("\\.")[1])
                        .collect(Collectors.toSet()));
    }

    @Test
    void somethingIsChecked() {
        assertFalse(OURS.isEmpty());
        MAY_USE.keySet()
                .forEach(name -> assertFalse(
                        OURS.stream().noneMatch(type -> type.getPackageName().startsWith("perdure." + name)), name));
    }
}
