package perdure.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.checkpoint.DurableFiles;
import perdure.cli.HelpSections.Heading;
import perdure.run.BadInputException;
import perdure.server.Access;
import perdure.server.Limits;
import perdure.server.ServedRun;
import perdure.server.ServerOptions;
import perdure.server.StatusServer;
import perdure.server.openai.ModelNames;
import picocli.CommandLine.Option;

/** The flags of the status server. */
@Heading("Server")
final class ServerFlags {

    private static final Logger LOG = LoggerFactory.getLogger(ServerFlags.class);

    /** The environment variable with the token; {@code scripts/status} reads it as well. */
    static final String TOKEN_VARIABLE = "PERDURE_TOKEN";

    private static final int MOST_TOKEN_BYTES = 4_096;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to listen on. Any other than loopback needs a token (default: ${DEFAULT-VALUE}).")
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
            description =
                    "Bearer token that every request must carry (default: none). Whoever may list the processes of"
                            + " this machine sees it. --token-file and the environment variable " + TOKEN_VARIABLE
                            + " keep it hidden.")
    String token;

    @Option(
            names = "--model-alias",
            paramLabel = "NAME",
            description = "A name that clients may use for the model beside perdure. Can be given several times.")
    List<String> aliases = List.of();

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File whose only line is the bearer token. It comes before " + TOKEN_VARIABLE + ".")
    Path tokenFile;

    @Option(
            names = "--allow-host",
            paramLabel = "NAME",
            description = "Name or address, on any port, that clients may use for this server besides those of this"
                    + " machine. May be given several times.")
    List<String> allowedHosts = List.of();

    @Option(
            names = "--public-url",
            paramLabel = "URL",
            description =
                    "Where a reverse proxy offers this server, such as https://example.org/perdure/. The proxy ends"
                            + " TLS. It may remove the path or leave it.")
    String publicUrl;

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description = "Origin of pages elsewhere whose scripts may use this server (CORS), such as"
                    + " http://localhost:3000. May be given several times.")
    List<String> allowedOrigins = List.of();

    /** Replaced by tests. */
    Map<String, String> environment = System.getenv();

    /** The checked options of the server. */
    ServerOptions options() {
        Access guarded = withToken();
        Access access = Flags.set("--public-url", publicUrl, guarded, guarded::withPublicUrl);
        for (String name : allowedHosts) {
            access = Flags.set("--allow-host", name, access::withHost);
        }
        for (String origin : allowedOrigins) {
            access = Flags.set("--allow-origin", origin, access::withOrigin);
        }
        Access checked = access;
        ModelNames names = Flags.set("--model-alias", aliases, ModelNames::new);
        return set(unused -> new ServerOptions(host, port, checked, Limits.standard(), names));
    }

    /** @throws BadInputException if the address is in use or does not belong to this machine */
    StatusServer start(ServerOptions options, ServedRun run) {
        StatusServer started = set(unused -> StatusServer.start(options, run));
        if (token != null) {
            LOG.warn("--token shows in the list of processes. --token-file and {} do not.", TOKEN_VARIABLE);
        }
        if (options.access().token() == null && (publicUrl != null || !allowedHosts.isEmpty())) {
            LOG.warn("There is no token: whoever reaches this server through a proxy may chat and stop training.");
        }
        return started;
    }

    /** Where the page is, for people to read. */
    String addresses(StatusServer started) {
        return started.url() + (publicUrl == null ? "" : " and " + publicUrl);
    }

    private Access withToken() {
        if (token != null && tokenFile != null) {
            throw new BadInputException("--token and --token-file: only one of them can be given.");
        }
        if (token != null) {
            return withToken("--token", token);
        }
        if (tokenFile != null) {
            return withToken("--token-file " + tokenFile, Flags.set("--token-file", tokenFile, ServerFlags::read));
        }
        String variable = environment.get(TOKEN_VARIABLE);
        return variable == null || variable.isEmpty() ? Access.LOCAL : withToken(TOKEN_VARIABLE, variable);
    }

    /** Unlike {@link Flags#set} it does not show the value, which is a secret. */
    private static Access withToken(String source, String text) {
        try {
            return Access.LOCAL.withToken(text);
        } catch (IllegalArgumentException refused) {
            throw new BadInputException(source + ": " + refused.getMessage());
        }
    }

    private static String read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(MOST_TOKEN_BYTES + 1);
            if (content.length > MOST_TOKEN_BYTES) {
                throw new IllegalArgumentException("The file has more than " + MOST_TOKEN_BYTES + " bytes.");
            }
            return new String(content, StandardCharsets.UTF_8).strip();
        } catch (NoSuchFileException absent) {
            throw new IllegalArgumentException("There is no such file.", absent);
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(
                    "The file cannot be read: " + DurableFiles.cause(unreadable) + ".", unreadable);
        }
    }

    private <R> R set(Function<String, R> action) {
        return Flags.set("--host", host + " --port " + port, action);
    }
}
