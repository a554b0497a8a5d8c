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
