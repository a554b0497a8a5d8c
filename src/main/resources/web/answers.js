// Asks a model for the next message of a conversation.

import {ask, events} from './server.js';

/** Most bytes of the messages of a request, below the 1 MiB that the server takes, and most messages. */
const MOST_BYTES = 900_000;
const MOST_MESSAGES = 999;
/**
 * Of all tabs, so many answers arrive at once and the others wait: a browser opens only six connections to a server,
 * which answers one question at a time anyway.
 */
const LINES = ['perdure.answer 0', 'perdure.answer 1', 'perdure.answer 2'];

/** A page that is left breaks its own requests off. That is no failure of the server: such answers stay unfinished. */
let left = false;
addEventListener('pagehide', () => left = true);
addEventListener('pageshow', () => left = false);

/**
 * Requests the answer to a history that ends with the user's message.
 *
 * @param history {index, role, content} of each message, with its index in the conversation
 * @param receive is given the answer as it grows, and at its end with what ended it
 */
export async function answer(model, history, settings, signal, receive) {
  let growing = {model, content: ''};
  receive(growing);
  const systemPrompt = settings.systemPrompt.trim();
  const sent = fitting(history, systemPrompt);
  try {
    await inLine(signal, async () => {
      for await (const chunk of chunks(model, sent, systemPrompt, settings, signal)) {
        growing = grown(growing, chunk, sent);
        receive(growing);
      }
    });
  } catch (failure) {
    if (!left) {
      growing = {...growing, ...(signal.aborted ? {finish: 'stopped'} : {error: explain(failure, growing.content)})};
    }
  }
  receive(growing);
}

/** Browsers have locks on secure addresses only. */
async function inLine(signal, task) {
  if (!navigator.locks) {
    return task();
  }
  for (const line of LINES) {
    const free = await navigator.locks.request(line, {ifAvailable: true}, lock => lock && task().then(() => true));
    if (free) {
      return;
    }
  }
  const any = LINES[Math.floor(Math.random() * LINES.length)];
  await navigator.locks.request(any, {signal}, task);
}

function grown(answer, {choices, checkpoint, usage, truncated}, sent) {
  const choice = choices[0];
  const full = answer.finish === 'length' && usage?.total_tokens === checkpoint.context_length;
  return {
    ...answer,
    content: answer.content + (choice?.delta.content ?? ''),
    finish: full ? 'full' : choice?.finish_reason ?? answer.finish,
    checkpoint: checkpoint ? {...checkpoint, context: checkpoint.context_length} : answer.checkpoint,
    tokens: usage ? usage.total_tokens + (truncated?.tokens ?? 0) : answer.tokens,
    unseen: sent[truncated?.messages ?? 0].index,
  };
}

async function* chunks(model, history, systemPrompt, settings, signal) {
  const messages = history.map(({role, content}) => ({role, content}));
  const body = {
    model,
    messages: systemPrompt ? [{role: 'system', content: systemPrompt}, ...messages] : messages,
    temperature: settings.temperature,
    top_p: settings.topP,
    top_k: settings.topK,
    max_tokens: settings.maximumTokens,
    truncation: 'auto', // A chat goes on, and the answer says what was left out.
    stream: true,
    stream_options: {include_usage: true},
  };
  const response = await ask('/v1/chat/completions', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body),
    signal,
  });
  let ended = false;
  for await (const {data} of events(response)) {
    ended = data === '[DONE]';
    if (!ended) {
      const chunk = JSON.parse(data);
      if (chunk.error) {
        throw new Error(chunk.error.message);
      }
      yield chunk;
    }
  }
  if (!ended) {
    throw new TypeError('The answer broke off.');
  }
}

/** The newest messages that fit into a request, beside the system prompt. The last one is always sent. */
function fitting(history, systemPrompt) {
  let first = history.length - 1;
  let room = MOST_BYTES - bytes(systemPrompt) - bytes(history[first]);
  while (first > 0 && history.length - first < MOST_MESSAGES && (room -= bytes(history[first - 1])) >= 0) {
    first--;
  }
  return history.slice(first);
}

function bytes(value) {
  return new TextEncoder().encode(JSON.stringify(value)).length + 1;
}

/** The server's own words, which say why it cannot answer; fetch has none. */
function explain(failure, content) {
  if (!(failure instanceof TypeError)) {
    return failure.message;
  }
  return content ? 'The answer is incomplete: the connection to the server broke.' : 'The server does not answer.';
}
