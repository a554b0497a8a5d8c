// The conversations that this browser keeps, beside the open one or, on a narrow page, in front of it.

import {h} from 'preact';
import {useEffect, useLayoutEffect, useRef, useState} from 'preact/hooks';
import {discard} from './conversation.js';
import {list, load, save} from './conversations.js';
import {downloadJson, downloadMarkdown} from './export.js';
import {Icon, IconButton} from './icons.js';

const NARROW = matchMedia('(max-width: 48rem)');

export function useNarrow() {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const onChange = () => setNarrow(NARROW.matches);
    NARROW.addEventListener('change', onChange);
    return () => NARROW.removeEventListener('change', onChange);
  }, []);
  return narrow;
}

/** @param close given if the list is in front of the page */
export function ConversationList({open, setOpen, start, close}) {
  const [deleted, setDeleted] = useState(null);
  const show = id => {
    setOpen(id);
    close?.();
  };
  const remove = ({id, title}) => {
    const before = list();
    const undo = discard(id);
    setDeleted({title, undo: () => {
      setOpen(undo().id);
      setDeleted(null);
    }});
    const place = before.findIndex(entry => entry.id === id);
    const next = before[place + 1] ?? before[place - 1];
    next ? setOpen(next.id) : start();
  };
  const entries = list();
  const content = [
    h('div', {class: 'list-head'},
      h('h2', {id: 'list-title'}, 'Conversations'),
      close && h(IconButton, {icon: 'close', label: 'Close the list', onClick: close})),
    entries.length === 0 && h('p', {class: 'list-empty'}, 'They are kept in this browser.'),
    h('ul', {class: 'entries'}, entries.map(entry =>
      h(Entry, {key: entry.id, entry, current: entry.id === open, show: () => show(entry.id), remove: () => remove(entry)}))),
    h('div', {class: 'undo', role: 'status'}, deleted && [
      h('span', null, 'Deleted “' + deleted.title + '”'),
      h('button', {type: 'button', onClick: deleted.undo}, 'Undo')]),
  ];
  return close ? h(Drawer, {close}, content) : h('nav', {class: 'list', 'aria-labelledby': 'list-title'}, content);
}

function Drawer({close, children}) {
  const dialog = useRef();
  useEffect(() => dialog.current.showModal(), []);
  const onClick = event => event.target === dialog.current && close();
  return h('dialog', {ref: dialog, class: 'list drawer', onClose: close, onClick, 'aria-labelledby': 'list-title'}, children);
}

function Entry({entry, current, show, remove}) {
  const [renaming, setRenaming] = useState(false);
  const rename = title => {
    setRenaming(false);
    if (title !== null) {
      save({...load(entry.id), title});
    }
  };
  return h('li', {class: 'entry' + (current ? ' current' : '')},
    renaming
      ? h(TitleField, {title: entry.title, rename})
      : h('button', {type: 'button', class: 'entry-title', 'aria-current': current, onClick: show, dir: 'auto', title: entry.title}, entry.title),
    current && !renaming && h('div', {class: 'actions'},
      h(IconButton, {icon: 'edit', label: 'Rename', onClick: () => setRenaming(true)}),
      h(Export, {label: 'Markdown', onClick: () => downloadMarkdown(load(entry.id))}),
      h(Export, {label: 'JSON', onClick: () => downloadJson(load(entry.id))}),
      h(IconButton, {icon: 'remove', label: 'Delete', onClick: remove})));
}

function Export({label, onClick}) {
  const name = 'Export as ' + label;
  return h('button', {type: 'button', class: 'export', title: name, 'aria-label': name, onClick}, h(Icon, {name: 'download'}), label);
}

/** Calls rename(title), or rename(null) if the title stays. */
function TitleField({title, rename}) {
  const field = useRef();
  const done = useRef(false);
  useLayoutEffect(() => field.current.select(), []);
  const end = changed => {
    if (!done.current) {
      done.current = true; // The field also loses the keyboard when it goes.
      rename(changed);
    }
  };
  const onKeyDown = event => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      end(null);
    }
  };
  const submit = event => {
    event.preventDefault();
    end(field.current.value.trim() || null);
  };
  return h('form', {class: 'entry-field', onSubmit: submit},
    h('input', {ref: field, defaultValue: title, maxLength: 200, 'aria-label': 'Title', dir: 'auto', onKeyDown, onBlur: submit}));
}
