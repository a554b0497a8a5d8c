// Live events of the run: one connection for all visible tabs of a browser.

import {ask, askJson, events} from './server.js';

/** Of all tabs on this page: a browser opens only six connections to one server. */
const NAME = 'perdure.events ' + new URL(document.baseURI).pathname;
const PAUSE = 2000;

/**
 * Calls receive(event, data, own) with the events of /training/events until the signal aborts. One of the visible tabs holds
 * the stream, where own is true, and passes its events on to the others. A hidden tab holds none and receives none; once it
 * is shown, it takes part again at once. Browsers have locks on secure addresses only: without them each tab asks for the
 * progress.
 *
 * @returns a function of a boolean: whether a hidden tab takes part nevertheless, as when the end of a run is near
 */
export function listen(signal, receive) {
  const channel = new BroadcastChannel(NAME);
  const position = {};
  let insists = false;
  const absent = () => document.hidden && !insists;
  const take = ({id, event, data}, own) => {
    position.last = id ?? position.last;
    receive(event, JSON.parse(data), own);
  };
  channel.onmessage = ({data}) => absent() || take(data, false);
  const share = event => {
    channel.postMessage(event);
    take(event, true);
  };

  let turn = new AbortController();
  const comeOrGo = () => {
    turn.abort();
    turn = new AbortController();
    if (!absent()) {
      repeat(turn.signal, navigator.locks
        ? () => navigator.locks.request(NAME, {signal: turn.signal}, () => stream(turn.signal, position, share))
        : () => poll(turn.signal, event => take(event, true)));
    }
  };
  comeOrGo();
  document.addEventListener('visibilitychange', comeOrGo);
  signal.addEventListener('abort', () => {
    document.removeEventListener('visibilitychange', comeOrGo);
    turn.abort();
    channel.close();
  });
  return insist => {
    if (insist !== insists) {
      insists = insist;
      comeOrGo();
    }
  };
}

/** Runs a task again and again until the signal aborts. Between two turns another tab may take over. */
async function repeat(signal, task) {
  while (!signal.aborted) {
    try {
      await task();
    } catch {
      // The server is gone, it wants a token, or the signal aborted; the loop finds out which.
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE));
  }
}

/** Reads the stream until it breaks, from the event after the last one that any tab has seen. */
async function stream(signal, position, share) {
  const headers = position.last ? {'Last-Event-ID': position.last} : {};
  for await (const event of events(await ask('/training/events', {signal, headers}))) {
    share(event);
  }
}

async function poll(signal, take) {
  take({event: 'progress', data: JSON.stringify(await askJson('/training/progress', {signal}))});
}
