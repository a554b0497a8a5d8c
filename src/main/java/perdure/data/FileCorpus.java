package perdure.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** A corpus of files. A text file is one document; in files of other formats each row is one. */
final class FileCorpus implements Corpus {

    private final List<Path> paths;
    private final Reading reading;
    private final DataFiles found;
    private final List<DataFile> files;

    /** The names in the fingerprint of {@link FormerOrder}, in the order of the files; null otherwise. */
    private final List<FormerOrder.Named> former;

    /** What all sections of a corpus find; null if this is no section. */
    private final Notes shared;

    /** SHA-256 of the files that were read to their end. */
    private final Map<Path, String> digests = new ConcurrentHashMap<>();

    private volatile List<String> notes = List.of();

    private FileCorpus(
            List<Path> paths,
            Reading reading,
            DataFiles found,
            List<DataFile> files,
            List<FormerOrder.Named> former,
            Notes shared) {
        this.paths = paths;
        this.reading = reading;
        this.found = found;
        this.files = files;
        this.former = former;
        this.shared = shared;
    }

    static FileCorpus of(List<Path> paths, Reading reading) {
        DataFiles found = DataFiles.at(paths);
        return new FileCorpus(List.copyOf(paths), reading, found, found.files(), null, null);
    }

    private FileCorpus former(Charset locale) {
        List<FormerOrder.Named> named = FormerOrder.files(paths, locale);
        return new FileCorpus(
                paths,
                reading,
                found,
                named.stream().map(FormerOrder.Named::file).toList(),
                named,
                null);
    }

    /** Files that follow each other, of that many bytes together or a little more: each is a corpus of its own. */
    List<FileCorpus> sections(long size, Notes counted) {
        List<FileCorpus> sections = new ArrayList<>();
        List<DataFile> section = new ArrayList<>();
        long sum = 0;
        for (int i = 0; i < files.size(); i++) {
            section.add(files.get(i));
            sum += files.get(i).size();
            if (sum >= size || i == files.size() - 1) {
                sections.add(new FileCorpus(paths, reading, found, List.copyOf(section), null, counted));
                section.clear();
                sum = 0;
            }
        }
        return sections;
    }

    /** Bytes of all files. */
    long bytes() {
        return files.stream().mapToLong(DataFile::size).sum();
    }

    /** SHA-256 of the sizes and beginnings of all files and of how they are read, found without reading them whole. */
    String outline() {
        Fingerprint outline = new Fingerprint().add(reading.identity().getBytes(StandardCharsets.UTF_8));
        for (DataFile file : files) {
            outline.add((file.format() + " " + file.key() + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        return outline.hex();
    }

    /** What sections found together. */
    List<String> notes(Notes counted) {
        return counted.lines(found);
    }

    @Override
    public Corpus recordedAs(String fingerprint, BooleanSupplier stop) {
        if (!fingerprint.equals(fingerprint(stop))) {
            for (Charset locale : FormerOrder.LOCALES) {
                FileCorpus corpus = former(locale);
                if (fingerprint.equals(corpus.fingerprint(stop))) {
                    return corpus;
                }
            }
        }
        return this;
    }

    @Override
    public String fingerprint(BooleanSupplier stop) {
        Fingerprint whole = new Fingerprint().add(reading.identity().getBytes(StandardCharsets.UTF_8));
        if (former != null) {
            for (FormerOrder.Named each : former) {
                whole.add(each.nameBytes().length).add(each.nameBytes());
                whole.add(digest(each.file(), whole, stop));
            }
            return whole.hex();
        }
        for (DataFile file : files) {
            Fingerprint content = Fingerprint.of(file.size());
            String digest = digests.get(file.path());
            if (digest == null) {
                digest(file, content, stop);
                digest = content.hex();
                remember(file, digest);
            }
            whole.add((file.format() + " " + digest + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        return whole.hex();
    }

    /** Adds the content of a file and returns its size. */
    private static long digest(DataFile file, Fingerprint content, BooleanSupplier stop) {
        try (InputStream input = Files.newInputStream(file.path())) {
            byte[] buffer = new byte[1 << 16];
            long size = 0;
            for (int length; Corpus.goOn(stop) && (length = input.read(buffer)) > 0; size += length) {
                content.add(buffer, length);
            }
            return size;
        } catch (IOException exception) {
            throw DataFile.cannotRead(file.path(), exception);
        }
    }

    private void remember(DataFile file, String digest) {
        String before = digests.putIfAbsent(file.path(), digest);
        if (before != null && !before.equals(digest)) {
            throw DataFile.cannotRead(file.path(), new IOException("it was changed after it was read before."));
        }
    }

    @Override
    public Map<String, Long> sizes() {
        Map<String, Long> sizes = new TreeMap<>();
        files.forEach(file -> sizes.put(file.name(), file.size()));
        return sizes;
    }

    @Override
    public String signature() {
        Fingerprint signature = new Fingerprint().add(reading.identity().getBytes(StandardCharsets.UTF_8));
        for (DataFile file : files) {
            String state = file.path().toAbsolutePath() + "\n" + file.size() + "\n" + file.modified() + "\n";
            signature.add(state.getBytes(StandardCharsets.UTF_8));
        }
        return signature.hex();
    }

    @Override
    public void read(Predicate<Passage> reader, Runnable nextFile) {
        Notes counted = shared == null ? new Notes() : shared;
        boolean[] hasText = {shared != null}; // Other sections may have it.
        Predicate<Passage> noticing = passage -> {
            hasText[0] |= !passage.text().isEmpty();
            return reader.test(passage);
        };
        for (DataFile file : files) {
            nextFile.run();
            Fingerprint digest = Fingerprint.of(file.size());
            try (InputStream content = digest.adding(Files.newInputStream(file.path()))) {
                if (!new Documents(file, reading, former != null, counted, noticing).read(content)) {
                    return;
                }
            } catch (IOException exception) {
                throw DataFile.cannotRead(file.path(), exception);
            }
            file.requireUnchanged();
            remember(file, digest.hex());
        }
        if (!hasText[0]) {
            throw new IllegalArgumentException(
                    paths.get(0) + (paths.size() == 1 ? " has" : " and the other paths have") + " no text.");
        }
        notes = counted.lines(found);
    }

    @Override
    public List<String> notes() {
        return notes;
    }

    @Override
    public List<String> sharedWith(Corpus other) {
        return other instanceof FileCorpus files ? found.sharedWith(files.found) : List.of();
    }
}
