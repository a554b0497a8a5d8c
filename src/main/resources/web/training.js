// The status of training.

import {useEffect, useState} from 'preact/hooks';
import {askJson} from './server.js';

const PERIOD = 2000;
const PATIENCE = 5000;

/**
 * Polls GET /training/status every two seconds while the page is visible.
 * status and progress are null before the first answer; progress also while nothing trains.
 * lastSeen is when the server last answered, in ms; failing says that the last poll was not answered.
 */
export function useTrainingStatus() {
  const [known, setKnown] = useState({status: null, progress: null, lastSeen: Date.now(), failing: false});
  useEffect(() => {
    let timer;
    let ended = false;
    let polling = false;

    async function poll() {
      clearTimeout(timer);
      if (document.hidden || polling) {
        return;
      }
      polling = true;
      try {
        const signal = AbortSignal.timeout(PATIENCE);
        const status = await askJson('/training/status', {signal});
        const progress = status.running ? await askJson('/training/progress', {signal}) : null;
        setKnown({status, progress, lastSeen: Date.now(), failing: false});
      } catch (failure) {
        setKnown(before => ({...before, failing: failure.status !== 401}));
      }
      polling = false;
      if (!ended) {
        timer = setTimeout(poll, PERIOD);
      }
    }

    poll();
    document.addEventListener('visibilitychange', poll);
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', poll);
    };
  }, []);
  return known;
}

/** The checkpoint that would answer now, or null before the first; requested again when that changes. */
export function useCheckpoint(change) {
  const [checkpoint, setCheckpoint] = useState(null);
  useEffect(() => {
    let current = true;
    askJson('/v1/models')
      .then(models => current && setCheckpoint(models.data[0]?.checkpoint ?? null))
      .catch(() => {});
    return () => (current = false);
  }, [change]);
  return checkpoint;
}

/** "epoch 7, loss 2.31" */
export function describe({epoch, loss}) {
  const where = epoch > 0 ? 'epoch ' + epoch : 'untrained';
  return loss === null ? where : where + ', loss ' + loss.toPrecision(3);
}
