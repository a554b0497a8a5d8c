// The curve as files: CSV with everything that the server knows, PNG with what the charts show.

import {saveFile} from './export.js';
import {columns, longHistory} from './history.js';
import {SMALL} from './plot.js';

const HEADER = ['step', 'epoch', 'training_loss_of_step', 'learning_rate', 'gradient_norm', 'tokens', 'tokens_per_second',
  'memory_bytes', 'training_loss_of_epoch', 'validation_loss', 'bits_per_byte'];

export async function saveCsv(name) {
  saveFile(new Blob([csv(await longHistory())], {type: 'text/csv'}), name + '.csv');
}

export function csv(history) {
  const of = list => new Map(list.map(each => [each.step, each]));
  const steps = of(history.steps);
  const measured = of(history.measurements);
  const evaluated = of([...history.validations, ...history.epochs]);
  const rows = columns(history, 0).steps.map(step => {
    const [row, at, held] = [steps.get(step), measured.get(step), evaluated.get(step)];
    const epoch = (row ?? held ?? at).epoch + 1;
    return [step, epoch, row?.loss, row?.learning_rate, row?.gradient_norm, row?.tokens, at?.tokens_per_second,
      at?.memory_bytes, held?.epoch_loss, held?.validation_loss, held?.bits_per_byte];
  });
  return [HEADER, ...rows].map(row => row.map(value => value ?? '').join(',') + '\r\n').join('');
}

/** @param canvases of the charts by name */
export async function savePng(name, title, canvases) {
  const {loss, ...small} = canvases;
  const scale = devicePixelRatio;
  const style = getComputedStyle(document.documentElement);
  const colour = variable => style.getPropertyValue(variable).trim();
  const [margin, line] = [16 * scale, 24 * scale];
  const shown = Object.entries(small).filter(([, canvas]) => canvas.width > 0);
  const across = Math.max(1, Math.floor(loss.width / Math.max(...shown.map(([, canvas]) => canvas.width))));
  const height = Math.max(...shown.map(([, canvas]) => canvas.height)) + line;

  const sheet = document.createElement('canvas');
  sheet.width = loss.width + 2 * margin;
  sheet.height = 2 * margin + 2 * line + loss.height + Math.ceil(shown.length / across) * height;
  const context = sheet.getContext('2d');
  context.fillStyle = colour('--ground');
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.textBaseline = 'top';
  const write = (text, x, y, fill, weight = 400) => {
    context.font = `${weight} ${13 * scale}px system-ui, sans-serif`;
    context.fillStyle = fill;
    context.fillText(text, x, y);
    return x + context.measureText(text).width + margin;
  };
  write(title, margin, margin, colour('--text'), 600);
  const next = write('training loss', margin, margin + line, colour('--accent'));
  write('validation loss', next, margin + line, colour('--curve-validation'));
  const below = margin + 2 * line;
  context.drawImage(loss, margin, below);
  shown.forEach(([key, canvas], index) => {
    const x = margin + (index % across) * (loss.width / across);
    const y = below + loss.height + Math.floor(index / across) * height;
    write(SMALL[key].title, x, y, colour('--muted'));
    context.drawImage(canvas, x, y + line);
  });
  saveFile(await new Promise(resolve => sheet.toBlob(resolve, 'image/png')), name + '.png');
}
