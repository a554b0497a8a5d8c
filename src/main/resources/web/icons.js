// Icons, in the colour of the text around them. Each is decoration: the button that has it also has a name.

import {h} from 'preact';

const PATHS = {
  list: 'M4 6h16M4 12h16M4 18h16',
  edit: 'M4 20h4L19 9l-4-4L4 16v4ZM13 7l4 4',
  copy: 'M9 9h11v11H9ZM15 9V4H4v11h5',
  check: 'M5 13l4 4L19 7',
  again: 'M20 12a8 8 0 1 1-2.6-5.9M20 4v4.5h-4.5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  remove: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  close: 'M6 6l12 12M18 6L6 18',
  columns: 'M4 5h16v14H4ZM12 5v14',
};

export function Icon({name}) {
  return h('svg', {class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true'}, h('path', {d: PATHS[name]}));
}

/** A button that shows an icon, and tells its label to those who point at it or hear the page. */
export function IconButton({icon, label, ...attributes}) {
  return h('button', {type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...attributes}, h(Icon, {name: icon}));
}
