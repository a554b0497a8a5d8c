// The history of a run: what was read of it, and its columns for the charts.

import {useEffect, useRef, useState} from 'preact/hooks';
import {askJson} from './server.js';

const POINTS = 2000;
const EMPTY = {steps: [], epochs: [], validations: [], restarts: [], measurements: [], samples: []};
/** The lists that grow; of each, the elements are told apart by step. */
const LISTS = ['steps', 'epochs', 'validations', 'measurements', 'samples'];

/**
 * The history, read again when `change` changes: only what is new, at most every two seconds, and less often if the
 * server is slow. Nothing is read while the page is hidden.
 */
export function useHistory(change) {
  const [history, setHistory] = useState(EMPTY);
  const reading = useRef(null);
  useEffect(() => {
    const controller = new AbortController();
    let known = EMPTY;
    let outdated = false;
    let resting = false;
    async function read() {
      if (!outdated || resting || document.hidden || controller.signal.aborted) {
        return;
      }
      outdated = false;
      resting = true;
      const begin = performance.now();
      try {
        known = await newer(known, controller.signal);
        setHistory(known);
      } catch {
        // The next change leads to another try.
      }
      const rest = Math.max(2000, 20 * (performance.now() - begin));
      setTimeout(() => {
        resting = false;
        read();
      }, rest);
    }
    reading.current = () => {
      outdated = true;
      read();
    };
    document.addEventListener('visibilitychange', read);
    return () => {
      controller.abort();
      document.removeEventListener('visibilitychange', read);
    };
  }, []);
  useEffect(() => reading.current(), [change]);
  return history;
}

/** With what came after the last known step; everything anew if the run went back, or if too much has gathered. */
async function newer(known, signal) {
  // The measurements are written later than the steps.
  const last = Math.min(...[known.steps, known.measurements].filter(list => list.length > 0).map(list => list.at(-1).step));
  if (known.generation !== undefined && Number.isFinite(last) && known.steps.length < 2 * POINTS) {
    const more = await askJson(`/training/history?points=${POINTS}&since=${last}`, {signal});
    if (more.generation === known.generation) {
      return merged(known, more);
    }
  }
  return askJson('/training/history?points=' + POINTS, {signal});
}

function merged(known, more) {
  const whole = {...known, ...more};
  for (const list of LISTS) {
    const byStep = new Map([...known[list], ...more[list]].map(each => [each.step, each]));
    whole[list] = [...byStep.values()];
  }
  return whole;
}

/** Everything that the server sends at most, for a file. */
export function longHistory() {
  return askJson('/training/history?points=10000');
}

/**
 * The columns of all charts by step.
 *
 * @returns {{steps, loss, smoothed, validation, rate, norm, speed, memory}}, arrays of one length, null where there is no
 * value
 */
export function columns({steps, epochs, validations, measurements}, smoothing) {
  const validation = new Map([...validations, ...epochs].map(each => [each.step, each.validation_loss]));
  const rows = new Map(steps.map(step => [step.step, step]));
  const measured = new Map(measurements.map(each => [each.step, each]));
  const xs = [...new Set([...rows.keys(), ...validation.keys(), ...measured.keys()])].sort((a, b) => a - b);
  const of = (map, key) => xs.map(x => (key === undefined ? map.get(x) : map.get(x)?.[key]) ?? null);
  const loss = of(rows, 'loss');
  let mean = null;
  const smoothed = loss.map(value => {
    if (value === null) {
      return null;
    }
    mean = mean === null ? value : smoothing * mean + (1 - smoothing) * value;
    return mean;
  });
  return {
    steps: xs,
    loss,
    smoothed,
    validation: of(validation),
    rate: of(rows, 'learning_rate'),
    norm: of(rows, 'gradient_norm'),
    speed: of(measured, 'tokens_per_second'),
    memory: of(measured, 'memory_bytes'),
  };
}

/** What part of the run the charts show: the first step, null for all, and whether losses are logarithmic. */
export function view(choice, {steps, smoothed}) {
  const part = share => (steps.length < 2 ? null : steps[0] + share * (steps.at(-1) - steps[0]));
  switch (choice) {
    case 'whole':
      return {from: null, logarithmic: false};
    case 'logarithmic':
      return {from: null, logarithmic: true};
    case 'half':
      return {from: part(0.5), logarithmic: false};
    case 'tenth':
      return {from: part(0.9), logarithmic: false};
    default:
      return automatic(smoothed, part);
  }
}

/**
 * A curve is flat if its second half covers less than a tenth of the height. Then a logarithmic axis shows it if the loss
 * still falls by factors, and else the second half alone.
 */
function automatic(smoothed, part) {
  const values = smoothed.filter(value => value !== null);
  const late = values.slice(values.length / 2);
  if (values.length < 20 || extent(late) >= 0.1 * extent(values)) {
    return {from: null, logarithmic: false};
  }
  const factors = Math.min(...values) > 0 && extent(late.map(Math.log)) >= 0.1 * extent(values.map(Math.log));
  return factors ? {from: null, logarithmic: true} : {from: part(0.5), logarithmic: false};
}

function extent(values) {
  return Math.max(...values) - Math.min(...values);
}
