// State that survives a reload.

import {useEffect, useState} from 'preact/hooks';

export function useStored(name, initial) {
  const key = 'perdure.' + name;
  const [value, setValue] = useState(() => read(key) ?? initial);
  useEffect(() => {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Storage is full or forbidden: the page works without it.
    }
  }, [value]);
  return [value, setValue];
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}
