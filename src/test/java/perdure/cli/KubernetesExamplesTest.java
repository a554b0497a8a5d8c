package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1JobTemplateSpec;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import perdure.distributed.Launch;
import perdure.run.RunConfig;
import picocli.CommandLine;

/** The examples for Kubernetes: Kubernetes' own classes check their fields, and each pod would be the right rank. */
class KubernetesExamplesTest {

    private static List<JsonObject> documents(String file) throws IOException {
        List<JsonObject> documents = new ArrayList<>();
        String text = Files.readString(Path.of("src/examples/kubernetes", file));
        for (Object document : new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(text)) {
            documents.add(new Gson().toJsonTree(document).getAsJsonObject());
        }
        return documents;
    }

    /** What stands at the keys, of an array its first element. */
    private static JsonElement at(JsonElement json, String... keys) {
        JsonElement found = json;
        for (String key : keys) {
            found = found.getAsJsonObject().get(key);
            found = found.isJsonArray() ? found.getAsJsonArray().get(0) : found;
        }
        return found;
    }

    private static List<JsonElement> all(JsonElement json, String array) {
        return StreamSupport.stream(json.getAsJsonObject().getAsJsonArray(array).spliterator(), false)
                .toList();
    }

    private static Map<String, String> environment(JsonElement container) {
        Map<String, String> environment = new TreeMap<>();
        all(container, "env")
                .forEach(variable -> environment.put(
                        at(variable, "name").getAsString(),
                        at(variable, "value").getAsString()));
        return environment;
    }

    /** The flags can be read, and as many ranks share the micro-batches. */
    private static void assertTrains(JsonElement container, int world) {
        TrainCommand command = new TrainCommand();
        List<String> arguments =
                all(container, "args").stream().map(JsonElement::getAsString).toList();
        assertEquals("train", arguments.get(0));
        new CommandLine(command)
                .parseArgs(arguments.subList(1, arguments.size()).toArray(String[]::new));
        RunConfig config = command.config();
        assertEquals(0, config.optimization().batching().accumulation() % world);
        assertEquals(Path.of("/runs/example"), config.folder());
    }

    @Test
    void anIndexedJobStartsOneRunOnAllPods() throws IOException {
        List<JsonObject> documents = documents("job.yaml");
        JsonObject service = documents.get(0);
        JsonObject job = documents.get(2);
        V1Service.validateJsonElement(service);
        V1PersistentVolumeClaim.validateJsonElement(documents.get(1));
        V1Job.validateJsonElement(job);

        String name = at(job, "metadata", "name").getAsString();
        String serviceName = at(service, "metadata", "name").getAsString();
        JsonElement pod = at(job, "spec", "template", "spec");
        JsonElement container = at(pod, "containers");
        int world = at(job, "spec", "completions").getAsInt();
        assertEquals(
                name,
                at(service, "spec", "selector", "batch.kubernetes.io/job-name").getAsString());
        assertEquals(serviceName, at(pod, "subdomain").getAsString());
        assertEquals(world, at(job, "spec", "parallelism").getAsInt());
        for (int index = 0; index < world; index++) {
            Map<String, String> environment = environment(container);
            environment.put("JOB_COMPLETION_INDEX", "" + index); // Kubernetes does.
            Launch launch = Launch.of(environment);
            assertEquals(index, launch.rank());
            assertEquals(world, launch.world());
            assertEquals(name + "-0." + serviceName, launch.host());
            assertEquals(at(service, "spec", "ports", "port").getAsInt(), launch.port());
        }
        assertTrains(container, world);
        assertEquals(
                "{\"action\":\"FailJob\",\"onExitCodes\":{\"containerName\":\"perdure\",\"operator\":\"In\",\"values\":[2]}}",
                at(job, "spec", "podFailurePolicy", "rules").toString());
    }

    @Test
    void aTrainJobStartsOneProcessOnEachNode() throws IOException {
        List<JsonObject> documents = documents("trainjob.yaml");
        JsonObject runtime = documents.get(0);
        JsonObject job = documents.get(1);
        JsonElement template = at(runtime, "spec", "template", "spec", "replicatedJobs", "template");
        V1JobTemplateSpec.validateJsonElement(template);
        JsonElement container = at(template, "spec", "template", "spec", "containers");
        JsonElement trainer = at(job, "spec", "trainer");
        int nodes = at(trainer, "numNodes").getAsInt();
        assertEquals("node", at(container, "name").getAsString());
        assertEquals(at(runtime, "metadata", "name"), at(job, "spec", "runtimeRef", "name"));
        for (int node = 0; node < nodes; node++) {
            Launch launch = Launch.of(Map.of( // as the trainer's torch policy sets them
                    "PET_NNODES",
                    "" + nodes,
                    "PET_NPROC_PER_NODE",
                    at(trainer, "numProcPerNode").getAsString(),
                    "PET_NODE_RANK",
                    "" + node,
                    "PET_MASTER_ADDR",
                    "example-node-0-0.example",
                    "PET_MASTER_PORT",
                    "29400"));
            assertEquals(node, launch.rank());
            assertEquals(nodes, launch.world());
        }
        assertTrains(trainer, nodes);
    }

    @Test
    void aFieldThatKubernetesDoesNotKnowIsFound() throws IOException {
        JsonObject job = documents("job.yaml").get(2);
        assertDoesNotThrow(() -> V1Job.validateJsonElement(job));
        at(job, "spec", "template", "spec", "containers").getAsJsonObject().addProperty("imag", "perdure");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> V1Job.validateJsonElement(job))
                .getMessage()
                .contains("`imag`"));
    }
}
