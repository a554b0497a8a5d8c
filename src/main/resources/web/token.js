// Asks for the token if the server needs one.

import {h} from 'preact';
import {useEffect, useRef} from 'preact/hooks';

export function TokenPrompt({give}) {
  const dialog = useRef();
  const input = useRef();
  useEffect(() => dialog.current.showModal(), []);
  const submit = event => {
    event.preventDefault();
    give(input.current.value.trim());
  };
  return h('dialog', {ref: dialog, class: 'dialog', 'aria-labelledby': 'token-title', onCancel: e => e.preventDefault()},
    h('form', {onSubmit: submit},
      h('h2', {id: 'token-title'}, 'This server needs a token'),
      h('label', {class: 'field wide'},
        h('span', {class: 'field-name'}, 'Token'),
        h('input', {ref: input, type: 'password', required: true, autocomplete: 'current-password'}),
        h('span', {class: 'field-hint'}, 'The text given to the server with --token')),
      h('div', {class: 'dialog-buttons'}, h('button', {class: 'primary'}, 'Open'))));
}
