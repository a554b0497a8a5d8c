// The compact bar above the chat. It is empty when nothing trains.

import {h} from 'preact';
import {useEffect, useState} from 'preact/hooks';

export function StatusBar({training}) {
  const {status, progress, lastSeen, failing} = training;
  if (!failing && !status?.running) {
    return null;
  }
  return h('section', {class: 'bar' + (failing ? ' stale' : ''), 'aria-label': 'Training'},
    h('div', {class: 'bar-text'},
      status?.running && h('span', {class: 'bar-status'}, headline(status)),
      failing
        ? h('span', {class: 'bar-seen'}, h('span', {role: 'status'}, 'The server does not answer: '), h(LastSeen, {since: lastSeen}))
        : progress && h('span', {class: 'bar-detail'}, details(progress).map(part => h('span', {key: part}, part)))),
    !failing && progress && h('progress', {max: 100, value: progress.position.percent, 'aria-label': 'Training progress'}));
}

/** "Epoch 7/15 – loss 4.9400", with a dash if there is no loss yet. */
function headline({current_epoch: epoch, total_epochs: epochs, loss}) {
  return `Epoch ${epoch}/${epochs} – loss ${loss === null ? '–' : loss.toFixed(4)}`;
}

function details({state, message, position, speed, quality}) {
  return [
    message,
    state !== 'training' && state,
    position.percent.toFixed(1) + ' %',
    speed.eta_seconds !== null && duration(speed.eta_seconds) + ' left',
    speed.tokens_per_second !== null && Math.round(speed.tokens_per_second).toLocaleString('en') + ' tokens/s',
    quality.best_loss !== null && 'best ' + quality.best_loss.toFixed(4),
  ].filter(Boolean);
}

/** Counts the seconds. Not part of the text for screen readers, which is read once. */
function LastSeen({since}) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return `last seen ${duration(Math.max(0, Math.round((now - since) / 1000)))} ago`;
}

export function duration(seconds) {
  if (seconds < 60) {
    return seconds + ' s';
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
