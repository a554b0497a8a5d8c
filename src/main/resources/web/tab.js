// The title and the icon of the tab, which tell the progress while another tab is in front.

import {useEffect} from 'preact/hooks';
import {ending} from './training.js';

const ICON = document.querySelector('link[rel=icon]').href;
const ARC = 2 * Math.PI * 12;
const SIGNS = {
  finished: ['#2c6a59', 'M9 16.5l5 5 9-11'],
  stopped: ['#5d636a', 'M11 11h10v10H11z'],
  failed: ['#b3361b', 'M10.5 10.5l11 11M21.5 10.5l-11 11'],
  lost: ['#b3361b', 'M16 9v9M16 22.5v.1'],
};

export function useTab(training) {
  const {status} = training;
  const end = ending(training);
  const percent = end === null && status?.running ? Math.floor(status.position.percent) : null;
  const title = end !== null
    ? `${end.title} – Perdure`
    : percent !== null ? `${percent} % – epoch ${status.current_epoch}/${status.total_epochs} – Perdure` : 'Perdure';
  const icon = end !== null ? sign(...SIGNS[end.kind]) : percent !== null ? ring(percent) : ICON;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    document.querySelector('link[rel=icon]').href = icon;
  }, [icon]);
}

function ring(percent) {
  const done = (ARC * percent) / 100;
  return svg('<circle cx="16" cy="16" r="12" fill="none" stroke="#9aa1a8" stroke-width="6"/>'
    + `<circle cx="16" cy="16" r="12" fill="none" stroke="#2fa07f" stroke-width="6" stroke-dasharray="${done} ${ARC}" transform="rotate(-90 16 16)"/>`);
}

function sign(colour, path) {
  return svg(`<rect width="32" height="32" rx="8" fill="${colour}"/><path d="${path}" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/>`);
}

function svg(content) {
  return 'data:image/svg+xml,' + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${content}</svg>`);
}
