// The loss over the whole life of the run, and the learning rate below it.

import {h} from 'preact';
import {useEffect, useMemo, useRef, useState} from 'preact/hooks';
import {listen} from './listen.js';
import {askJson} from './server.js';
import {useStored} from './stored.js';
import {plots} from './plot.js';

const HISTORY = '/training/history?points=2000';
const EMPTY = {steps: [], epochs: [], validations: [], restarts: []};

/**
 * The history, read again when the events report progress. It is read only while the page is visible, at most every two
 * seconds, and less often if the server is slow.
 */
function useHistory() {
  const [history, setHistory] = useState(EMPTY);
  useEffect(() => {
    const controller = new AbortController();
    let outdated = true;
    let resting = false;
    async function read() {
      if (!outdated || resting || document.hidden || controller.signal.aborted) {
        return;
      }
      outdated = false;
      resting = true;
      const begin = performance.now();
      try {
        setHistory(await askJson(HISTORY, {signal: controller.signal}));
      } catch {
        // The next event leads to another try.
      }
      const rest = Math.max(2000, 20 * (performance.now() - begin));
      setTimeout(() => {
        resting = false;
        read();
      }, rest);
    }
    read();
    listen(controller.signal, () => {
      outdated = true;
      read();
    });
    document.addEventListener('visibilitychange', read);
    return () => {
      controller.abort();
      document.removeEventListener('visibilitychange', read);
    };
  }, []);
  return history;
}

export function Curve() {
  const history = useHistory();
  const [logarithmic, setLogarithmic] = useStored('curve-log', false);
  const [smoothing, setSmoothing] = useStored('curve-smoothing', 0.5);
  const [hovered, setHovered] = useState(null);
  const loss = useRef();
  const rate = useRef();
  const drawn = useRef();
  const data = useMemo(() => columns(history, smoothing), [history, smoothing]);
  const latest = useRef();
  latest.current = {data, restarts: history.restarts};

  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => {
      drawn.current?.destroy();
      drawn.current = plots(loss.current, rate.current, logarithmic, () => latest.current, setHovered);
    };
    draw();
    dark.addEventListener('change', draw);
    return () => {
      dark.removeEventListener('change', draw);
      drawn.current.destroy();
      drawn.current = null;
    };
  }, [logarithmic]);
  useEffect(() => drawn.current.update(), [data, history.restarts]);

  const summary = summarize(history);
  return h('aside', {class: 'curve', 'aria-label': 'Loss curve'},
    h('div', {class: 'curve-head'},
      h('h2', null, 'Loss'),
      h('label', null,
        'Smoothing',
        h('input', {type: 'range', min: 0, max: 0.98, step: 0.02, value: smoothing, onInput: e => setSmoothing(e.target.valueAsNumber)})),
      h('label', null,
        h('input', {type: 'checkbox', checked: logarithmic, onChange: e => setLogarithmic(e.target.checked)}),
        'Logarithmic')),
    h('p', {class: 'curve-summary'}, summary),
    h(Values, {data, index: hovered, restarts: history.restarts}),
    h('div', {class: 'plot', ref: loss, role: 'img', 'aria-label': 'Training and validation loss by step. ' + summary}),
    h('div', {class: 'plot-title'}, 'Learning rate'),
    h('div', {class: 'plot', ref: rate, role: 'img', 'aria-label': 'Learning rate by step.'}),
    h('details', null,
      h('summary', null, 'As a table'),
      h('table', null,
        h('thead', null, h('tr', null, ['Epoch', 'Step', 'Training loss', 'Validation loss'].map(name => h('th', {scope: 'col'}, name)))),
        h('tbody', null, history.epochs.map(epoch =>
          h('tr', {key: epoch.epoch},
            h('th', {scope: 'row'}, epoch.epoch + 1),
            h('td', null, epoch.step.toLocaleString('en')),
            h('td', null, epoch.epoch_loss.toFixed(4)),
            h('td', null, epoch.validation_loss?.toFixed(4) ?? '–')))))));
}

/** The values under the pointer, or else those at the end of the curve. */
function Values({data, index, restarts}) {
  const [steps, , training, validation, rates] = data;
  const at = index ?? steps.length - 1;
  if (at < 0) {
    return h('div', {class: 'curve-values'});
  }
  const nearest = values => values.slice(0, at + 1).findLast(value => value != null);
  const valid = nearest(validation);
  return h('div', {class: 'curve-values'},
    h('span', null, 'step ' + steps[at].toLocaleString('en')),
    h('span', {class: 'training'}, 'training ' + (nearest(training)?.toFixed(4) ?? '–')),
    valid !== undefined && h('span', {class: 'validation'}, 'validation ' + valid.toFixed(4)),
    h('span', null, 'rate ' + (nearest(rates)?.toPrecision(3) ?? '–')),
    restarts.length > 0 && h('span', {class: 'restarts'}, restarts.length + (restarts.length === 1 ? ' restart' : ' restarts')));
}

/** [step, loss, smoothed loss, validation loss, learning rate], with the evaluations among the steps. */
function columns({steps, epochs, validations}, smoothing) {
  const validation = new Map([...validations, ...epochs].map(each => [each.step, each.validation_loss]));
  const rows = new Map(steps.map(step => [step.step, step]));
  const xs = [...new Set([...rows.keys(), ...validation.keys()])].sort((a, b) => a - b);
  let mean = null;
  const smoothed = xs.map(x => {
    const loss = rows.get(x)?.loss;
    if (loss === undefined) {
      return null;
    }
    mean = mean === null ? loss : smoothing * mean + (1 - smoothing) * loss;
    return mean;
  });
  return [
    xs,
    xs.map(x => rows.get(x)?.loss ?? null),
    smoothed,
    xs.map(x => validation.get(x) ?? null),
    xs.map(x => rows.get(x)?.learning_rate ?? null),
  ];
}

function summarize({steps, epochs}) {
  if (steps.length === 0) {
    return 'There are no losses yet.';
  }
  const first = steps[0];
  const last = steps.at(-1);
  const step = Math.max(last.step, epochs.at(-1)?.step ?? 0);
  const best = Math.min(...epochs.map(epoch => epoch.epoch_loss));
  const bestText = epochs.length > 0 ? `, best epoch ${best.toFixed(4)}` : '';
  return `From ${first.loss.toPrecision(3)} to ${last.loss.toPrecision(3)} in ${step.toLocaleString('en')} ${step === 1 ? 'step' : 'steps'}${bestText}.`;
}
