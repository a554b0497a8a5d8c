// The charts, which share their steps.

import uPlot from 'uplot';
import {bytes, whole} from './format.js';

/** The small charts by the column that they show, in the order in which they stand. */
export const SMALL = {
  rate: {title: 'Learning rate', value: rate => (rate === 0 ? '0' : rate.toExponential(1)), least: 0},
  norm: {title: 'Gradient norm', value: norm => norm.toPrecision(3)},
  speed: {title: 'Tokens per second', value: whole, least: 0},
  memory: {title: 'Memory', value: bytes, least: 0, incrs: Array.from({length: 50}, (_, power) => 2 ** power)},
};

/**
 * Draws a chart into each element until destroy() is called.
 *
 * @param elements by name: loss, and those of SMALL
 * @param current gives {data, restarts, view}: columns by name, steps of restarts, and what history.view returns
 * @param hover receives the index under the pointer, or null
 */
export function plots(elements, logarithmic, current, hover) {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    grid: {stroke: colour('--line'), width: 1},
    ticks: {show: false},
    font: '12px system-ui, sans-serif',
  };
  const steps = {...axis, size: 30, values: (_, splits) => splits.map(split => (Number.isInteger(split) ? whole(split) : ''))};
  let zoomed = false;

  function markRestarts(chart) {
    const {ctx, bbox} = chart;
    ctx.save();
    ctx.strokeStyle = colour('--muted');
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const step of current().restarts) {
      const x = Math.round(chart.valToPos(step, 'x', true));
      if (x >= bbox.left && x <= bbox.left + bbox.width) {
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
    }
    ctx.restore();
  }

  function chart(name, y, axisOfY, series, extra = {}) {
    const element = elements[name];
    const options = {
      width: Math.max(100, element.clientWidth),
      height: Math.max(60, element.clientHeight),
      legend: {show: false},
      cursor: {
        sync: {key: 'perdure', setSeries: false},
        points: {size: 6},
        drag: {x: true, y: false},
        bind: {dblclick: () => () => show(null)},
      },
      scales: {x: {time: false}, y},
      axes: [steps, axisOfY],
      series: [{}, ...series],
      hooks: {draw: [markRestarts], setSelect: [self => self.select.width > 0 && (zoomed = true)], ...extra},
    };
    return new uPlot(options, columns(name), element);
  }

  function columns(name) {
    const {data} = current();
    return name === 'loss' ? [data.steps, data.loss, data.smoothed, data.validation] : [data.steps, data[name]];
  }

  const charts = {
    loss: chart(
      'loss',
      logarithmic ? {distr: 3} : {},
      logarithmic ? {...axis, size: 62, values: (_, splits) => splits.map(split => (split === null ? '' : String(Number(split.toPrecision(2)))))} : {...axis, size: 62},
      [
        {stroke: colour('--curve-raw'), width: 1, spanGaps: true, points: {show: false}},
        {stroke: colour('--accent'), width: 2, spanGaps: true, points: {show: false}},
        {stroke: colour('--curve-validation'), width: 1.5, spanGaps: true, points: {show: true, size: 6, fill: colour('--curve-validation')}},
      ],
      {setCursor: [self => hover(self.cursor.idx ?? null)]}),
  };
  for (const [name, {value, least, incrs}] of Object.entries(SMALL)) {
    const y = least === undefined ? {} : {range: (_, low, high) => [least, high > least ? least + (high - least) * 1.05 : least + 1]};
    const axisOfY = {...axis, size: 62, space: 28, values: (_, splits) => splits.map(value), ...(incrs && {incrs})};
    charts[name] = chart(name, y, axisOfY, [{stroke: colour('--accent'), width: 1.5, spanGaps: true, points: {show: false}}]);
  }

  const resize = new ResizeObserver(entries => {
    for (const {target} of entries) {
      const name = Object.keys(elements).find(each => elements[each] === target);
      if (name !== undefined && target.clientWidth > 0) {
        charts[name].setSize({width: target.clientWidth, height: target.clientHeight});
      }
    }
  });
  Object.values(elements).forEach(element => resize.observe(element));

  /** Shows the part that the view names, or the one that someone has dragged and not given back by a double click. */
  function show(dragged) {
    zoomed = dragged !== null;
    const {data, view} = current();
    const first = view.from ?? data.steps[0] ?? 0;
    const part = dragged ?? {min: first, max: Math.max(data.steps.at(-1) ?? 0, first + 1)};
    Object.values(charts).forEach(each => each.setScale('x', part));
  }

  show(null);
  return {
    update() {
      const {min, max} = charts.loss.scales.x;
      Object.keys(charts).forEach(name => charts[name].setData(columns(name), false));
      show(zoomed ? {min, max} : null);
    },
    show: () => show(null),
    canvases: () => Object.fromEntries(Object.entries(charts).map(([name, each]) => [name, each.ctx.canvas])),
    destroy() {
      resize.disconnect();
      Object.values(charts).forEach(each => each.destroy());
    },
  };
}
