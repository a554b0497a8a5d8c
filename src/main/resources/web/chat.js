// The open conversation.

import {h} from 'preact';
import {useLayoutEffect, useMemo, useRef, useState} from 'preact/hooks';
import {Composer} from './composer.js';
import {isFull} from './conversations.js';
import {Exchange} from './exchange.js';

const SUGGESTIONS = ['Who are you?', 'What can you do?', 'What is the capital of France?', 'What is 7 plus 5?'];

export function Chat({conversation, models}) {
  const {messages, busy} = conversation;
  const unseen = Math.max(0, ...(lastAnswers(messages, answer => answer.unseen !== undefined).map(answer => answer.unseen)));
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
  const newest = useRef();
  newest.current = conversation;
  const actions = useMemo(() => ({
    edit: setEditing,
    cancel: () => {
      setEditing(-1);
      composer.current?.focus();
    },
    resend: (index, text) => {
      setEditing(-1);
      following.current = true;
      newest.current.resend(index, text);
      composer.current?.focus();
    },
    retry: column => newest.current.retry(column),
  }), []);
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
        ? h(Welcome, {ready: models.length > 0, send})
        : h('ol', {class: 'thread'}, exchanges(messages).map((exchange, number, {length}) => h(Exchange, {
            key: exchange.index, ...exchange, actions,
            editing: editing === exchange.index,
            last: number === length - 1,
            growing: busy && number === length - 1,
            forgotten: exchange.index < unseen,
            memory: unseen > 0 && exchange.index === unseen,
          })))),
    isFull() && h('p', {class: 'warning', role: 'alert'},
      'This browser has no room left. What is new in this conversation is lost when the page is closed: export it, or delete others.'),
    h(Composer, {field: composer, conversation, models, send, length: lastAnswers(messages, answer => answer.tokens)[0]}),
    h('p', {class: 'for-readers', role: 'status'}, announcement(messages, busy)));
}

/** {index, question, answers}: the questions, each with its answers if it has some. */
function exchanges(messages) {
  const result = [];
  messages.forEach(({role, content, answers}, index) => {
    if (role === 'user') {
      result.push({index, question: content});
    } else if (result.length > 0 && !result.at(-1).answers) {
      result.at(-1).answers = answers;
    } else {
      result.push({index, answers});
    }
  });
  return result;
}

/** The last answers of which something is known, or none. */
function lastAnswers(messages, known) {
  return messages.findLast(({answers}) => answers?.some(known))?.answers.filter(known) ?? [];
}

function announcement(messages, busy) {
  const answers = messages.at(-1)?.answers ?? [];
  return busy ? 'Answering.' : answers.map(({error, content}) => error ?? 'Answer: ' + content).join('\n');
}

function Welcome({ready, send}) {
  return h('div', {class: 'welcome'},
    h('h2', null, 'Talk to it while it learns'),
    h('p', null, ready
      ? 'A small model, trained on this machine. It answers with what it has learned so far.'
      : 'It can answer as soon as its first checkpoint is saved.'),
    h('div', {class: 'suggestions'}, SUGGESTIONS.map(text =>
      h('button', {key: text, type: 'button', onClick: () => send(text)}, text))));
}
