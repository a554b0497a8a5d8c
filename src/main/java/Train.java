import perdure.cli.Launch;

/** {@code java -cp target/perdure.jar Train --epochs 10}: the command {@code train} under a name of its own. */
public final class Train {
    private Train() {}

    public static void main(String[] arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = "train";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Launch.main(command);
    }
}
