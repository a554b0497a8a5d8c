package perdure;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Holds the house to its plan: which package may use which, and no cycles. */
class ArchitectureTest {
    private static final Map<String, List<String>> MAY_USE = Map.ofEntries(
            Map.entry(
                    "bench",
                    List.of(
                            "chat",
                            "checkpoint",
                            "data",
                            "device",
                            "generate",
                            "model",
                            "run",
                            "safetensors",
                            "server",
                            "status",
                            "tokenizer",
                            "train")),
            Map.entry(
                    "run",
                    List.of(
                            "bundled",
                            "chat",
                            "checkpoint",
                            "data",
                            "device",
                            "generate",
                            "model",
                            "safetensors",
                            "status",
                            "tokenizer",
                            "train")),
            Map.entry("server", List.of("chat", "checkpoint", "status")),
            Map.entry("train", List.of("checkpoint", "data", "model", "device", "distributed", "status")),
            Map.entry("chat", List.of("generate", "tokenizer", "checkpoint")),
            Map.entry("checkpoint", List.of("model", "data", "tokenizer", "safetensors")),
            Map.entry("safetensors", List.of()),
            Map.entry("bundled", List.of("data")),
            Map.entry("data", List.of("tokenizer")),
            Map.entry("generate", List.of("model")),
            Map.entry("tokenizer", List.of()),
            Map.entry("model", List.of()),
            Map.entry("device", List.of()),
            Map.entry("status", List.of()));

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
            allowed.forEach(other -> packages.add("perdure." + other + ".."));
            classes()
                    .that()
                    .resideInAPackage("perdure." + name + "..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(withLibraries(packages))
                    .check(OURS);
        });
    }

    /** Everything that does not begin with {@code perdure} is a library. */
    private static String[] withLibraries(List<String> packages) {
        packages.addAll(
                List.of("java..", "javax..", "jdk..", "org..", "com..", "io..", "tools..", "ai..", "picocli.."));
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

    @Test
    void somethingIsChecked() {
        assertFalse(OURS.isEmpty());
        MAY_USE.keySet()
                .forEach(name -> assertFalse(
                        OURS.stream().noneMatch(type -> type.getPackageName().startsWith("perdure." + name)), name));
    }
}
