// The conversations that this browser keeps, each under a key of its own. Does not know how they are shown or answered.

import {names, onChange, read, remove, write} from './stored.js';

const FORMAT = 1;
const NAME = 'conversation.';
/** The only conversation, in the form of earlier versions: an array of its messages. */
const EARLIER = 'conversation';
export const NEWEST = 'perdure';
const MOST_MODELS = 2;

/** Those that this tab has read or changed, by id. */
const known = new Map();
/** The revision of each that this tab last read or wrote: another one means that another tab has written since. */
const revisions = new Map();
/**
 * What ends the answers that are growing in this tab, by id. They go on while another conversation is shown, and this tab
 * writes theirs, whatever other tabs write.
 */
export const held = new Map();
/** What the list shows of each, by id. */
const entries = new Map();
const listeners = new Set();
let full = false;

/**
 * A conversation is {id, title, models, messages}. Its title is empty until someone gives it one. A message is {role:
 * 'user', content} or {role: 'assistant', answers}, with one answer of each model: {model, content} and, where known,
 * checkpoint, finish ('stop', 'length', 'full' or 'stopped'), error, tokens, the length of the conversation up to its end, and
 * unseen, the number of messages at the beginning that the model no longer saw.
 */
export function fresh() {
  return {id: identifier(), title: '', models: [NEWEST], messages: []};
}

export function titleOf({title, messages}) {
  const question = messages.find(message => message.role === 'user')?.content.trim().split('\n')[0] ?? '';
  return title || (question.length > 60 ? question.slice(0, 59) + '…' : question) || 'New conversation';
}

/** Null if it is not kept. */
export function load(id) {
  if (!known.has(id)) {
    const value = read(NAME + id);
    const conversation = repaired(id, value);
    if (!conversation) {
      return null;
    }
    known.set(id, conversation);
    revisions.set(id, value.revision);
  }
  return known.get(id);
}

/** Shows a change in this tab, without keeping it. */
export function show(conversation) {
  known.set(conversation.id, conversation);
  tell();
}

/**
 * Keeps a conversation. If another tab has written it since, both stay, this one as a copy.
 *
 * @return the conversation that was kept, which has another id if it is a copy
 */
export function save(conversation) {
  const {id} = conversation;
  const written = read(NAME + id)?.revision;
  if (written !== undefined && written !== revisions.get(id)) {
    known.delete(id);
    return save({...conversation, id: identifier(), title: titleOf(conversation) + ' (copy)'});
  }
  const revision = identifier();
  const changed = Date.now();
  full = !write(NAME + id, {format: FORMAT, revision, changed, ...conversation});
  if (!full) {
    revisions.set(id, revision);
  }
  known.set(id, conversation);
  entries.set(id, {id, title: titleOf(conversation), changed});
  tell();
  return conversation;
}

export function discard(id) {
  remove(NAME + id);
  known.delete(id);
  revisions.delete(id);
  entries.delete(id);
  full = false;
  tell();
}

/** {id, title, changed} of each, the last changed first. */
export function list() {
  return [...entries.values()].sort((a, b) => b.changed - a.changed);
}

/** Whether the last change could not be kept, for want of room. */
export function isFull() {
  return full;
}

/** Calls the listener after each change, also of other tabs. Returns what ends that. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  listeners.forEach(listener => listener());
}

function identifier() {
  return Date.now().toString(36) + crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
}

function enter(id) {
  const value = read(NAME + id);
  const conversation = repaired(id, value);
  if (conversation) {
    entries.set(id, {id, title: titleOf(conversation), changed: Number(value.changed) || 0});
  } else {
    entries.delete(id);
  }
}

/** A valid conversation of any value; null of what a later version wrote, which stays as it is, and of what is none. */
function repaired(id, value) {
  if (!value || value.format > FORMAT || !Array.isArray(value.messages)) {
    return null;
  }
  const models = strings(value.models).slice(0, MOST_MODELS);
  return {
    id,
    title: text(value.title) ?? '',
    models: models.length > 0 ? models : [NEWEST],
    messages: value.messages.map(repairedMessage).filter(Boolean),
  };
}

function repairedMessage(message) {
  if (message?.role === 'user' && text(message.content)) {
    return {role: 'user', content: message.content};
  }
  if (message?.role !== 'assistant') {
    return null;
  }
  const answers = (Array.isArray(message.answers) ? message.answers : [message])
    .filter(answer => answer && typeof answer === 'object')
    .slice(0, MOST_MODELS);
  return answers.length > 0 ? {role: 'assistant', answers: answers.map(repairedAnswer)} : null;
}

function repairedAnswer({model, content, finish, error, checkpoint, tokens, unseen}) {
  return {
    model: text(model) ?? NEWEST,
    content: text(content) ?? '',
    finish: text(finish),
    error: text(error),
    checkpoint: repairedCheckpoint(checkpoint),
    tokens: number(tokens),
    unseen: number(unseen) ?? 0,
  };
}

function repairedCheckpoint(checkpoint) {
  const name = text(checkpoint?.name);
  return name && {name, epoch: number(checkpoint.epoch) ?? 0, loss: number(checkpoint.loss) ?? null, context: number(checkpoint.context)};
}

function text(value) {
  return typeof value === 'string' ? value : undefined;
}

function number(value) {
  return Number.isFinite(value) ? value : undefined;
}

function strings(values) {
  return Array.isArray(values) ? values.filter(text) : [];
}

function carryOver() {
  const messages = read(EARLIER);
  const earlier = repaired(identifier(), {messages});
  if (!earlier || earlier.messages.length === 0 || write(NAME + earlier.id, {format: FORMAT, changed: Date.now(), ...earlier})) {
    remove(EARLIER);
  }
}

carryOver();
names(NAME).forEach(name => enter(name.slice(NAME.length)));
onChange(name => {
  if (name === null) {
    entries.clear();
  } else if (name.startsWith(NAME)) {
    const id = name.slice(NAME.length);
    enter(id);
    if (entries.has(id) && !held.has(id)) {
      known.delete(id); // One that was removed goes on where it is shown.
    }
  } else {
    return;
  }
  tell();
});
