// The conversation and its answers. Does not know how they are shown.

import {useRef, useState} from 'preact/hooks';
import {ask, events} from './server.js';
import {useStored} from './stored.js';

/** Milliseconds between two updates of a growing answer: tokens may come faster than anyone can read. */
const REDRAW = 40;

/**
 * messages are {role, content} with, on an answer, its checkpoint, finish ('stop', 'length', 'stopped') or error.
 * While busy, the last one is growing.
 */
export function useConversation(settings) {
  const [messages, setMessages] = useStored('conversation', []);
  const [busy, setBusy] = useState(false);
  const running = useRef(null);

  /** Requests the answer to a conversation that ends with the user's turn. */
  async function answer(turns) {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    let growing = {role: 'assistant', content: ''};
    let timer = null;
    const show = () => {
      timer = null;
      if (running.current === controller) {
        setMessages([...turns, growing]);
      }
    };
    show();
    setBusy(true);
    try {
      for await (const chunk of chunks(turns, settings, controller.signal)) {
        const choice = chunk.choices[0];
        growing = {
          ...growing,
          content: growing.content + (choice?.delta.content ?? ''),
          finish: choice?.finish_reason ?? growing.finish,
          checkpoint: chunk.checkpoint ?? growing.checkpoint,
        };
        timer ??= setTimeout(show, REDRAW);
      }
    } catch (failure) {
      growing = {...growing, ...(controller.signal.aborted ? {finish: 'stopped'} : {error: explain(failure)})};
    }
    clearTimeout(timer);
    show();
    if (running.current === controller) {
      running.current = null;
      setBusy(false);
    }
  }

  return {
    messages,
    busy,
    send: text => answer([...messages, {role: 'user', content: text}]),
    /** Replaces the user's turn at an index and everything after it. */
    resend: (index, text) => answer([...messages.slice(0, index), {role: 'user', content: text}]),
    retry: () => answer(messages.slice(0, -1)),
    stop: () => running.current?.abort(),
    clear: () => {
      running.current?.abort();
      running.current = null;
      setBusy(false);
      setMessages([]);
    },
  };
}

async function* chunks(turns, settings, signal) {
  const system = settings.systemPrompt.trim();
  const messages = turns
    .filter(turn => turn.content !== '' && !turn.error)
    .map(({role, content}) => ({role, content}));
  const body = {
    model: 'perdure',
    messages: system ? [{role: 'system', content: system}, ...messages] : messages,
    temperature: settings.temperature,
    top_p: settings.topP,
    top_k: settings.topK,
    max_tokens: settings.maximumTokens,
    stream: true,
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

function explain(failure) {
  if (failure.status === 503) {
    return 'The model cannot answer yet: its first checkpoint is not saved.';
  }
  if (failure.status === 429) {
    return 'Too many questions are waiting. Try again in a moment.';
  }
  return failure instanceof TypeError ? 'The answer is incomplete: the connection to the server broke.' : failure.message;
}
