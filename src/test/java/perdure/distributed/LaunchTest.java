package perdure.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import perdure.distributed.Launch.Attempt;

/** Every launcher's environment says which process this is, or one line says what is missing in it. */
class LaunchTest {

    /** @param text variables such as {@code A=1 B=2} */
    private static Map<String, String> environment(String text) {
        Map<String, String> environment = new TreeMap<>(Map.of("PATH", "/bin", "HOSTNAME", "here"));
        for (String variable : text.isEmpty() ? new String[0] : text.split(" ")) {
            environment.put(variable.split("=", 2)[0], variable.split("=", 2)[1]);
        }
        return environment;
    }

    /** The launcher, rank of world, local rank of local world, where they meet, the attempt, and who listens. */
    private static String words(Launch launch) {
        return launch.launcher() + " " + launch.rank() + "/" + launch.world() + " " + launch.localRank() + "/"
                + launch.localWorld() + " " + launch.host() + ":" + launch.port() + " "
                + launch.attempt().number() + (launch.attempt().launcherListens() ? " listens" : "");
    }

    @ParameterizedTest
    @CsvSource({
        "RANK=3 WORLD_SIZE=4 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=40000"
                + " TORCHELASTIC_USE_AGENT_STORE=True TORCHELASTIC_RESTART_COUNT=2,"
                + " torchrun 3/4 1/2 a:40000 2 listens",
        "RANK=0 WORLD_SIZE=2 MASTER_ADDR=job-master-0 MASTER_PORT=23456, torchrun 0/2 0/1 job-master-0:23456 0",
        "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=8,"
                + " torchrun 1/2 0/1 a:1 0",
        "PET_NODE_RANK=1 PET_NNODES=2 PET_NPROC_PER_NODE=1 PET_MASTER_ADDR=t-node-0-0.t PET_MASTER_PORT=29400,"
                + " Kubeflow Trainer 1/2 0/1 t-node-0-0.t:29400 0",
        "OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_COMM_WORLD_LOCAL_SIZE=2"
                + " MASTER_ADDR=10.0.0.7 MASTER_PORT=29500, Open MPI 2/4 0/2 10.0.0.7:29500 0",
        "PMI_RANK=1 PMI_SIZE=2 MASTER_ADDR=a MASTER_PORT=5, MPICH 1/2 0/1 a:5 0",
        "SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=4 SLURM_LOCALID=1 SLURM_STEP_NODELIST=n[07-09] SLURM_JOB_ID=21234"
                + " SLURM_STEP_TASKS_PER_NODE=2(x2) SLURM_NODEID=1 SLURM_RESTART_COUNT=3, Slurm 1/4 1/2 n07:16234 3",
        "SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_JOB_NODELIST=login SLURM_JOB_ID=5 MASTER_PORT=77,"
                + " Slurm 1/2 0/1 login:77 0",
        "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=2 MASTER_ADDR=m SLURM_STEP_NODELIST=x SLURM_JOB_ID=9,"
                + " Slurm 0/2 0/1 m:15009 0",
        "PMI_RANK=1 PMI_SIZE=2 SLURM_STEP_ID=0 SLURM_STEP_NODELIST=a1 SLURM_JOB_ID=7, MPICH 1/2 0/1 a1:15007 0",
        "PMI_RANK=3 PMI_SIZE=4 SLURM_STEP_ID=0 SLURM_STEP_NODELIST=a[1-2] SLURM_JOB_ID=7 SLURM_NODEID=0 SLURM_LOCALID=2"
                + " SLURM_STEP_TASKS_PER_NODE=3(x1) SLURM_PROCID=3 SLURM_NTASKS=4, MPICH 3/4 2/3 a1:15007 0", // --mpi=pmi2
        "SLURM_STEP_ID=2 SLURM_PROCID=1 SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=2 SLURM_STEP_NODELIST=a SLURM_JOB_ID=9950,"
                + " Slurm 1/2 0/1 a:15152 0", // beside another step of the job
        "SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2 SLURM_STEP_NODELIST=rack[1-2]n[05-09].x SLURM_JOB_ID=5,"
                + " Slurm 1/2 0/1 rack1n05.x:15005 0",
        "SLURM_STEP_ID=4294967290 SLURM_STEP_NODELIST=a SLURM_JOB_ID=7 PMI_RANK=1 PMI_SIZE=2 MASTER_ADDR=::1,"
                + " MPICH 1/2 0/1 ::1:21297 0",
        "RANK=1 WORLD_SIZE=2 MASTER_ADDR=[fe80::1%eth0] MASTER_PORT=9, torchrun 1/2 0/1 fe80::1%eth0:9 0",
        "JOB_COMPLETION_INDEX=1 PERDURE_WORLD_SIZE=2 MASTER_ADDR=job-0.svc MASTER_PORT=29500,"
                + " an Indexed Job 1/2 0/1 job-0.svc:29500 0",
    })
    void aLauncherSaysWhoTheProcessIs(String environment, String expected) {
        assertEquals(expected, words(Launch.of(environment(environment))));
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "''",
                "MASTER_ADDR=a MASTER_PORT=1", // left over
                "RANK= WORLD_SIZE=", // empty is not set
                "RANK=0 WORLD_SIZE=1",
                "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1",
                "SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_JOB_ID=7", // the shell of a batch job
                "SLURM_STEP_ID=4294967290 SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=1 SLURM_JOB_ID=7", // of
                // salloc
                "JOB_COMPLETION_INDEX=3", // a job whose parts have nothing to do with each other
            })
    void everythingElseIsAProcessOnItsOwn(String environment) {
        assertEquals(Launch.SINGLE, Launch.of(environment(environment)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "RANK=1 | RANK is set and WORLD_SIZE is not: start all ranks with one launcher, or unset it.",
                "WORLD_SIZE=2 | WORLD_SIZE is set and RANK is not: start all ranks with one launcher, or unset it.",
                "RANK=2 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 | RANK 2 is not one of the ranks of WORLD_SIZE 2.",
                "RANK=x WORLD_SIZE=2 | RANK x is not a whole number.",
                "RANK=0 WORLD_SIZE=3 MASTER_ADDR=a MASTER_PORT=1 | WORLD_SIZE 3 is not a power of two: 1, 2, 4, 8, …",
                "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=0 | MASTER_PORT 0 is not a number from 1 to 65535.",
                "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=4 | Open MPI started rank 1 of 4, but does not say where they"
                        + " meet: set MASTER_ADDR.",
                "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=4 MASTER_ADDR=a | Open MPI started rank 1 of 4, but does not"
                        + " say where they meet: set MASTER_PORT.",
                "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a:7 MASTER_PORT=7 | MASTER_ADDR a:7 is not the name or the address of a machine.",
                "RANK=0 WORLD_SIZE=2 MASTER_ADDR=tcp://a MASTER_PORT=7 | MASTER_ADDR tcp://a is not the name or the address"
                        + " of a machine.",
                "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a,b MASTER_PORT=7 | MASTER_ADDR a,b is not the name or the address of"
                        + " a machine.",
                "RANK=0 WORLD_SIZE=2 LOCAL_RANK=-1 MASTER_ADDR=a MASTER_PORT=7 | LOCAL_RANK -1 of 1 is none of the ranks"
                        + " of a machine.",
                "PET_NODE_RANK=0 PET_NNODES=2 PET_MASTER_ADDR=a PET_MASTER_PORT=x | PET_MASTER_PORT x is not a whole number.",
                "PET_NODE_RANK=0 PET_NNODES=6 PET_MASTER_ADDR=a PET_MASTER_PORT=1 | PET_NNODES 6 is not a power of two: 1, 2,"
                        + " 4, 8, …",
                "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=7 TORCHELASTIC_RESTART_COUNT=x |"
                        + " TORCHELASTIC_RESTART_COUNT x is not a whole number.",
                "SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_JOB_ID=5 | SLURM_PROCID is set and SLURM_NTASKS is not: start all ranks"
                        + " with one launcher, or unset it.",
                "SLURM_STEP_ID=0 SLURM_NTASKS=2 SLURM_JOB_ID=5 | SLURM_NTASKS is set and SLURM_PROCID is not: start all"
                        + " ranks with one launcher, or unset it.",
                "SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 SLURM_JOB_ID=5 | SLURM_STEP_NUM_TASKS is set and SLURM_PROCID is"
                        + " not: start all ranks with one launcher, or unset it.",
                "SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_STEP_NODELIST=a | Slurm started rank 1 of 2, but does"
                        + " not say where they meet: set MASTER_PORT.",
                "PERDURE_WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=7 | PERDURE_WORLD_SIZE is set and JOB_COMPLETION_INDEX is"
                        + " not: give the Job completionMode Indexed, or unset PERDURE_WORLD_SIZE.",
                "JOB_COMPLETION_INDEX=1 MASTER_ADDR=a MASTER_PORT=7 | JOB_COMPLETION_INDEX and MASTER_ADDR are set and"
                        + " PERDURE_WORLD_SIZE is not: set it to the number of pods, or unset MASTER_ADDR.",
                "PET_NODE_RANK=0 PET_NNODES=2 PET_NPROC_PER_NODE=4 | PET_NPROC_PER_NODE 4 would be several processes on a"
                        + " node, which Perdure does not start: set numProcPerNode to 1.",
            })
    void whatIsMissingIsSaidInOneLine(String environment, String message) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, () -> Launch.of(environment(environment)))
                        .getMessage());
    }

    @Test
    void flagsSayItToo() {
        assertEquals(new Launch("flags", 1, 2, 0, 1, "here", 29500, Attempt.FIRST), Launch.of(1, 2, "here:29500"));
        assertEquals("::1", Launch.of(0, 2, "[::1]:5").host());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 2, here, coordinator here is not HOST:PORT.",
        "0, 2, here:99999999999, coordinator here:99999999999 is not HOST:PORT.",
        "2, 2, here:1, 'rank 2 is not one of 2 ranks, 0 to 1.'",
        "0, 0, here:1, 'world size 0 is not a power of two: 1, 2, 4, 8, …'",
    })
    void flagsThatCannotBeAreSaidInOneLine(int rank, int world, String coordinator, String message) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, () -> Launch.of(rank, world, coordinator))
                        .getMessage());
    }
}
