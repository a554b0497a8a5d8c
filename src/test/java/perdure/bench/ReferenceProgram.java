package perdure.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import perdure.model.ModelConfig;
import perdure.model.TestConfigs;

/** A shell script in place of the Python that a benchmark is compared with, and a model small enough for it. */
final class ReferenceProgram {
    static final ModelConfig SHAPE = TestConfigs.BYTES.withVocabularySize(50).withContext(16);

    private ReferenceProgram() {}

    /** Writes a shell script that can be started in place of the Python. */
    static Path write(Path folder, String script) throws IOException {
        Path file = Files.createTempFile(
                folder,
                "python",
                "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return Files.writeString(file, "#!/bin/sh\n" + script);
    }
}
