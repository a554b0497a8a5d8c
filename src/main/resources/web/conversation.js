// The conversation that this tab shows, and the answers that it waits for.

import {useEffect, useState} from 'preact/hooks';
import {answer} from './answers.js';
import * as conversations from './conversations.js';
import {ofThisTab} from './stored.js';

const OPEN = 'perdure.open';
/** Milliseconds between two updates of a growing answer: tokens may come faster than anyone can read. */
const REDRAW = 40;
/** Milliseconds between two times that a growing answer is kept, for a reload and for other tabs. */
const KEEP = 1000;

/** [the id of the conversation that this tab shows, what shows another, what begins a new one] */
export function useOpen() {
  const [open, setOpen] = useState(() => ofThisTab.getItem(OPEN) ?? conversations.fresh().id);
  useEffect(() => ofThisTab.setItem(OPEN, open), [open]);
  return [open, setOpen, () => setOpen(conversations.fresh().id)];
}

export function useConversation(open, setOpen, settings) {
  const [, redraw] = useState(0);
  useEffect(() => conversations.listen(() => redraw(round => round + 1)), []);
  const conversation = conversations.load(open) ?? {...conversations.fresh(), id: open};
  const {messages} = conversation;

  const ask = (turns, kept) => grow({...conversation, messages: turns}, settings, setOpen, kept);
  return {
    ...conversation,
    busy: conversations.held.has(open),
    /** Which models answer, one or two. */
    choose: models => (messages.length === 0 ? conversations.show : conversations.save)({...conversation, models}),
    send: text => ask([...messages, {role: 'user', content: text}]),
    /** Replaces the user's message at an index and everything after it. */
    resend: (index, text) => ask([...messages.slice(0, index), {role: 'user', content: text}]),
    /** Requests one of the last answers again. */
    retry: column => ask(messages.slice(0, -1), messages.at(-1).answers.toSpliced(column, 1, null)),
    stop: () => conversations.held.get(open)?.abort(),
  };
}

/** Deletes a conversation, and returns what brings it back. */
export function discard(id) {
  const conversation = conversations.load(id);
  conversations.held.get(id)?.abort();
  conversations.held.delete(id);
  conversations.discard(id);
  return () => conversations.save(conversation);
}

/**
 * Requests the answers of all models of a conversation that ends with the user's message.
 *
 * @param kept answers of these models that stay as they are
 */
async function grow(conversation, settings, setOpen, kept = []) {
  conversations.held.get(conversation.id)?.abort();
  const controller = new AbortController();
  let {id} = conversation;
  conversations.held.set(id, controller);
  const stays = (model, column) => kept[column]?.model === model;
  const answers = conversation.models.map((model, column) => stays(model, column) ? kept[column] : {model, content: ''});
  const grown = () => ({
    ...(conversations.load(id) ?? conversation), // Its title may have changed meanwhile.
    id,
    messages: [...conversation.messages, {role: 'assistant', answers: [...answers]}],
  });
  const keep = () => {
    if (conversations.held.get(id) !== controller) {
      return;
    }
    const kept = conversations.save(grown());
    if (kept.id !== id) {
      conversations.held.delete(id);
      setOpen(open => open === id ? kept.id : open);
      id = kept.id;
      conversations.held.set(id, controller);
    }
  };
  const show = throttled(REDRAW, () => conversations.held.get(id) === controller && conversations.show(grown()));
  const keepSometimes = throttled(KEEP, keep);
  keep();
  await Promise.all(conversation.models.map((model, column) => stays(model, column) ||
    answer(model, history(conversation.messages, column), settings, controller.signal, growth => {
      answers[column] = growth;
      show();
      keepSometimes();
    })));
  show.end();
  keepSometimes.end();
  keep();
  if (conversations.held.get(id) === controller) {
    conversations.held.delete(id);
    conversations.show(grown());
  }
}

/** What one of two models has seen: its own answers, without those that failed. */
function history(messages, column) {
  return messages.flatMap(({role, content, answers}, index) => {
    const said = role === 'user' ? {content} : answers[column] ?? answers[0];
    return said.content === '' || said.error ? [] : [{index, role, content: said.content}];
  });
}

/** Calls an action at most once per period, soon after it was asked for. */
function throttled(period, action) {
  let timer = null;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      action();
    }, period);
  };
  soon.end = () => clearTimeout(timer);
  return soon;
}
