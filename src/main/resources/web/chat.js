// The conversation, shown as plain text: nothing in an answer becomes markup.

import {h, Fragment} from 'preact';
import {useLayoutEffect, useRef, useState} from 'preact/hooks';
import {describe} from './training.js';

const SUGGESTIONS = ['Who are you?', 'What can you do?', 'What is the capital of France?', 'What is 7 plus 5?'];

export function Chat({conversation, checkpoint}) {
  const {messages, busy} = conversation;
  const [editing, setEditing] = useState(-1);
  const list = useRef();
  const composer = useRef();
  const following = useRef(true);

  const follow = () => {
    if (following.current) {
      list.current.scrollTop = list.current.scrollHeight;
    }
  };
  useLayoutEffect(follow, [messages]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(follow); // A smaller window, or the keyboard of a phone.
    observer.observe(list.current);
    return () => observer.disconnect();
  }, []);

  const send = text => {
    following.current = true;
    setEditing(-1);
    conversation.send(text);
  };
  const onScroll = ({target}) => {
    following.current = target.scrollHeight - target.scrollTop - target.clientHeight < 60;
  };
  const onKeyDown = event => {
    if (event.key === 'Escape' && busy) {
      conversation.stop();
    }
  };

  return h('main', {class: 'chat', onKeyDown},
    h('div', {class: 'messages', ref: list, onScroll, tabIndex: 0, role: 'region', 'aria-label': 'Conversation'},
      messages.length === 0
        ? h(Welcome, {checkpoint, send})
        : h('ol', {class: 'thread'}, messages.map((message, index) =>
            message.role === 'user'
              ? h(Question, {
                  key: index, message, editing: editing === index,
                  edit: () => setEditing(index),
                  cancel: () => {
                    setEditing(-1);
                    composer.current?.focus();
                  },
                  resend: text => {
                    setEditing(-1);
                    following.current = true;
                    conversation.resend(index, text);
                    composer.current?.focus();
                  },
                })
              : h(Answer, {
                  key: index, message,
                  growing: busy && index === messages.length - 1,
                  retry: index === messages.length - 1 ? conversation.retry : null,
                })))),
    h(Composer, {field: composer, busy, send, stop: conversation.stop}),
    h('p', {class: 'for-readers', role: 'status'}, announcement(messages, busy)));
}

function announcement(messages, busy) {
  const last = messages.at(-1);
  return busy ? 'Answering.' : last?.role === 'assistant' ? last.error ?? 'Answer: ' + last.content : '';
}

function Welcome({checkpoint, send}) {
  return h('div', {class: 'welcome'},
    h('h2', null, 'Talk to it while it learns'),
    h('p', null, checkpoint
      ? 'A small model, trained on this machine. It answers with what it has learned so far.'
      : 'It can answer as soon as its first checkpoint is saved.'),
    h('div', {class: 'suggestions'}, SUGGESTIONS.map(text =>
      h('button', {key: text, type: 'button', onClick: () => send(text)}, text))));
}

function Question({message, editing, edit, cancel, resend}) {
  return h('li', {class: 'message question'},
    h('span', {class: 'for-readers'}, 'You:'),
    editing
      ? h(Editor, {text: message.content, cancel, resend})
      : h(Fragment, null,
          h('div', {class: 'text'}, message.content),
          h('div', {class: 'actions'}, h('button', {type: 'button', onClick: edit}, 'Edit'), h(Copy, {text: message.content}))));
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
    h('textarea', {ref: field, defaultValue: text, rows: 2, onKeyDown, 'aria-label': 'Your message'}),
    h('div', {class: 'actions shown'},
      h('button', {type: 'button', onClick: cancel}, 'Cancel'),
      h('button', {class: 'primary'}, 'Send again')));
}

function Answer({message, growing, retry}) {
  const notes = [
    message.checkpoint && describe(message.checkpoint),
    message.finish === 'length' && 'longest answer reached',
    message.finish === 'stopped' && 'stopped',
  ].filter(Boolean);
  return h('li', {class: 'message answer' + (growing ? ' growing' : ''), 'aria-busy': growing},
    h('span', {class: 'for-readers'}, 'The model:'),
    (message.content || growing) && h('div', {class: 'text'}, message.content),
    message.error && h('div', {class: 'error'}, message.error),
    !growing && h('div', {class: 'actions'},
      message.content && h(Copy, {text: message.content}),
      retry && h('button', {type: 'button', onClick: retry}, 'Try again'),
      notes.length > 0 && h('span', {class: 'note'}, notes.join(' · '))));
}

function Copy({text}) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return h('button', {type: 'button', onClick: copy}, copied ? 'Copied' : 'Copy');
}

/** Browsers offer the clipboard only on secure addresses, and may refuse; then the old way works. */
async function copyText(text) {
  try {
    return await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
}

function copyBySelection(text) {
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

function Composer({field, busy, send, stop}) {
  const [text, setText] = useState('');
  useLayoutEffect(() => field.current.focus(), []);
  useLayoutEffect(() => {
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
      ref: field, value: text, rows: 1, placeholder: 'Ask something', 'aria-label': 'Message',
      onInput: event => setText(event.target.value),
      onKeyDown: event => sends(event) && submit(event),
    }),
    busy
      ? h('button', {type: 'button', class: 'round stop', onClick: stop, 'aria-label': 'Stop', title: 'Stop (Esc)'})
      : h('button', {class: 'round send', disabled: !text.trim(), 'aria-label': 'Send', title: 'Send (Enter)'}));
}

function sends(event) {
  return event.key === 'Enter' && !event.shiftKey && !event.isComposing;
}
