// The checkpoints that can answer: the newest one, and the others that the run keeps.

import {h, Fragment} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {NEWEST} from './conversations.js';
import {whole} from './format.js';
import {IconButton} from './icons.js';
import {askJson} from './server.js';

/** The models that the server lists, the newest checkpoint first; requested again when the argument changes. */
export function useModels(change) {
  const [models, setModels] = useState([]);
  useEffect(() => {
    let current = true;
    askJson('/v1/models')
      .then(({data}) => current && setModels(data.filter(({id}) => id === NEWEST || id.startsWith(NEWEST + ':'))))
      .catch(() => {});
    return () => (current = false);
  }, [change]);
  return models;
}

/** "epoch 7, training loss 2.31" */
export function describe({epoch, loss}) {
  const where = epoch > 0 ? 'epoch ' + epoch : 'untrained';
  return loss === null ? where : where + ', training loss ' + loss.toPrecision(3);
}

/** "Newest: epoch 7, training loss 2.31" or "Step 345: epoch 2, training loss 3.14" */
function nameOf(id, models) {
  const step = /step-0*(\d+)/.exec(id);
  const name = id === NEWEST ? 'Newest' : step ? 'Step ' + whole(Number(step[1])) : id;
  const model = models.find(model => model.id === id);
  return model ? name + ': ' + describe(model.checkpoint) : name + ' (no longer kept)';
}

/** Which checkpoints answer, one or two of them. */
export function ModelChoice({models, chosen, choose}) {
  if (models.length === 0) {
    return h('span', {class: 'model'}, 'No checkpoint yet');
  }
  if (models.length === 1 && chosen.join() === NEWEST) {
    return h('span', {class: 'model'}, nameOf(NEWEST, models));
  }
  const answering = models.find(({id}) => id === chosen[0])?.checkpoint.name;
  const other = models.find(({id, checkpoint}) => id !== chosen[0] && checkpoint.name !== answering);
  const ids = [...new Set([...models.map(({id}) => id), ...chosen])];
  return h(Fragment, null,
    chosen.map((model, column) => h('select', {
      key: column, class: 'model', value: model,
      'aria-label': column === 0 ? 'Checkpoint that answers' : 'Second checkpoint that answers',
      onChange: event => choose(chosen.with(column, event.target.value)),
    }, ids.map(id => h('option', {key: id, value: id}, nameOf(id, models))))),
    (chosen.length > 1 || other) && h(IconButton, {
      icon: 'columns', label: 'Two checkpoints side by side', 'aria-pressed': chosen.length > 1,
      onClick: () => choose(chosen.length > 1 ? chosen.slice(0, 1) : [chosen[0], other.id]),
    }));
}
