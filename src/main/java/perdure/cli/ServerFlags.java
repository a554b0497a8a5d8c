package perdure.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import perdure.cli.HelpSections.Heading;
import perdure.server.Limits;
import perdure.server.ServedRun;
import perdure.server.ServerOptions;
import perdure.server.StatusServer;
import perdure.server.openai.ModelNames;
import picocli.CommandLine.Option;

/** The flags of the status server. */
@Heading("Server")
final class ServerFlags {
    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to listen on. Any other than loopback needs --token (default: ${DEFAULT-VALUE}).")
    String host;

    @Option(
            names = "--port",
            paramLabel = "P",
            defaultValue = "8080",
            description = "Port to listen on. 0 takes a free port and prints it (default: ${DEFAULT-VALUE}).")
    int port;

    @Option(
            names = "--token",
            paramLabel = "TEXT",
            description = "Bearer token that every request must carry (default: none).")
    String token;

    @Option(
            names = "--model-alias",
            paramLabel = "NAME",
            description = "A name that clients may use for the model beside perdure. Can be given several times.")
    List<String> aliases = new ArrayList<>();

    /** The checked options of the server. */
    ServerOptions options() {
        ModelNames names = Flags.set("--model-alias", aliases, ModelNames::new);
        return set(unused -> new ServerOptions(host, port, token, Limits.standard(), names));
    }

    /** @throws perdure.run.BadInputException if the address is in use or does not belong to this machine */
    StatusServer start(ServerOptions options, ServedRun run) {
        return set(unused -> StatusServer.start(options, run));
    }

    private <R> R set(Function<String, R> action) {
        return Flags.set("--host", host + " --port " + port, action);
    }
}
