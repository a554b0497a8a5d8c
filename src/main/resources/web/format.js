// Numbers as people read them. One loss has one name everywhere: "training loss" is the mean of the epoch in progress,
// "validation loss" that of the held-out text, and "best loss" the lowest training loss of a whole epoch.

const THOUSAND = new Intl.NumberFormat('en', {maximumFractionDigits: 0});

export function whole(number) {
  return THOUSAND.format(number);
}

/** Four decimals, or "–" if there is none. */
export function exact(loss) {
  return loss == null ? '–' : loss.toFixed(4);
}

/** "1 min 15 s", "12 min" */
export function duration(seconds) {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) {
    return total + ' s';
  }
  const minutes = Math.floor(total / 60);
  if (minutes < 60) {
    return minutes < 10 ? `${minutes} min ${total % 60} s` : minutes + ' min';
  }
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "512 MiB" */
export function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = count;
  for (; value >= 1024 && unit < units.length - 1; unit++) {
    value /= 1024;
  }
  return (value >= 100 || unit === 0 ? whole(value) : value.toPrecision(3)) + ' ' + units[unit];
}

/** "836,864", "12.4 million" */
export function large(number) {
  return number < 1e7 ? whole(number) : number < 1e9 ? (number / 1e6).toFixed(1) + ' million' : (number / 1e9).toFixed(2) + ' billion';
}

/** "step-3630" of the folder "step-0000003630" */
export function short(checkpoint) {
  return checkpoint.replace(/-0+(?=\d)/, '-');
}

/** A word for a shell. */
export function quoted(word) {
  return /^[\w./~@%+:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
