// Asks for the token if the server needs one.

import {h} from 'preact';
import {useEffect, useRef} from 'preact/hooks';

/** Stays open until there is a token. Headers take no other characters than those of the pattern. */
export function TokenPrompt({give, refused}) {
  const dialog = useRef();
  const input = useRef();
  useEffect(() => dialog.current.showModal(), []);
  const submit = event => {
    event.preventDefault();
    give(input.current.value.trim());
  };
  return h('dialog', {ref: dialog, class: 'dialog', 'aria-labelledby': 'token-title', onClose: () => dialog.current.showModal()},
    h('form', {onSubmit: submit},
      h('h2', {id: 'token-title'}, 'This server needs a token'),
      h('label', {class: 'field wide'},
        h('span', {class: 'field-name'}, 'Token'),
        h('input', {ref: input, type: 'password', required: true, pattern: '\\s*[!-~]+\\s*', title: 'Visible ASCII characters without spaces', autocomplete: 'current-password'}),
        refused
          ? h('span', {class: 'field-hint error', role: 'alert'}, 'The server refused this token')
          : h('span', {class: 'field-hint'}, 'The text given to the server with --token-file or --token')),
      h('div', {class: 'dialog-buttons'}, h('button', {class: 'primary'}, 'Open'))));
}
