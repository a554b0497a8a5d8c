// The settings of the answers.

import {h} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';

const NUMBERS = {
  temperature: {label: 'Temperature', hint: '0 always takes the most likely token', least: 0, most: 2, initial: 0.3},
  topP: {label: 'Top-p', hint: 'Most likely tokens up to this total probability', least: 0.01, most: 1, initial: 0.95},
  topK: {label: 'Top-k', hint: 'This many of the most likely tokens; 0 keeps all', least: 0, most: 1_000_000, whole: true, initial: 0},
  maximumTokens: {label: 'Maximum tokens', hint: 'Longest answer, in tokens', least: 1, most: 8192, whole: true, initial: 300},
};

/** Settings with a value for each: those that are not given, or not valid, have their defaults. */
export function complete(settings) {
  const systemPrompt = typeof settings.systemPrompt === 'string' ? settings.systemPrompt : '';
  return Object.entries(NUMBERS).reduce(
    (all, [name, number]) => ({...all, [name]: allows(number, settings[name]) ? settings[name] : number.initial}),
    {systemPrompt});
}

function allows({least, most, whole}, value) {
  return Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value));
}

export function Settings({settings, change, close}) {
  const dialog = useRef();
  const [round, setRound] = useState(0);
  useEffect(() => dialog.current.showModal(), []);
  const reset = () => {
    change({});
    setRound(round + 1);
  };
  return h('dialog', {ref: dialog, class: 'dialog', onClose: close, 'aria-labelledby': 'settings-title'},
    h('form', {method: 'dialog', noValidate: true},
      h('h2', {id: 'settings-title'}, 'Settings'),
      Object.entries(NUMBERS).map(([name, number]) => h(NumberField, {
        key: name + round, name, number, value: settings[name],
        change: value => change({...settings, [name]: value}),
      })),
      h('label', {class: 'field wide'},
        h('span', {class: 'field-name'}, 'System prompt'),
        h('textarea', {
          rows: 3, value: complete(settings).systemPrompt, placeholder: 'None', dir: 'auto',
          onInput: event => change({...settings, systemPrompt: event.target.value}),
        })),
      h('div', {class: 'dialog-buttons'},
        h('button', {type: 'button', onClick: reset}, 'Reset'),
        h('button', {class: 'primary'}, 'Done'))));
}

/** Takes a number with a point or a comma. Empty means the default. */
function NumberField({name, number, value, change}) {
  const [text, setText] = useState(allows(number, value) ? String(value) : '');
  const parsed = parse(text);
  const valid = parsed === undefined || allows(number, parsed);
  const onInput = ({target}) => {
    setText(target.value);
    const typed = parse(target.value);
    if (typed === undefined || allows(number, typed)) {
      change(typed);
    }
  };
  const {label, hint, least, most, whole, initial} = number;
  const range = `${whole ? 'A whole number' : 'A number'} from ${least} to ${most.toLocaleString('en')}`;
  return h('div', {class: 'field'},
    h('label', {class: 'field-name', for: name}, label),
    h('input', {
      id: name, inputMode: whole ? 'numeric' : 'decimal', autocomplete: 'off', value: text, placeholder: initial, onInput,
      'aria-invalid': !valid, 'aria-describedby': name + '-hint',
    }),
    h('span', {id: name + '-hint', class: 'field-hint' + (valid ? '' : ' error'), role: valid ? null : 'alert'}, valid ? hint : range));
}

/** Undefined if it is empty, and not a number if it is none. */
function parse(text) {
  const plain = text.trim().replace(',', '.');
  return plain === '' ? undefined : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}
