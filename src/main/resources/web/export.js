// A conversation as a file.

import {titleOf} from './conversations.js';
import {describe} from './models.js';

export function downloadMarkdown(conversation) {
  const parts = conversation.messages.flatMap(message => message.role === 'user'
    ? ['## You', message.content]
    : message.answers.flatMap(answer => ['## ' + sourceOf(answer), answer.content || '*' + (answer.error ?? 'No answer.') + '*']));
  download(conversation, 'md', 'text/markdown', ['# ' + titleOf(conversation), ...parts].join('\n\n') + '\n');
}

/** In the shape of OpenAI's messages. What else is known of an answer stands beside its content. */
export function downloadJson(conversation) {
  const messages = conversation.messages.flatMap(({role, content, answers}) =>
    role === 'user' ? [{role, content}] : answers.map(answer => ({role, ...answer})));
  download(conversation, 'json', 'application/json', JSON.stringify({title: titleOf(conversation), messages}, null, 2) + '\n');
}

function sourceOf({model, checkpoint}) {
  return checkpoint ? `${model} (${checkpoint.name}, ${describe(checkpoint)})` : model;
}

function download(conversation, ending, type, content) {
  const name = titleOf(conversation).replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'conversation';
  saveFile(new Blob([content], {type}), name + '.' + ending);
}

/** Hands a file to the browser's downloads. */
export function saveFile(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
