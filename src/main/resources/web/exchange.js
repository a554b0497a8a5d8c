// A question and what answered it, shown as plain text: nothing in an answer becomes markup.

import {h, Component} from 'preact';
import {useLayoutEffect, useRef} from 'preact/hooks';
import {sends} from './composer.js';
import {NEWEST} from './conversations.js';
import {useCopy} from './copy.js';
import {IconButton} from './icons.js';
import {describe} from './models.js';

/** Drawn again only when something of it has changed: a conversation may be long, and its end grows many times a second. */
export class Exchange extends Component {
  shouldComponentUpdate(next) {
    return Object.keys(next).some(name => next[name] !== this.props[name]);
  }

  /** edit(index), cancel(), resend(index, text) and retry(column) of actions never change. */
  render({index, question, answers, growing, editing, last, forgotten, memory, actions}) {
    return h('li', {class: 'exchange' + (forgotten ? ' forgotten' : '')},
      memory && h('p', {class: 'memory'}, 'The model no longer remembers what is above'),
      question && h(Question, {
        text: question, editing,
        edit: () => actions.edit(index),
        cancel: actions.cancel,
        resend: text => actions.resend(index, text),
      }),
      answers && h('div', {class: 'answers' + (answers.length > 1 ? ' side-by-side' : '')}, answers.map((answer, column) =>
        h(Answer, {key: column, answer, named: answers.length > 1, growing: growing && !answer.finish && !answer.error, retry: last && !growing ? () => actions.retry(column) : null}))));
  }
}

function Question({text, editing, edit, cancel, resend}) {
  return h('div', {class: 'message question'},
    h('span', {class: 'for-readers'}, 'You:'),
    editing
      ? h(Editor, {text, cancel, resend})
      : [
          h('div', {class: 'text', dir: 'auto'}, text),
          h('div', {class: 'actions'}, h(IconButton, {icon: 'edit', label: 'Edit', onClick: edit}), h(Copy, {text}))]);
}

function Editor({text, cancel, resend}) {
  const field = useRef();
  // Before anyone can type, so that no key is lost.
  useLayoutEffect(() => {
    field.current.focus();
    field.current.setSelectionRange(text.length, text.length);
  }, []);
  const submit = event => {
    event.preventDefault();
    if (field.current.value.trim()) {
      resend(field.current.value.trim());
    }
  };
  const onKeyDown = event => {
    if (event.key === 'Escape') {
      cancel();
    } else if (sends(event)) {
      submit(event);
    }
  };
  return h('form', {class: 'editor', onSubmit: submit},
    h('textarea', {ref: field, defaultValue: text, rows: 2, onKeyDown, 'aria-label': 'Your message', dir: 'auto'}),
    h('div', {class: 'editor-buttons'},
      h('button', {type: 'button', onClick: cancel}, 'Cancel'),
      h('button', {class: 'primary'}, 'Send again')));
}

function Answer({answer, named, growing, retry}) {
  const {content, error, finish, checkpoint} = answer;
  const notes = [
    checkpoint && describe(checkpoint),
    finish === 'length' && 'longest answer reached',
    finish === 'full' && 'its memory is full',
    finish === 'stopped' && 'stopped',
    !growing && !finish && !error && 'unfinished',
  ].filter(Boolean);
  return h('div', {class: 'message answer' + (growing ? ' growing' : ''), 'aria-busy': growing},
    h('span', {class: 'for-readers'}, 'The model:'),
    named && h('div', {class: 'answer-model'}, (answer.model === NEWEST ? 'Newest: ' : '') + (checkpoint?.name ?? answer.model)),
    (content || growing) && h('div', {class: 'text', dir: 'auto'}, content),
    error && h('div', {class: 'error'}, error),
    !growing && h('div', {class: 'actions'},
      content && h(Copy, {text: content}),
      retry && h(IconButton, {icon: 'again', label: 'Try again', onClick: retry}),
      notes.length > 0 && h('span', {class: 'note'}, notes.join(' · '))));
}

function Copy({text}) {
  const [copied, copy] = useCopy(text);
  return h(IconButton, {icon: copied ? 'check' : 'copy', label: copied ? 'Copied' : 'Copy', onClick: copy});
}
