// Requests to the server, with the token if one is needed, and streams of events.

import {ofThisTab} from './stored.js';

const TOKEN = 'perdure.token';
let onTokenWanted = () => {};

export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Registers the function that asks the user for the token. */
export function whenTokenIsWanted(listener) {
  onTokenWanted = listener;
}

export function rememberToken(token) {
  ofThisTab.setItem(TOKEN, token);
}

/**
 * Fetches a path of the server, such as /v1/models. It is taken from where the page is, which a proxy may have put under
 * a path of its own. Throws a ServerError if the server answers with an error, and what fetch throws if there is
 * no server.
 */
export async function ask(path, options = {}) {
  const token = ofThisTab.getItem(TOKEN);
  const headers = {...options.headers, ...(token ? {Authorization: 'Bearer ' + token} : {})};
  const response = await fetch(new URL('.' + path, document.baseURI), {...options, headers});
  if (response.ok) {
    return response;
  }
  if (response.status === 401) {
    onTokenWanted();
  }
  const body = await response.json().catch(() => ({}));
  throw new ServerError(response.status, body.error?.message ?? 'The server answered ' + response.status + '.');
}

export async function askJson(path, options) {
  return (await ask(path, options)).json();
}

/** The server-sent events of a response, as {event, data, id}, until it ends. EventSource cannot send a token. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const {done, value} = await reader.read();
    if (done) {
      return;
    }
    text += value.replaceAll('\r', '');
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (event.data !== undefined) {
        yield event;
      }
    }
  }
}

function parse(block) {
  const event = {event: 'message'};
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) {
      const field = line.slice(0, colon);
      const value = line.slice(colon + 1).replace(/^ /, '');
      event[field] = field === 'data' && event.data !== undefined ? event.data + '\n' + value : value;
    }
  }
  return event;
}
