package perdure.cli;

import java.util.concurrent.Callable;
import org.bytedeco.pytorch.Device;
import perdure.chat.ChatModel;
import perdure.chat.ChatRequest;
import perdure.chat.Completion;
import perdure.chat.ConversationRefusedException;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.Restart;
import perdure.cli.HelpSections.Heading;
import perdure.device.Precision;
import perdure.generate.TokenGenerator;
import perdure.run.BadInputException;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code generate}: has the model of a run folder answer one question or continue one text. */
@Command(
        name = "generate",
        description = "Has the newest checkpoint of a run folder answer a question or continue a text.",
        customSynopsis = "perdure generate (--chat TEXT | --text TEXT) [OPTIONS]",
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:Done.", Main.FAILURE, Main.BAD_INPUT},
        mixinStandardHelpOptions = true,
        sortOptions = false)
@Heading("Text")
final class GenerateCommand implements Callable<Integer> {
    @Mixin
    RunFolderFlag folder;

    @ArgGroup(multiplicity = "1")
    Prompt prompt;

    @Heading("Text")
    static final class Prompt {
        @Option(names = "--chat", paramLabel = "TEXT", description = "A question to answer.")
        String chat;

        @Option(names = "--text", paramLabel = "TEXT", description = "A text to continue.")
        String text;
    }

    @Option(
            names = "--tokens",
            paramLabel = "N",
            defaultValue = "200",
            description = "Largest number of tokens to generate (default: ${DEFAULT-VALUE}).")
    int tokens;

    @Option(
            names = "--temperature",
            paramLabel = "R",
            defaultValue = "0",
            description = "Sampling temperature. 0 always takes the most likely token; higher values give more varied"
                    + " text (default: ${DEFAULT-VALUE}).")
    double temperature;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Seed of the sampling (default: ${DEFAULT-VALUE}).")
    long seed;

    @Mixin
    NativeFlags natives;

    @Override
    public Integer call() {
        ChatRequest.Builder question = prompt.chat == null
                ? ChatRequest.completion(prompt.text)
                : ChatRequest.answer().message(ChatMessage.USER, prompt.chat);
        Flags.set("--tokens", tokens, most -> question.maximumTokens(most).build());
        ChatRequest request = Flags.set("--temperature", temperature, value -> question.temperature(value)
                .seed(seed)
                .build());
        Precision asked = natives.askedPrecision();
        natives.load();
        Restart restart = Flags.naming(() -> Restart.find(folder.checkpoints));
        Checkpoint checkpoint = restart.checkpoint();
        if (checkpoint == null) {
            throw new BadInputException("--checkpoints " + folder.checkpoints + " holds no trained model.");
        }
        restart.warnings().forEach(System.err::println);
        try (Device device = natives.device();
                Tokenizer tokenizer = Tokenizer.read(checkpoint.folder());
                TokenGenerator generator = generator(checkpoint, device, asked)) {
            Completion completion = new ChatModel(generator, tokenizer).answer(request, piece -> {
                System.out.print(piece.text());
                System.out.flush();
                return true;
            });
            System.out.println();
            if (!completion.dropped().isNothing()) {
                System.err.printf(
                        "Warning: the text did not fit into the context of %,d tokens. Its first %,d were left out.%n",
                        generator.context(), completion.dropped().tokens());
            }
        } catch (ConversationRefusedException refused) {
            throw new BadInputException("chat", refused.getMessage(), refused);
        }
        return 0;
    }

    private static TokenGenerator generator(Checkpoint checkpoint, Device device, Precision asked) {
        Precision precision = Precision.ofAnswers(asked, checkpoint.trainedInBf16(), device);
        Flags.set("--precision", precision, chosen -> chosen.require(device));
        return Flags.naming(() -> TokenGenerator.withWeights(
                checkpoint.config(), device, precision == Precision.BF16, checkpoint::readWeights));
    }
}
