/**
 * OpenAI's protocol: models, chat completions, completions and responses, whole or streamed, in the shape that existing
 * clients expect, errors included. Requests are read strictly.
 *
 * <p>It may import {@code chat}, {@code checkpoint} and {@code status}. It does not know the server around it, nor where
 * weights come from.
 */
package perdure.server.openai;
