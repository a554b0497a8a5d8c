package perdure.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Numbers of one width in a memory-mapped file, little-endian. The file may be larger than memory. Several threads may
 * read it.
 */
final class NumberFile {

    /** Binary logarithm of the number of bytes in a map, which may hold less than 2 GiB. */
    static final int MAP_SHIFT = 30;

    private final ByteBuffer[] maps;
    private final int width;
    private final int mapShift;
    private final long size;

    private NumberFile(ByteBuffer[] maps, int width, int mapShift, long size) {
        this.maps = maps;
        this.width = width;
        this.mapShift = mapShift;
        this.size = size;
    }

    /**
     * Maps the first {@code size} numbers of a file.
     *
     * @param width bytes per number: 2 (unsigned), 4 or 8
     * @param mapShift binary logarithm of the number of bytes in a map, at least 3
     */
    static NumberFile map(Path file, int width, long size, int mapShift) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long bytes = size * width;
            ByteBuffer[] maps = new ByteBuffer[Math.toIntExact((bytes + (1L << mapShift) - 1) >> mapShift)];
            for (int i = 0; i < maps.length; i++) {
                long first = (long) i << mapShift;
                maps[i] = channel.map(FileChannel.MapMode.READ_ONLY, first, Math.min(1L << mapShift, bytes - first))
                        .order(ByteOrder.LITTLE_ENDIAN);
            }
            return new NumberFile(maps, width, mapShift, size);
        }
    }

    long size() {
        return size;
    }

    /** The number at an index, from zero. */
    long at(long index) {
        long offset = index * width;
        ByteBuffer map = maps[(int) (offset >> mapShift)];
        int place = (int) (offset & (1L << mapShift) - 1);
        return switch (width) {
            case Short.BYTES -> Short.toUnsignedInt(map.getShort(place));
            case Integer.BYTES -> map.getInt(place);
            default -> map.getLong(place);
        };
    }
}
