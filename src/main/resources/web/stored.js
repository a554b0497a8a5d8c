// What this browser keeps: values that survive a reload, and that its other tabs see.

import {useEffect, useState} from 'preact/hooks';

const PATH = new URL('.', document.baseURI).pathname;
/** Several servers may share an origin, each at a path of its own. */
const PREFIX = 'perdure' + (PATH === '/' ? '' : PATH) + '.';

/** A storage of the browser or, where it is forbidden, one that lasts as long as the page. */
function storage(name) {
  try {
    window[name].length;
    return window[name];
  } catch {
    const values = new Map();
    return {
      getItem: key => values.get(key) ?? null,
      setItem: (key, value) => values.set(key, value),
      removeItem: key => values.delete(key),
      key: index => [...values.keys()][index] ?? null,
      get length() {
        return values.size;
      },
    };
  }
}

const local = storage('localStorage');
/** What belongs to this tab alone. */
export const ofThisTab = storage('sessionStorage');

/** The value, or undefined if there is none or it is damaged. */
export function read(name) {
  try {
    return JSON.parse(local.getItem(PREFIX + name)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Returns whether there was room for it. */
export function write(name, value) {
  try {
    local.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function remove(name) {
  local.removeItem(PREFIX + name);
}

/** The names of all values that begin so. */
export function names(beginning) {
  return Array.from({length: local.length}, (_, index) => local.key(index))
    .filter(key => key?.startsWith(PREFIX + beginning))
    .map(key => key.slice(PREFIX.length));
}

/** Calls listener(name) when another tab has changed a value, with null if it has removed all. Returns what ends that. */
export function onChange(listener) {
  const heard = ({key}) => (key === null || key.startsWith(PREFIX)) && listener(key && key.slice(PREFIX.length));
  addEventListener('storage', heard);
  return () => removeEventListener('storage', heard);
}

/**
 * A value of all tabs. What is kept may come from another version, or from anyone's hand.
 *
 * @param initial where nothing is kept
 * @param repaired makes any kept value a valid one
 */
export function useStored(name, initial, repaired = value => value) {
  const current = () => {
    const value = read(name);
    return value === undefined ? initial : repaired(value);
  };
  const [value, setValue] = useState(current);
  useEffect(() => onChange(changed => (changed === name || changed === null) && setValue(current())), []);
  return [value, changed => {
    write(name, changed);
    setValue(changed);
  }];
}
