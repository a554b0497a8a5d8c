// The settings of the answers.

import {h} from 'preact';
import {useEffect, useRef} from 'preact/hooks';

export const DEFAULTS = {temperature: 0.3, topP: 0.95, topK: 0, maximumTokens: 300, systemPrompt: ''};

export function Settings({settings, change, close}) {
  const dialog = useRef();
  useEffect(() => dialog.current.showModal(), []);
  const field = (name, label, hint, attributes) =>
    h('label', {class: 'field'},
      h('span', {class: 'field-name'}, label),
      h('input', {
        type: 'number', required: true, value: settings[name], ...attributes,
        onChange: event => event.target.checkValidity() && change({...settings, [name]: event.target.valueAsNumber}),
      }),
      h('span', {class: 'field-hint'}, hint));

  return h('dialog', {ref: dialog, class: 'dialog', onClose: close, 'aria-labelledby': 'settings-title'},
    h('form', {method: 'dialog'},
      h('h2', {id: 'settings-title'}, 'Settings'),
      field('temperature', 'Temperature', '0 always takes the most likely token', {min: 0, max: 2, step: 0.05}),
      field('topP', 'Top-p', 'Most likely tokens up to this total probability', {min: 0.05, max: 1, step: 0.05}),
      field('topK', 'Top-k', 'This many of the most likely tokens; 0 keeps all', {min: 0, max: 1000, step: 1}),
      field('maximumTokens', 'Maximum tokens', 'Longest answer, in tokens', {min: 1, max: 8192, step: 1}),
      h('label', {class: 'field wide'},
        h('span', {class: 'field-name'}, 'System prompt'),
        h('textarea', {
          rows: 3, value: settings.systemPrompt, placeholder: 'None',
          onInput: event => change({...settings, systemPrompt: event.target.value}),
        })),
      h('div', {class: 'dialog-buttons'},
        h('button', {type: 'button', onClick: () => change(DEFAULTS)}, 'Reset'),
        h('button', {class: 'primary'}, 'Done'))));
}
