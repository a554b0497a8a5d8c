// The bar above the chat: what trains, or how it ended. It is empty when neither is known.

import {h, Fragment} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {Copy} from './copy.js';
import {duration, exact, whole} from './format.js';
import {ask} from './server.js';
import {ending} from './training.js';
import {lost, ranks} from './workers.js';

export function StatusBar({training}) {
  const {status, lastSeen} = training;
  const [dismissed, setDismissed] = useState(null);
  const end = ending(training);
  if (end !== null) {
    return end.text !== dismissed && h(Ended, {end, lastSeen, dismiss: () => setDismissed(end.text)});
  }
  if (!status?.running) {
    return null;
  }
  const percent = status.position.percent;
  return h('section', {class: 'bar', 'aria-label': 'Training'},
    h('div', {class: 'bar-line'},
      h('span', {class: 'bar-status'}, ...headline(status)),
      h('span', {class: 'bar-detail'}, details(status).map(part => h('span', {key: part}, part))),
      h(Stop)),
    h('progress', {max: 100, value: percent, 'aria-label': 'Training progress'}));
}

/** "Epoch 7/15 – training loss 4.9400", with a dash if there is no loss yet. A narrow bar leaves out a word. */
function headline({current_epoch: epoch, total_epochs: epochs, loss}) {
  return [`Epoch ${epoch}/${epochs} – `, h('span', {class: 'bar-word'}, 'training '), 'loss ' + exact(loss)];
}

/** By importance: what does not fit is left out from the end. */
function details({state, message, position, speed, quality, evaluation, workers}) {
  return [
    position.percent.toFixed(1) + ' %',
    message,
    quality.rising && 'validation loss rising',
    state === 'evaluating' && evaluation ? `evaluating ${whole(evaluation.batch)} of ${whole(evaluation.batches)}` : state !== 'training' && state,
    speed.eta_seconds !== null && duration(speed.eta_seconds) + ' left',
    speed.tokens_per_second !== null && whole(speed.tokens_per_second) + ' tokens/s',
    quality.validation_loss !== null && 'validation loss ' + exact(quality.validation_loss),
    quality.best_loss !== null && 'best loss ' + exact(quality.best_loss),
    workers && ranks(workers, speed),
    workers?.lost && lost(workers.lost),
  ].filter(Boolean);
}

/** Asks once, in its own place. */
function Stop() {
  const [phase, setPhase] = useState('idle');
  const [problem, setProblem] = useState(null);
  const stop = async () => {
    setPhase('stopping');
    try {
      await ask('/training/stop', {method: 'POST'});
    } catch (failure) {
      setPhase('idle');
      setProblem(failure.message);
    }
  };
  useEffect(() => {
    if (phase === 'asking') {
      const timer = setTimeout(() => setPhase('idle'), 10000);
      return () => clearTimeout(timer);
    }
  }, [phase]);
  switch (phase) {
    case 'asking':
      return h('span', {class: 'bar-confirm', role: 'group', 'aria-label': 'Stop the training?', onKeyDown: e => e.key === 'Escape' && setPhase('idle')},
        h('span', null, 'Stop training?'),
        h('button', {type: 'button', class: 'bar-yes', onClick: stop, ref: focus}, 'Save and stop'),
        h('button', {type: 'button', onClick: () => setPhase('idle')}, 'Go on'));
    case 'stopping':
      return h('span', {class: 'bar-note', role: 'status'}, 'Stopping: saving…');
    default:
      return h(Fragment, null,
        problem && h('span', {class: 'bar-note', role: 'status'}, problem),
        h('button', {type: 'button', class: 'bar-stop', onClick: () => setPhase('asking'), title: 'Saves and ends the training', 'aria-label': 'Stop training'},
          h('span', {class: 'bar-word'}, 'Stop training')));
  }
}

function focus(element) {
  element?.focus();
}

function Ended({end, lastSeen, dismiss}) {
  return h('section', {class: 'bar ended ' + end.kind, 'aria-label': 'Training'},
    h('div', {class: 'bar-line'},
      h('span', {class: 'bar-status bar-end', role: 'status', title: end.text}, end.text),
      end.kind === 'lost' && h('span', {class: 'bar-seen'}, h(Ago, {since: lastSeen})),
      end.command && h('code', {class: 'bar-command', title: end.command}, end.command),
      end.command && h(Copy, {text: end.command, label: 'Copy command', title: end.command}),
      h('button', {type: 'button', class: 'bar-close', onClick: dismiss, title: 'Close', 'aria-label': 'Close'})));
}

/** Counts the seconds. Not part of the text for screen readers, which is read once. */
function Ago({since}) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return duration((now - since) / 1000) + ' ago';
}
