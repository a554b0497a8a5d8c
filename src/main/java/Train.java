/** Starts the trainer. */
public final class Train {
    private Train() {}

    public static void main(String[] arguments) {
        System.out.println(arguments.length);
    }
}
