package perdure.distributed;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which of the processes of a run this one is, as its launcher's environment says.
 *
 * @param launcher for people
 * @param rank from 0
 * @param world number of processes; 1: there is nobody to meet
 * @param localRank of those on this machine, from 0
 * @param localWorld processes on this machine
 * @param host where rank 0, or the launcher, is met
 * @param port there
 * @param attempt how often the launcher has started them before; those of two attempts never meet
 */
public record Launch(
        String launcher, int rank, int world, int localRank, int localWorld, String host, int port, Attempt attempt) {

    /**
     * @param number from 0
     * @param launcherListens whether the launcher itself listens at the meeting point, in place of rank 0
     */
    public record Attempt(int number, boolean launcherListens) {
        static final Attempt FIRST = new Attempt(0, false);
    }

    /** A process on its own. */
    public static final Launch SINGLE = new Launch("", 0, 1, 0, 1, "", 0, Attempt.FIRST);

    private static final int MOST_PORTS = 65535;

    /** The ports of Slurm jobs that name none begin here. */
    private static final int SLURM_PORT = 15000;

    private static final int SLURM_PORTS = 10000;

    /** From a step's port to that of the next step of its job: they may run side by side. */
    private static final int SLURM_NEXT_STEP = 101;

    private static final Pattern HOST_AND_PORT = Pattern.compile("(\\[.+\\]|[^:]+):([0-9]{1,9})");

    /** A name, an IPv4 address, or an IPv6 address, perhaps with its scope. */
    private static final Pattern HOST = Pattern.compile("[\\p{L}\\p{N}._-]+|(?=.*:.*:)[0-9a-fA-F:.]+(?:%[^\\s\\]]+)?");

    /** Up to the first comma outside of brackets. */
    private static final Pattern FIRST_HOST = Pattern.compile("(?:[^\\[,]|\\[[^\\]]*\\])+");

    /** Numbers in brackets, of which the first counts. */
    private static final Pattern NUMBERS = Pattern.compile("\\[([0-9]+)[^\\]]*\\]");

    /** A number of tasks, and of how many nodes that is the number. */
    private static final Pattern TASKS = Pattern.compile("([0-9]+)(?:\\(x([0-9]+)\\))?(?:,|$)");

    /**
     * The variables of a launcher.
     *
     * @param localRank null if it has none
     * @param localWorld null if it has none
     * @param always whether it sets both rank and world, so that one alone is a mistake
     */
    private record Contract(
            String launcher, String rank, String world, String localRank, String localWorld, boolean always) {}

    private static final Contract SLURM =
            new Contract("Slurm", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", null, true);

    /** The shell of {@code salloc} is a step of one task, where the other contract tells the tasks of the job. */
    private static final Contract SLURM_STEP =
            new Contract("Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", null, false);

    private static final Contract INDEXED_JOB =
            new Contract("an Indexed Job", "JOB_COMPLETION_INDEX", "PERDURE_WORLD_SIZE", null, null, false);

    private static final Contract KUBEFLOW =
            new Contract("Kubeflow Trainer", "PET_NODE_RANK", "PET_NNODES", null, null, true);

    /** The first whose rank and world are both set counts. */
    private static final List<Contract> CONTRACTS = List.of(
            new Contract("torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", true),
            KUBEFLOW,
            new Contract(
                    "Open MPI",
                    "OMPI_COMM_WORLD_RANK",
                    "OMPI_COMM_WORLD_SIZE",
                    "OMPI_COMM_WORLD_LOCAL_RANK",
                    "OMPI_COMM_WORLD_LOCAL_SIZE",
                    true),
            new Contract("MPICH", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS", true),
            SLURM_STEP,
            SLURM,
            INDEXED_JOB);

    public Launch {
        if (world < 1 || Integer.bitCount(world) != 1) {
            throw new IllegalArgumentException("world size " + world + " is not a power of two: 1, 2, 4, 8, …");
        }
        if (rank < 0 || rank >= world) {
            throw new IllegalArgumentException(
                    "rank " + rank + " is not one of " + world + " ranks, 0 to " + (world - 1) + ".");
        }
        if (world > 1 && (port < 1 || port > MOST_PORTS)) {
            throw new IllegalArgumentException("port " + port + " is not a number from 1 to " + MOST_PORTS + ".");
        }
        if (localRank < 0 || localWorld < 1) {
            throw new IllegalArgumentException(
                    "local rank " + localRank + " of " + localWorld + " is none of the ranks of a machine.");
        }
        host = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        if (world > 1 && !HOST.matcher(host).matches()) {
            throw new IllegalArgumentException("host " + host + " is not the name or the address of a machine.");
        }
    }

    /** Whether this is the rank that has the run folder. */
    public boolean isFirst() {
        return rank == 0;
    }

    /**
     * One that was told without a launcher.
     *
     * @param coordinator host and port of rank 0, as {@code host:port}
     * @throws IllegalArgumentException that names the value that cannot be used
     */
    public static Launch of(int rank, int world, String coordinator) {
        Matcher place = HOST_AND_PORT.matcher(coordinator);
        if (!place.matches()) {
            throw new IllegalArgumentException("coordinator " + coordinator + " is not HOST:PORT.");
        }
        int port = number("coordinator", place.group(2));
        return new Launch("flags", rank, world, 0, 1, place.group(1), port, Attempt.FIRST);
    }

    /**
     * The process that a launcher has started; a single one if none has.
     *
     * @throws IllegalArgumentException with one line that names the variable that is missing or cannot be used
     */
    public static Launch of(Map<String, String> environment) {
        Variables variables = new Variables(environment);
        for (Contract contract : CONTRACTS) {
            boolean hasRank = variables.has(contract.rank);
            boolean hasWorld = variables.has(contract.world);
            if (contract.launcher.equals(SLURM.launcher) && !variables.has("SLURM_STEP_ID")) {
                continue; // The shell of a batch job looks like rank 0, and is none.
            }
            if (contract.always ? hasRank != hasWorld : contract == SLURM_STEP && hasWorld && !hasRank) {
                throw new IllegalArgumentException((hasRank ? contract.rank : contract.world) + " is set and "
                        + (hasRank ? contract.world : contract.rank)
                        + " is not: start all ranks with one launcher, or unset it.");
            }
            if (contract == INDEXED_JOB && hasWorld != hasRank && (hasWorld || variables.has("MASTER_ADDR"))) {
                throw new IllegalArgumentException(
                        hasWorld
                                ? "PERDURE_WORLD_SIZE is set and JOB_COMPLETION_INDEX is not: give the Job completionMode"
                                        + " Indexed, or unset PERDURE_WORLD_SIZE."
                                : "JOB_COMPLETION_INDEX and MASTER_ADDR are set and PERDURE_WORLD_SIZE is not: set it to"
                                        + " the number of pods, or unset MASTER_ADDR.");
            }
            if (hasRank && hasWorld) {
                return of(contract, variables);
            }
        }
        return SINGLE;
    }

    private static Launch of(Contract contract, Variables variables) {
        int rank = variables.number(contract.rank);
        int world = variables.number(contract.world);
        if (world < 1 || rank < 0 || rank >= world) {
            throw new IllegalArgumentException(
                    contract.rank + " " + rank + " is not one of the ranks of " + contract.world + " " + world + ".");
        }
        if (contract == KUBEFLOW && !variables.get("PET_NPROC_PER_NODE", "1").equals("1")) {
            throw new IllegalArgumentException("PET_NPROC_PER_NODE " + variables.get("PET_NPROC_PER_NODE", "")
                    + " would be several processes on a node, which Perdure does not start: set numProcPerNode to 1.");
        }
        if (world == 1) {
            return SINGLE;
        }
        boolean slurm = variables.has("SLURM_STEP_ID")
                && List.of(SLURM.launcher, "MPICH").contains(contract.launcher);
        String host = variables.first("MASTER_ADDR", "PET_MASTER_ADDR");
        String port = variables.first("MASTER_PORT", "PET_MASTER_PORT");
        if (host == null && slurm) {
            host = firstHost(variables.first("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST"));
        }
        if (port == null && slurm && variables.has("SLURM_JOB_ID")) {
            long number = variables.id("SLURM_JOB_ID") + SLURM_NEXT_STEP * variables.id("SLURM_STEP_ID");
            port = Long.toString(SLURM_PORT + number % SLURM_PORTS);
        }
        if (host == null || port == null) {
            throw new IllegalArgumentException(contract.launcher + " started rank " + rank + " of " + world
                    + ", but does not say where they meet: set " + (host == null ? "MASTER_ADDR" : "MASTER_PORT")
                    + ".");
        }
        boolean localBySlurm = slurm && !variables.has(contract.localWorld);
        String local = localBySlurm ? SLURM.localRank : contract.localRank;
        int localRank = variables.has(local) ? variables.number(local) : 0;
        int localWorld = variables.has(contract.localWorld) ? variables.number(contract.localWorld) : 1;
        if (localBySlurm && variables.has("SLURM_STEP_TASKS_PER_NODE")) {
            localWorld = tasks(
                    variables.get("SLURM_STEP_TASKS_PER_NODE", ""),
                    variables.has("SLURM_NODEID") ? variables.number("SLURM_NODEID") : 0);
        }
        String attempts = variables.given("TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT");
        String portName = variables.given("MASTER_PORT", "PET_MASTER_PORT");
        try {
            return new Launch(
                    contract.launcher,
                    rank,
                    world,
                    localRank,
                    localWorld,
                    host,
                    number(portName, port),
                    new Attempt(
                            variables.has(attempts) ? variables.number(attempts) : 0,
                            variables.get("TORCHELASTIC_USE_AGENT_STORE", "").equals("True")));
        } catch (IllegalArgumentException refused) {
            String hostName = host.equals(variables.first("MASTER_ADDR", "PET_MASTER_ADDR"))
                    ? variables.given("MASTER_ADDR", "PET_MASTER_ADDR")
                    : variables.given("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST");
            throw named(
                    refused,
                    Map.of("world size", contract.world, "port", portName, "host", hostName, "local rank", "" + local));
        }
    }

    /** The same with the name of the variable in place of the words that the message begins with. */
    private static IllegalArgumentException named(IllegalArgumentException refused, Map<String, String> names) {
        String message = refused.getMessage();
        return names.entrySet().stream()
                .filter(name -> message.startsWith(name.getKey() + " "))
                .findFirst()
                .map(name -> new IllegalArgumentException(
                        name.getValue() + message.substring(name.getKey().length()), refused))
                .orElse(refused);
    }

    /** The first host of a list of Slurm's such as {@code rack[1,3]n[07-09],login}; null if there is no list. */
    private static String firstHost(String list) {
        if (list == null) {
            return null;
        }
        Matcher first = FIRST_HOST.matcher(list);
        return first.lookingAt() ? NUMBERS.matcher(first.group()).replaceAll("$1") : list;
    }

    /** The tasks on a node, of a list of Slurm's such as {@code 2(x3),1}. */
    private static int tasks(String list, int node) {
        Matcher each = TASKS.matcher(list);
        for (int nodes = 0; each.find(); ) {
            nodes += each.group(2) == null ? 1 : number("SLURM_STEP_TASKS_PER_NODE", each.group(2));
            if (node < nodes) {
                return number("SLURM_STEP_TASKS_PER_NODE", each.group(1));
            }
        }
        return 1;
    }

    private static int number(String name, String value) {
        try {
            return Integer.parseInt(value.strip());
        } catch (NumberFormatException none) {
            throw new IllegalArgumentException(name + " " + value + " is not a whole number.");
        }
    }

    /** An empty variable is none. */
    private record Variables(Map<String, String> environment) {

        boolean has(String name) {
            return name != null && !environment.getOrDefault(name, "").isBlank();
        }

        String get(String name, String otherwise) {
            return has(name) ? environment.get(name).strip() : otherwise;
        }

        String first(String one, String other) {
            return get(given(one, other), null);
        }

        /** The name of the first, unless only the other one is set. */
        String given(String one, String other) {
            return has(other) && !has(one) ? other : one;
        }

        int number(String name) {
            return Launch.number(name, get(name, ""));
        }

        /** Ids of jobs and steps have 32 bits without a sign. */
        long id(String name) {
            try {
                return Integer.toUnsignedLong(Integer.parseUnsignedInt(get(name, "")));
            } catch (NumberFormatException none) {
                throw new IllegalArgumentException(name + " " + get(name, "") + " is not a whole number.");
            }
        }
    }
}
