// The facts of a run, and what its model said after each epoch.

import {h} from 'preact';
import {Copy} from './copy.js';
import {bytes, duration, exact, large, short, whole} from './format.js';
import {ending} from './training.js';
import {everyRank, lost, ranks} from './workers.js';

export function Facts({training}) {
  const {status} = training;
  if (!status?.position || (!status.run?.parameters && status.position.step === 0)) {
    return null;
  }
  const end = ending(training);
  return h('section', {class: 'facts', 'aria-label': 'Run'},
    end && h('p', {class: 'facts-end ' + end.kind}, end.text, end.command && h('span', {class: 'facts-next'}, h('code', null, end.command), h(Copy, {text: end.command}))),
    status.quality.rising && h('p', {class: 'facts-end rising'}, rising(status)),
    h('dl', null, facts(status, end !== null).filter(([, value]) => value != null && value !== false).map(([name, value, title, size]) =>
      h('div', {key: name, title, class: size}, h('dt', null, name), h('dd', null, value)))));
}

/** What it means that the validation loss rises, and what to do. */
function rising({running, quality: {rising: {evaluations, best_loss: loss, best_step: step}}}) {
  const times = evaluations === 1 ? 'in the last evaluation' : `in ${whole(evaluations)} evaluations in a row`;
  const best = `Its lowest, ${exact(loss)}, is that of the checkpoint step-${step}.`;
  return `The validation loss has risen ${times}: the model learns its text by heart. ${best}`
    + (running ? ' Stop the training, or start it again with --patience, which ends it by itself.' : '');
}

function facts({running, current_epoch: epoch, total_epochs: epochs, loss, run, position, speed, quality, saved, workers}, over) {
  const step = position.total_steps > 0 ? `${whole(position.step)} of ${whole(position.total_steps)}` : whole(position.step);
  return [
    ['Training loss', exact(loss), 'Mean over the tokens of the epoch in progress'],
    ['Validation loss', quality.validation_loss !== null && exact(quality.validation_loss), 'Mean over the tokens of the held-out text, at the last evaluation'],
    ['Best loss', quality.best_loss !== null && exact(quality.best_loss), 'Lowest training loss of a whole epoch'],
    [running ? 'Epoch' : 'Epochs done', `${epoch} of ${epochs}`],
    ['Step', step],
    ['Elapsed', duration(speed.total_seconds), speed.restarts > 0 ? `In ${speed.restarts + 1} processes` : undefined],
    ['Left', !over && running && speed.eta_seconds !== null && duration(speed.eta_seconds), 'Estimated'],
    ['Last checkpoint', saved.checkpoint !== null && short(saved.checkpoint), saved.at === null ? saved.checkpoint : `${saved.checkpoint}, ${new Date(saved.at).toLocaleString()}`],
    ['Parameters', run?.parameters > 0 && large(run.parameters)],
    ['Training tokens', run?.training_tokens > 0 && large(run.training_tokens), `An epoch; ${whole(run?.validation_tokens ?? 0)} more are held out`],
    ['Device', run?.device && (run.device === 'cpu' ? `CPU, ${run.threads} ${run.threads === 1 ? 'thread' : 'threads'}` : gpu(run.device, speed.gpu)), speed.gpu && `Memory at most ${bytes(speed.gpu.peak_bytes)} since the start; all processes on the GPU together`],
    ['Precision', run?.precision],
    ['Ranks', workers && ranks(workers, speed), workers && everyRank(workers), 'wide'],
    ['Last loss of a rank', workers?.lost && lost(workers.lost), workers?.lost?.reason, 'wide'],
    ['Data', run?.data, run?.data, 'wide'],
    ['Folder', run?.folder, run?.folder, 'wide'],
  ];
}

/** "cuda:0, 97 %, 39.1 GiB of 79.6 GiB" */
function gpu(device, meter) {
  if (!meter) {
    return device;
  }
  const load = meter.utilization == null ? '' : `, ${meter.utilization} %`;
  return `${device}${load}, ${bytes(meter.used_bytes)} of ${bytes(meter.total_bytes)}`;
}

/** Side by side, so that one sees how the answers grow. */
export function Samples({samples, epochs}) {
  if (samples.length === 0) {
    return null;
  }
  const losses = new Map(epochs.map(each => [each.epoch, each]));
  return h('section', {class: 'samples', 'aria-label': 'Samples'},
    h('h3', null, 'What it said after each epoch'),
    h('ol', {tabIndex: 0}, samples.map(({epoch, sample}) =>
      h('li', {key: epoch},
        h('h4', null, 'Epoch ' + (epoch + 1)),
        losses.has(epoch) && h('p', {class: 'samples-loss'}, 'validation loss ' + exact(losses.get(epoch).validation_loss)),
        h('p', {class: 'samples-text'}, sample)))));
}
