// Two uPlot charts that share their steps.

import uPlot from 'uplot';

const LOSS_HEIGHT = 290;
const RATE_HEIGHT = 120;

/**
 * Draws into two elements until destroy() is called.
 *
 * @param current gives {data, restarts}, data as columns: step, loss, smoothed, validation, rate
 * @param hover receives the index under the pointer, or null
 */
export function plots(lossElement, rateElement, logarithmic, current, hover) {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    grid: {stroke: colour('--line'), width: 1},
    ticks: {show: false},
    font: '12px system-ui, sans-serif',
  };
  const steps = {...axis, size: 30, values: (_, splits) => splits.map(split => (Number.isInteger(split) ? split.toLocaleString('en') : ''))};
  const sync = uPlot.sync('perdure');
  const common = {
    width: 100,
    legend: {show: false},
    cursor: {sync: {key: sync.key}, points: {size: 6}, drag: {x: true, y: false}},
  };
  const markRestarts = chart => {
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
  };
  const lossOptions = {
    ...common,
    height: LOSS_HEIGHT,
    scales: {x: {time: false}, y: logarithmic ? {distr: 3} : {}},
    axes: [steps, {...axis, size: 62}],
    series: [
      {},
      {stroke: colour('--curve-raw'), width: 1, points: {show: false}},
      {stroke: colour('--accent'), width: 2, spanGaps: true, points: {show: false}},
      {stroke: colour('--curve-validation'), width: 1.5, spanGaps: true, points: {show: true, size: 6, fill: colour('--curve-validation')}},
    ],
    hooks: {draw: [markRestarts], setCursor: [chart => hover(chart.cursor.idx ?? null)]},
  };
  const rateOptions = {
    ...common,
    height: RATE_HEIGHT,
    scales: {x: {time: false}, y: {range: (_, least, most) => [0, most > 0 ? most * 1.05 : 1]}},
    axes: [steps, {...axis, size: 62, space: 28, values: (_, splits) => splits.map(rate => (rate === 0 ? '0' : rate.toExponential(1)))}],
    series: [{}, {stroke: colour('--accent'), width: 1.5, spanGaps: true, points: {show: false}}],
    hooks: {draw: [markRestarts]},
  };
  const loss = new uPlot(lossOptions, columns(), lossElement);
  const rate = new uPlot(rateOptions, rateColumns(), rateElement);

  function columns() {
    return current().data.slice(0, 4);
  }

  function rateColumns() {
    const data = current().data;
    return [data[0], data[4]];
  }

  const resize = new ResizeObserver(() => {
    loss.setSize({width: lossElement.clientWidth, height: LOSS_HEIGHT});
    rate.setSize({width: rateElement.clientWidth, height: RATE_HEIGHT});
  });
  resize.observe(lossElement);

  return {
    update() {
      loss.setData(columns());
      rate.setData(rateColumns());
    },
    destroy() {
      resize.disconnect();
      loss.destroy();
      rate.destroy();
    },
  };
}
