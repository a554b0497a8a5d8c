package perdure.device;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.pytorch.GradMode;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * For tests that touch libtorch: it is loaded before the first of them, with the settings of this project. None of them
 * may leave autograd switched off on its thread, where later code would record no gradients.
 */
public final class LoadedNatives implements BeforeAllCallback, AfterEachCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        NativeRuntime.load();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        assertTrue(GradMode.is_enabled(), "autograd was left switched off");
    }
}
