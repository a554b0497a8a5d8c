package perdure.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Numbers of one width in memory-mapped files, little-endian. They may be larger than memory. Several threads may read
 * them.
 */
final class NumberFile {

    /** Binary logarithm of the number of bytes in a map, which may hold less than 2 GiB. */
    static final int MAP_SHIFT = 30;

    private final AtomicReferenceArray<ByteBuffer> maps;
    private final Shards shards;
    private final int width;
    private final int mapShift;
    private final long size;

    /** Where maps come from that are not there yet. */
    interface Shards {
        /** The bytes of a shard. */
        ByteBuffer open(int shard);
    }

    private NumberFile(ByteBuffer[] maps, Shards shards, int width, int mapShift, long size) {
        this.maps = new AtomicReferenceArray<>(maps);
        this.shards = shards;
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
            ByteBuffer[] maps = new ByteBuffer[maps(bytes, mapShift)];
            for (int i = 0; i < maps.length; i++) {
                long first = (long) i << mapShift;
                maps[i] = channel.map(FileChannel.MapMode.READ_ONLY, first, Math.min(1L << mapShift, bytes - first))
                        .order(ByteOrder.LITTLE_ENDIAN);
            }
            return new NumberFile(maps, null, width, mapShift, size);
        }
    }

    /**
     * Numbers in shards, each of which is opened when it is first read from.
     *
     * @param shardShift binary logarithm of the number of bytes in a shard; the last one may have fewer
     */
    static NumberFile of(Shards shards, int width, long size, int shardShift) {
        return new NumberFile(new ByteBuffer[maps(size * width, shardShift)], shards, width, shardShift, size);
    }

    private static int maps(long bytes, int mapShift) {
        return Math.toIntExact((bytes + (1L << mapShift) - 1) >> mapShift);
    }

    long size() {
        return size;
    }

    /** The number at an index, from zero. */
    long at(long index) {
        long offset = index * width;
        int number = (int) (offset >> mapShift);
        int place = (int) (offset & (1L << mapShift) - 1);
        ByteBuffer map = map(number);
        return switch (width) {
            case Short.BYTES -> Short.toUnsignedInt(map.getShort(place));
            case Integer.BYTES -> map.getInt(place);
            default -> map.getLong(place);
        };
    }

    /** Puts the bytes of so many numbers from an index on into a buffer. */
    void copy(long index, int count, ByteBuffer to) {
        long offset = index * width;
        for (long left = (long) count * width; left > 0; ) {
            int number = (int) (offset >> mapShift);
            int place = (int) (offset & (1L << mapShift) - 1);
            ByteBuffer map = map(number);
            int length = (int) Math.min(left, map.limit() - place);
            to.put(map.slice(place, length));
            offset += length;
            left -= length;
        }
    }

    private ByteBuffer map(int number) {
        ByteBuffer map = maps.getAcquire(number);
        return map == null ? open(number) : map;
    }

    /** Only one thread opens a shard: that may mean to read it whole. */
    private synchronized ByteBuffer open(int number) {
        ByteBuffer there = maps.getAcquire(number);
        if (there == null) {
            there = shards.open(number).order(ByteOrder.LITTLE_ENDIAN);
            maps.setRelease(number, there);
        }
        return there;
    }
}
