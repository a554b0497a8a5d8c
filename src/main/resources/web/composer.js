// Where the next message is written, and which checkpoint answers it.

import {h} from 'preact';
import {useLayoutEffect, useState} from 'preact/hooks';
import {whole} from './format.js';
import {ModelChoice} from './models.js';

/** What is written and not yet sent, by the id of the conversation. */
const drafts = new Map();

/** @param length the last answer with a number of tokens, if there is one */
export function Composer({field, conversation, models, send, length}) {
  const {id, busy, stop} = conversation;
  const [text, setText] = useState(drafts.get(id) ?? '');
  useLayoutEffect(() => field.current.focus(), []);
  useLayoutEffect(() => {
    drafts.set(id, text);
    field.current.style.height = 'auto';
    field.current.style.height = Math.min(field.current.scrollHeight, 200) + 'px';
  }, [text]);
  const submit = event => {
    event.preventDefault();
    if (text.trim() && !busy) {
      send(text.trim());
      setText('');
    }
  };
  return h('form', {class: 'composer', onSubmit: submit},
    h('textarea', {
      ref: field, value: text, rows: 1, placeholder: 'Ask something', 'aria-label': 'Message', dir: 'auto',
      onInput: event => setText(event.target.value),
      onKeyDown: event => sends(event) && submit(event),
    }),
    h('div', {class: 'composer-foot'},
      h(ModelChoice, {models, chosen: conversation.models, choose: conversation.choose}),
      length && h(Length, {tokens: length.tokens, context: length.checkpoint?.context}),
      busy
        ? h('button', {type: 'button', class: 'round stop', onClick: stop, 'aria-label': 'Stop', title: 'Stop (Esc)'})
        : h('button', {class: 'round send', disabled: !text.trim(), 'aria-label': 'Send', title: 'Send (Enter)'})));
}

/** How long the conversation is, and how much of it the model remembers. */
function Length({tokens, context}) {
  const explained = `This conversation has ${tokens} tokens.` + (context ? ` The model remembers ${context}, its answer included.` : '');
  return h('span', {class: 'tokens', title: explained},
    h('span', {class: 'for-readers'}, explained),
    h('span', {'aria-hidden': 'true'}, whole(tokens) + (context ? ' / ' + whole(context) : ''), h('span', {class: 'unit'}, ' tokens')));
}

export function sends(event) {
  return event.key === 'Enter' && !event.shiftKey && !event.isComposing;
}
