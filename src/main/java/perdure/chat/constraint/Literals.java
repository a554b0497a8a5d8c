package perdure.chat.constraint;

import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Some byte strings as a trie. */
final class Literals {
    private final Node root = new Node(0);

    Literals(List<byte[]> literals) {
        for (int i = 0; i < literals.size(); i++) {
            add(i, literals.get(i));
        }
    }

    private void add(int index, byte[] literal) {
        Node node = root;
        node.add(index, literal.length);
        for (int i = 0; i < literal.length; i++) {
            int depth = i + 1;
            node = node.children.computeIfAbsent(literal[i] & 0xff, any -> new Node(depth));
            node.add(index, literal.length);
        }
        node.end = index;
    }

    Node root() {
        return root;
    }

    /** The beginning of one or more literals. */
    static final class Node {
        private final TreeMap<Integer, Node> children = new TreeMap<>();
        private final IntStream.Builder building = IntStream.builder();
        private final int length;
        private int[] indices;
        private int shortest = Integer.MAX_VALUE;
        private int end = -1;

        private Node(int length) {
            this.length = length;
        }

        private void add(int index, int literalLength) {
            building.add(index);
            shortest = Math.min(shortest, literalLength);
        }

        /** Null if no literal goes on with this byte. */
        Node child(int next) {
            return children.get(next);
        }

        boolean isLeaf() {
            return children.isEmpty();
        }

        /** The literal that ends here, or -1. */
        int end() {
            return end;
        }

        /** Bytes so far. */
        int length() {
            return length;
        }

        /** Bytes that the shortest literal still needs. */
        int left() {
            return shortest - length;
        }

        /** The literals that begin like this, by their places in the list. */
        int[] indices() {
            if (indices == null) {
                indices = building.build().toArray();
            }
            return indices;
        }
    }
}
