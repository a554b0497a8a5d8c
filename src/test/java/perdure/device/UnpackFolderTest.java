package perdure.device;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class UnpackFolderTest {
    private static final List<String> MOUNTS = List.of(
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
            "30 22 0:25 / /home rw,nosuid,noexec shared:2 - ext4 /dev/sda2 rw",
            "31 30 0:26 / /home/eve rw,relatime - tmpfs tmpfs rw",
            "32 22 0:27 / /mnt/a\\040disk rw,noexec - ext4 /dev/sdb1 rw",
            "33 22 0:28 / /twice rw,noexec - tmpfs tmpfs rw",
            "34 33 0:29 / /twice rw - tmpfs tmpfs rw",
            "damaged");

    @Test
    void theInnermostMountSaysWhetherFilesAreExecuted() {
        assertTrue(UnpackFolder.isNoexec("/home/adam/.javacpp/cache", MOUNTS));
        assertTrue(UnpackFolder.isNoexec("/home", MOUNTS));
        assertFalse(UnpackFolder.isNoexec("/home/eve/.javacpp", MOUNTS));
        assertFalse(UnpackFolder.isNoexec("/homework", MOUNTS));
        assertFalse(UnpackFolder.isNoexec("/", MOUNTS));
    }

    @Test
    void namesAreUnescapedAndALaterMountCoversAnEarlierOne() {
        assertTrue(UnpackFolder.isNoexec("/mnt/a disk/x", MOUNTS));
        assertFalse(UnpackFolder.isNoexec("/twice/x", MOUNTS));
    }
}
