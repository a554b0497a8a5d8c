// What the training does, and how it ended.

import {useEffect, useState} from 'preact/hooks';
import {exact, quoted, short, whole} from './format.js';
import {listen} from './listen.js';
import {askJson} from './server.js';
import {onChange, read, write} from './stored.js';

const PERIOD = 2000;
const PERIOD_HIDDEN = 10000;
const PATIENCE = 5000;
/** Seconds. Browsers may let a hidden page ask only once per minute. */
const NEAR_THE_END = 75;
const STORED = 'training';

/**
 * The newest status, from /training/events while the page is visible, and by a poll every two seconds where no events
 * arrive; a hidden page polls every ten seconds, and listens only when the end is near. What one tab learns is stored, so
 * that the others know it too.
 *
 * status is the answer of /training/progress, null before the first; lastSeen is when it came, in ms.
 * connection is 'open', 'ended' after the server's own farewell, or 'lost'.
 */
export function useTraining() {
  const [known, setKnown] = useState({status: null, lastSeen: Date.now(), connection: 'open'});
  useEffect(() => {
    const controller = new AbortController();
    const {signal} = controller;
    let timer;
    let polling = false;
    let lastEvent = 0;
    let heard = 0;

    /** @param own whether this tab heard it itself; otherwise another one has stored it */
    function learn(status, connection = 'open', own = true) {
      heard++;
      const news = {status, lastSeen: Date.now(), connection};
      if (own) {
        write(STORED, news);
      }
      setKnown(news);
      const {running, speed} = status;
      insist(running && document.hidden && speed.eta_seconds !== null && speed.eta_seconds < NEAR_THE_END);
    }

    async function poll() {
      clearTimeout(timer);
      if (polling || signal.aborted) {
        return;
      }
      if (document.hidden || Date.now() - lastEvent > PERIOD) {
        polling = true;
        const before = heard;
        try {
          const status = await askJson('/training/progress', {signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])});
          if (heard === before) { // Else an event was faster, perhaps the last one.
            learn(status);
          }
        } catch (failure) {
          if (!failure.status && !signal.aborted) {
            setKnown(unreachable);
          }
        }
        polling = false;
      }
      if (!signal.aborted) {
        timer = setTimeout(poll, document.hidden ? PERIOD_HIDDEN : PERIOD);
      }
    }

    const insist = listen(signal, (event, data, own) => {
      if (event === 'progress' || event === 'end') {
        lastEvent = event === 'end' ? 0 : Date.now();
        learn(data, event === 'end' ? 'ended' : 'open', own);
      }
    });
    const forget = onChange(name => name === STORED && setKnown(newer));
    poll();
    document.addEventListener('visibilitychange', poll);
    return () => {
      controller.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', poll);
      forget();
    };
  }, []);
  return known;
}

/** The server does not answer. Another tab, or this one before a reload, may have heard how the run ended. */
function unreachable(known) {
  const best = newer(known);
  return best.connection === 'open' ? {...best, connection: 'lost'} : best;
}

function newer(known) {
  const stored = read(STORED);
  const {state, position, speed, quality, saved} = stored?.status ?? {};
  const fits = state && position && speed && quality && saved;
  return fits && (known.status === null || stored.lastSeen > known.lastSeen) ? stored : known;
}

/**
 * How a run ended, or null while it trains and the server answers, or if nothing is known to have trained.
 *
 * @returns {{kind, title, text, command}}: kind is 'finished', 'stopped', 'failed' or 'lost'; title is two words for the
 * tab; command is what to run next, or null
 */
export function ending({status, connection}) {
  if (status === null) {
    return connection === 'open' ? null : {kind: 'lost', title: 'No connection', text: 'The server does not answer.', command: null};
  }
  const {state, message, position, saved} = status;
  const folder = status.run?.folder == null ? null : quoted(status.run.folder);
  const step = 'step ' + whole(position.step);
  const checkpoint = saved.checkpoint === null ? 'nothing saved yet' : 'saved ' + short(saved.checkpoint);
  const serve = folder && 'scripts/serve --checkpoints ' + folder;
  const resume = folder && 'scripts/train --checkpoints ' + folder;
  if (status.running) {
    const seen = `The connection is lost. Last seen: epoch ${status.current_epoch}/${status.total_epochs}, ${step}, training loss ${exact(status.loss)}`;
    return connection === 'open' ? null : {kind: 'lost', title: 'Connection lost', text: `${seen} · ${checkpoint}`, command: resume};
  }
  switch (state) {
    case 'finished': {
      const text = `Finished ${status.current_epoch} of ${status.total_epochs} · ${checkpoint}`;
      return {kind: 'finished', title: 'Finished', text, command: connection === 'open' ? null : serve};
    }
    case 'stopped':
      return {kind: 'stopped', title: 'Stopped', text: [`Stopped at ${step}`, checkpoint, message].filter(Boolean).join(' · '), command: resume};
    case 'failed':
      return {kind: 'failed', title: 'Failed', text: `Failed: ${message ?? 'no reason is known'} · ${checkpoint}`, command: resume};
    default:
      if (message) {
        return {kind: 'stopped', title: 'Not running', text: message, command: resume};
      }
      return connection === 'open' ? null : {kind: 'lost', title: 'No connection', text: 'The server has closed.', command: serve};
  }
}
