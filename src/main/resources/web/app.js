// The page: a bar while something trains, a chat, and a button for the curve.

import {h, render} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {useConversation} from './answers.js';
import {StatusBar} from './bar.js';
import {Chat} from './chat.js';
import {rememberToken, whenTokenIsWanted} from './server.js';
import {DEFAULTS, Settings} from './settings.js';
import {useStored} from './stored.js';
import {TokenPrompt} from './token.js';
import {describe, useCheckpoint, useTrainingStatus} from './training.js';

function App() {
  const training = useTrainingStatus();
  const [settings, setSettings] = useStored('settings', DEFAULTS);
  const conversation = useConversation({...DEFAULTS, ...settings});
  const change = [training.progress?.saved.checkpoint, training.status?.running, conversation.busy].join();
  const checkpoint = useCheckpoint(change);
  const [settingsOpen, setSettingsOpen] = useState(false);
  const [curveOpen, setCurveOpen] = useStored('curve-open', false);

  return h('div', {class: 'page' + (curveOpen ? ' with-curve' : '')},
    h(StatusBar, {training}),
    h('header', {class: 'head'},
      h('h1', {class: 'name'}, 'Perdure'),
      h('span', {class: 'checkpoint', title: checkpoint?.name}, checkpoint ? describe(checkpoint) : 'no checkpoint yet'),
      h('nav', {class: 'head-buttons', 'aria-label': 'Page'},
        h('button', {type: 'button', onClick: conversation.clear, disabled: conversation.messages.length === 0, title: 'New conversation'}, 'New'),
        h('button', {type: 'button', 'aria-pressed': curveOpen, onClick: () => setCurveOpen(!curveOpen)}, 'Curve'),
        h('button', {type: 'button', 'aria-haspopup': 'dialog', onClick: () => setSettingsOpen(true)}, 'Settings'))),
    h('div', {class: 'panes'},
      h(Chat, {conversation, checkpoint}),
      curveOpen && h(Lazy, {load: () => import('./curve.js').then(module => module.Curve), close: () => setCurveOpen(false)})),
    settingsOpen && h(Settings, {settings: {...DEFAULTS, ...settings}, change: setSettings, close: () => setSettingsOpen(false)}));
}

/** A component whose code is loaded when it is first shown. */
function Lazy({load, ...properties}) {
  const [component, setComponent] = useState(null);
  useEffect(() => {
    load().then(loaded => setComponent(() => loaded));
  }, []);
  return component && h(component, properties);
}

/** The whole page starts anew once there is a token, since earlier requests were refused. */
function Gate() {
  const [round, setRound] = useState(0);
  const [wanted, setWanted] = useState(false);
  useEffect(() => whenTokenIsWanted(() => setWanted(true)), []);
  const give = token => {
    rememberToken(token);
    setWanted(false);
    setRound(round + 1);
  };
  return h('div', null, h(App, {key: round}), wanted && h(TokenPrompt, {give}));
}

render(h(Gate), document.getElementById('app'));
