package perdure.data;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/** The compression of pages in Parquet files: none, Snappy, gzip and Zstandard. A page's size is limited. */
final class ParquetCodecs implements CompressionCodecFactory {

    private static final int LARGEST_PAGE = 256 << 20;

    private interface Unpacking {
        int into(byte[] packed, byte[] page) throws IOException;
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
        return new Decompressor(
                switch (codec) {
                    case UNCOMPRESSED -> ParquetCodecs::copy;
                    case SNAPPY -> (packed, page) -> Snappy.uncompress(packed, 0, packed.length, page, 0);
                    case GZIP -> ParquetCodecs::gunzip;
                    case ZSTD -> (packed, page) -> (int) Zstd.decompress(page, packed);
                    default ->
                        throw new IllegalArgumentException(
                                "its compression " + codec + " is none of Snappy, gzip and Zstandard.");
                });
    }

    private static int copy(byte[] packed, byte[] page) {
        System.arraycopy(packed, 0, page, 0, packed.length);
        return packed.length;
    }

    private static int gunzip(byte[] packed, byte[] page) throws IOException {
        try (GZIPInputStream input = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            return input.readNBytes(page, 0, page.length);
        }
    }

    private record Decompressor(Unpacking unpacking) implements BytesInputDecompressor {
        @Override
        public BytesInput decompress(BytesInput packed, int size) throws IOException {
            return BytesInput.from(page(packed.toInputStream().readAllBytes(), size));
        }

        private byte[] page(byte[] packed, int size) throws IOException {
            if (size < 0 || size > LARGEST_PAGE) {
                throw new IOException("it has a page of " + size + " bytes, and " + LARGEST_PAGE + " is the most.");
            }
            byte[] page = new byte[size];
            if (unpacking.into(packed, page) != size) {
                throw new IOException("it has a page of another size than " + size + " bytes.");
            }
            return page;
        }

        @Override
        public void decompress(ByteBuffer packed, int packedSize, ByteBuffer page, int size) throws IOException {
            byte[] bytes = new byte[packedSize];
            packed.get(bytes);
            page.put(page(bytes, size)).flip();
        }

        @Override
        public void release() {}
    }

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName codec) {
        throw new UnsupportedOperationException("Parquet files are only read.");
    }

    @Override
    public void release() {}
}
