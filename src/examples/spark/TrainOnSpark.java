import java.io.Serializable;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.TaskCompletionListener;
import scala.Function1;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;

/**
 * Trains one run on the executors of a Spark cluster. A barrier stage starts one process in each task, which is a rank:
 * Spark starts all tasks of it at once, or none. If a rank is lost, all end with exit code 75, and the loop here starts
 * them again, since Spark would give up.
 *
 * <pre>spark-submit --class TrainOnSpark app.jar 4 /opt/perdure --epochs 10 --grad-accum 4 --checkpoints /shared/run</pre>
 *
 * Perdure lies in that folder on each node. Give a task as many cores as {@code --threads} (spark.task.cpus).
 */
public final class TrainOnSpark {
    private static final int START_AGAIN = 75;
    private static final int MOST_STARTS = 100;

    /** A task of a barrier stage; Spark sends it to the executors. */
    private interface Task extends Function1<Iterator<Integer>, Iterator<Integer>>, Serializable {}

    public static void main(String[] arguments) throws Exception {
        int ranks = Integer.parseInt(arguments[0]);
        List<String> command = new ArrayList<>(List.of(arguments[1] + "/scripts/train"));
        Collections.addAll(command, List.of(arguments).subList(2, arguments.length).toArray(String[]::new));
        int code = START_AGAIN;
        try (JavaSparkContext spark = new JavaSparkContext(new SparkConf().setAppName("Perdure"))) {
            for (int start = 0; code == START_AGAIN && start < MOST_STARTS; start++) {
                code = train(spark, ranks, command, start);
                System.out.println("Start " + start + " ended with exit code " + code + ".");
            }
        }
        System.exit(code);
    }

    /** Exit code of all ranks: 2 or 75 if one ended so, else the highest. */
    private static int train(JavaSparkContext spark, int ranks, List<String> command, int start) {
        Task task = unused -> CollectionConverters.asScala(List.of(rank(command, start)).iterator());
        List<Integer> codes = new ArrayList<>();
        try {
            Object all = spark.parallelize(Collections.nCopies(ranks, 0), ranks)
                    .rdd()
                    .barrier()
                    .mapPartitions(task, false, ClassTag.apply(Integer.class))
                    .collect();
            Collections.addAll(codes, (Integer[]) all);
        } catch (Exception failed) { // Scala declares no exceptions.
            if (!(failed instanceof SparkException)) {
                throw failed;
            }
            System.out.println("An executor is lost: " + failed.getMessage());
            codes.add(START_AGAIN);
        }
        return codes.contains(2) ? 2 : codes.contains(START_AGAIN) ? START_AGAIN : Collections.max(codes);
    }

    /** Runs a rank to its end, in the environment that torchrun would make. */
    private static int rank(List<String> command, int start) {
        try {
            BarrierTaskContext context = BarrierTaskContext.get();
            int rank = context.partitionId();
            String host = InetAddress.getLocalHost().getHostAddress();
            int port;
            try (ServerSocket free = new ServerSocket(0)) {
                port = free.getLocalPort();
            }
            String[] places = context.allGather(host + " " + port);
            List<String> hosts = List.of(places).stream().map(place -> place.split(" ")[0]).toList();
            String[] first = places[0].split(" ");
            ProcessBuilder process = new ProcessBuilder(command).inheritIO();
            process.environment().putAll(Map.of(
                    "RANK", "" + rank,
                    "WORLD_SIZE", "" + hosts.size(),
                    "LOCAL_RANK", "" + Collections.frequency(hosts.subList(0, rank), host),
                    "LOCAL_WORLD_SIZE", "" + Collections.frequency(hosts, host),
                    "MASTER_ADDR", first[0],
                    "MASTER_PORT", first[1],
                    "TORCHELASTIC_RESTART_COUNT", "" + start));
            Process child = process.start();
            context.addTaskCompletionListener((TaskCompletionListener) ended -> child.destroy()); // if the task is ended from outside
            return child.waitFor();
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }
}
