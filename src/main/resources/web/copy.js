// Copying a text.

import {h} from 'preact';
import {useState} from 'preact/hooks';

/** @param label what the button says */
export function Copy({text, label = 'Copy', title}) {
  const [copied, copy] = useCopy(text);
  return h('button', {type: 'button', onClick: copy, title}, copied ? 'Copied' : label);
}

/** [whether it was copied just now, what copies it] */
export function useCopy(text) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return [copied, copy];
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
