package perdure.server;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** The real nginx of Debian with its defaults, on this machine, in front of a server. */
final class Nginx implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/nginx");

    /** Everything at the root; nginx speaks HTTP/1.0 to the server and sends a Host header of its own. */
    final int plain = freePort();

    /** The same under {@code /perdure/}, which nginx removes. */
    final int removing = freePort();

    /** Under {@code /perdure/}, which nginx leaves; it keeps the Host header, and speaks HTTP/1.1. */
    final int leaving = freePort();

    /** As {@link #plain}, but gathering an answer even if the server asks it not to. */
    final int gathering = freePort();

    private Process process;

    /** The test is skipped where there is no nginx. */
    Nginx() throws IOException {
        assumeTrue(Files.isExecutable(PROGRAM), PROGRAM + " is not here: Debian's package nginx-light has it");
    }

    String url(int port, String path) {
        return "http://127.0.0.1:" + port + path;
    }

    /** @param folder empty; @param port that of the server */
    void start(Path folder, int port) throws Exception {
        String server = "http://127.0.0.1:" + port;
        String configuration = """
                daemon off; master_process off; pid FOLDER/pid; error_log FOLDER/error.log; events {}
                http {
                  access_log off;
                  client_body_temp_path FOLDER/b; proxy_temp_path FOLDER/p; fastcgi_temp_path FOLDER/f;
                  uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
                  server { listen 127.0.0.1:%d; location / { proxy_pass SERVER; } }
                  server { listen 127.0.0.1:%d; location /perdure/ { proxy_pass SERVER/; } }
                  server { listen 127.0.0.1:%d; location /perdure/ {
                    proxy_pass SERVER; proxy_http_version 1.1; proxy_set_header Host $http_host; } }
                  server { listen 127.0.0.1:%d; location / {
                    proxy_pass SERVER; proxy_ignore_headers X-Accel-Buffering; } }
                }
                """.formatted(plain, removing, leaving, gathering);
        Path file = folder.resolve("nginx.conf");
        Files.writeString(
                file, configuration.replace("FOLDER", folder.toString()).replace("SERVER", server));
        Path log = folder.resolve("start.log");
        process = new ProcessBuilder(PROGRAM.toString(), "-e", folder + "/error.log", "-c", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        while (!isOpen(gathering)) {
            assertTrue(process.isAlive(), Files.readString(log));
            Thread.sleep(20);
        }
    }

    /** Below the ports that the system itself gives away, so that it is still free when nginx opens it. */
    private static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 30_000);
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return free.getLocalPort();
            } catch (IOException taken) {
                continue;
            }
        }
    }

    private static boolean isOpen(int port) {
        try (Socket open = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return open.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }

    @Override
    public void close() throws Exception {
        if (process != null) {
            process.destroy();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        }
    }
}
