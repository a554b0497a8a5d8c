// The side of the training: the facts of the run, its curves over its whole life, and samples of its epochs.

import {h} from 'preact';
import {useEffect, useMemo, useRef, useState} from 'preact/hooks';
import {saveCsv, savePng} from './curve-files.js';
import {Facts, Samples} from './facts.js';
import {bytes, exact, whole} from './format.js';
import {columns, useHistory, view} from './history.js';
import {plots, SMALL} from './plot.js';
import {useStored} from './stored.js';

const VIEWS = {automatic: 'Automatic', whole: 'Whole run', logarithmic: 'Logarithmic', half: 'Last half', tenth: 'Last tenth'};

export function Curve({training}) {
  const {status} = training;
  const history = useHistory([status?.current_epoch, status?.position.step, status?.loss, status?.state].join());
  const [choice, setChoice] = useStored('curve-view', 'automatic', value => (value in VIEWS ? value : 'automatic'));
  const [smoothing, setSmoothing] = useStored('curve-smoothing', 0.5, value => (value >= 0 && value < 1 ? Number(value) : 0.5));
  const [hovered, setHovered] = useState(null);
  const elements = useRef({});
  const drawn = useRef();
  const data = useMemo(() => columns(history, smoothing), [history, smoothing]);
  const shown = useMemo(() => view(choice, data), [choice, data]);
  const latest = useRef();
  latest.current = {data, restarts: history.restarts, view: shown};

  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => {
      drawn.current?.destroy();
      drawn.current = plots(elements.current, shown.logarithmic, () => latest.current, setHovered);
    };
    draw();
    dark.addEventListener('change', draw);
    return () => {
      dark.removeEventListener('change', draw);
      drawn.current.destroy();
      drawn.current = null;
    };
  }, [shown.logarithmic]);
  useEffect(() => drawn.current.update(), [data]);
  useEffect(() => drawn.current.show(), [choice, shown.from === null]);

  const summary = summarize(history);
  const name = 'perdure-' + (status?.run?.folder ?? 'curve').replace(/[^\w.-]+/g, '-').replace(/^-+/, '');
  const chart = (key, title, describes) => [
    title && h('div', {class: 'plot-title'}, title),
    h('div', {class: 'plot plot-' + key, ref: element => (elements.current[key] = element), role: 'img', 'aria-label': describes}),
  ];
  return h('aside', {class: 'curve', 'aria-label': 'Training'},
    h(Facts, {training}),
    h('div', {class: 'curve-head'},
      h('h2', null, 'Loss'),
      h('label', null,
        'Show',
        h('select', {value: choice, onChange: e => setChoice(e.target.value)},
          Object.entries(VIEWS).map(([value, label]) => h('option', {key: value, value}, label)))),
      h('label', null,
        'Smoothing',
        h('input', {type: 'range', min: 0, max: 0.98, step: 0.02, value: smoothing, onInput: e => setSmoothing(e.target.valueAsNumber)})),
      h('span', {class: 'curve-files'},
        h('button', {type: 'button', onClick: () => saveCsv(name), title: 'Save all values as CSV'}, 'CSV'),
        h('button', {type: 'button', onClick: () => savePng(name, summary, drawn.current.canvases()), title: 'Save the charts as a picture'}, 'PNG'))),
    h('p', {class: 'curve-summary'}, summary, choice === 'automatic' && shownPart(shown)),
    h(Values, {data, index: hovered, restarts: history.restarts}),
    chart('loss', null, 'Training and validation loss by step. ' + summary),
    h('div', {class: 'small-plots'}, Object.entries(SMALL).map(([key, {title}]) =>
      h('div', {key, hidden: data[key].every(value => value === null)}, chart(key, title, title + ' by step.')))),
    h(Samples, {samples: history.samples, epochs: history.epochs}),
    h(Epochs, {epochs: history.epochs}));
}

/** What the automatic view has chosen, if that is not the whole run as it is. */
function shownPart({from, logarithmic}) {
  return logarithmic ? ' The axis is logarithmic.' : from !== null ? ' The last half is shown.' : null;
}

/** The values under the pointer, or else those at the end of the curve. */
function Values({data, index, restarts}) {
  const at = index ?? data.steps.length - 1;
  if (at < 0) {
    return h('div', {class: 'curve-values'});
  }
  const nearest = name => data[name].findLast((value, index) => index <= at && value != null);
  const value = (name, show) => {
    const found = nearest(name);
    return found === undefined ? null : show(found);
  };
  return h('div', {class: 'curve-values'},
    h('span', null, 'step ' + whole(data.steps[at])),
    h('span', {class: 'training'}, 'smoothed training loss ' + exact(nearest('smoothed'))),
    value('validation', loss => h('span', {class: 'validation'}, 'validation loss ' + exact(loss))),
    value('rate', rate => h('span', null, 'rate ' + rate.toPrecision(3))),
    value('norm', norm => h('span', null, 'gradient norm ' + norm.toPrecision(3))),
    value('speed', speed => h('span', null, whole(speed) + ' tokens/s')),
    value('memory', memory => h('span', null, bytes(memory))),
    restarts.length > 0 && h('span', {class: 'restarts'}, restarts.length + (restarts.length === 1 ? ' restart' : ' restarts')));
}

function Epochs({epochs}) {
  return h('details', null,
    h('summary', null, 'As a table'),
    h('table', null,
      h('thead', null, h('tr', null, ['Epoch', 'Step', 'Training loss', 'Validation loss'].map(name => h('th', {scope: 'col'}, name)))),
      h('tbody', null, epochs.map(epoch =>
        h('tr', {key: epoch.epoch},
          h('th', {scope: 'row'}, epoch.epoch + 1),
          h('td', null, whole(epoch.step)),
          h('td', null, exact(epoch.epoch_loss)),
          h('td', null, exact(epoch.validation_loss)))))));
}

function summarize({steps, epochs}) {
  if (steps.length === 0) {
    return 'There are no losses yet.';
  }
  const first = steps[0];
  const last = steps.at(-1);
  const step = Math.max(last.step, epochs.at(-1)?.step ?? 0);
  const best = epochs.length > 0 ? `, best loss ${exact(Math.min(...epochs.map(epoch => epoch.epoch_loss)))}` : '';
  return `From ${first.loss.toPrecision(3)} to ${last.loss.toPrecision(3)} in ${whole(step)} ${step === 1 ? 'step' : 'steps'}${best}.`;
}
