package perdure.device;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** For tests that touch libtorch: it is loaded before the first of them, with the settings of this project. */
public final class LoadedNatives implements BeforeAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        NativeRuntime.load();
    }
}
