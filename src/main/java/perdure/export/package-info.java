/**
 * Checkpoints in the formats of other tools: GGUF files for llama.cpp and Ollama, and clean Hugging Face folders.
 *
 * <p>It imports {@code checkpoint}, {@code model}, {@code tokenizer} and {@code safetensors}. It does not know how the
 * weights were trained.
 */
package perdure.export;
