package dev.skald.cli.mcp;

import dev.skald.Skald;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Interrupts;
import dev.skald.cli.console.Version;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.Command;

/** {@code skald mcp}: tools that speak, for an assistant that starts this process. */
@Command(
        name = "mcp",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Serve the Model Context Protocol on the standard streams, for an assistant that starts"
                    + " this command: tools speak and list_voices.",
            "In the assistant's configuration: {\"mcpServers\": {\"skald\": {\"command\":"
                    + " \"/path/to/skald\", \"args\": [\"mcp\"]}}}"
        })
public final class McpCommand implements Callable<Integer> {
    private static final Logger LIBRARY = Logger.getLogger("io.modelcontextprotocol");

    private final Console console;

    public McpCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException {
        // An assistant's log is not for each of the library's steps.
        LIBRARY.setLevel(Level.WARNING);
        CountDownLatch ended = new CountDownLatch(1);
        StdioServerTransportProvider streams =
                new StdioServerTransportProvider(
                        McpJsonDefaults.getMapper(),
                        new Watched(console.io().in(), ended),
                        console.io().raw());
        try (Skald skald = console.open()) {
            McpSyncServer server =
                    McpServer.sync(streams)
                            .serverInfo("skald", Version.number())
                            .capabilities(ServerCapabilities.builder().tools(false).build())
                            .tools(new SpeechTools(skald).all())
                            .build();
            Interrupts.onInterrupt(ended::countDown);
            ended.await();
            server.closeGracefully();
        }
        return ExitCode.OK.number;
    }

    /** Tells when the client has closed the stream. */
    private static final class Watched extends FilterInputStream {
        private final CountDownLatch ended;

        Watched(InputStream in, CountDownLatch ended) {
            super(in);
            this.ended = ended;
        }

        @Override
        public int read() throws IOException {
            return told(super.read());
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            return told(super.read(into, offset, length));
        }

        private int told(int n) {
            if (n < 0) {
                ended.countDown();
            }
            return n;
        }
    }
}
