// The processes that train a run together, in words.

import {duration, whole} from './format.js';

/** Of the session; below it ranks are as fast as each other. */
const SLOW = 0.02;

/** "4 ranks by Slurm, rank 2 on n3 is slow: others wait 12 % for it". The slow rank is the one that waits least. */
export function ranks({world, launcher, ranks: known}, {session_seconds: seconds}) {
  const all = `${whole(world)} ranks${launcher === 'flags' ? '' : ' by ' + launcher}`;
  if (known.length < 2 || !(seconds > 0)) {
    return all;
  }
  const slow = known.reduce((one, other) => other.wait_seconds < one.wait_seconds ? other : one);
  const others = known.filter(rank => rank !== slow);
  const waited = others.reduce((sum, rank) => sum + rank.wait_seconds, 0) / others.length - slow.wait_seconds;
  const share = waited / seconds;
  return share < SLOW ? all : `${all}, rank ${slow.rank} on ${slow.host} is slow: others wait ${Math.round(100 * share)} % for it`;
}

/** "rank 1 on n2 is lost: Connection closed – at step 57, 2/3/2026, 11:04:05 AM" */
export function lost({reason, step, at}) {
  return `${reason.replace(/\.$/, '')} – at step ${whole(step)}, ${new Date(at).toLocaleString()}`;
}

/** A line for each. */
export function everyRank({attempt, ranks: known}) {
  return [`Attempt ${attempt}`, ...known.map(rank =>
    `Rank ${rank.rank} on ${rank.host}: step ${whole(rank.step)}, heard ${duration(rank.heard_seconds)} ago, waited ${duration(rank.wait_seconds)}`)].join('\n');
}
