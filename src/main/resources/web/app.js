// The page: a bar while something trains, a chat, and a button for the curve.

import {h, render} from 'preact';
import {useEffect, useErrorBoundary, useState} from 'preact/hooks';
import {StatusBar} from './bar.js';
import {Chat} from './chat.js';
import {useConversation, useOpen} from './conversation.js';
import {IconButton} from './icons.js';
import {ConversationList, useNarrow} from './list.js';
import {useModels} from './models.js';
import {rememberToken, whenTokenIsWanted} from './server.js';
import {complete, Settings} from './settings.js';
import {useStored} from './stored.js';
import {useTab} from './tab.js';
import {TokenPrompt} from './token.js';
import {useTraining} from './training.js';

/** Where an open curve covers the chat. */
const COVERED = matchMedia('(max-width: 60rem)');

function App() {
  const training = useTraining();
  useTab(training);
  const [settings, setSettings] = useStored('settings', {});
  const [settingsOpen, setSettingsOpen] = useState(false);
  const [curveOpen, setCurveOpen] = useStored('curve-open', false, Boolean);
  const [open, setOpen, start] = useOpen();
  const narrow = useNarrow();
  const [listOpen, setListOpen] = useStored('list-open', true, Boolean);
  const [drawerOpen, setDrawerOpen] = useState(false);
  const listShown = narrow ? drawerOpen : listOpen;
  const covered = () => curveOpen && COVERED.matches;
  const showList = () => {
    narrow ? setDrawerOpen(true) : setListOpen(covered() || !listOpen);
    covered() && setCurveOpen(false);
  };
  const startNew = () => {
    covered() && setCurveOpen(false);
    start();
  };
  const change = [training.status?.saved.checkpoint, training.status?.running].join();

  return h('div', {class: 'page' + (curveOpen ? ' with-curve' : '')},
    h(StatusBar, {training}),
    h('header', {class: 'head'},
      h(IconButton, {icon: 'list', label: 'Conversations', 'aria-expanded': listShown, onClick: showList}),
      h('h1', {class: 'name'}, 'Perdure'),
      h('nav', {class: 'head-buttons', 'aria-label': 'Page'},
        h('button', {type: 'button', onClick: startNew, title: 'New conversation'}, 'New'),
        h('button', {type: 'button', 'aria-pressed': curveOpen, onClick: () => setCurveOpen(!curveOpen)}, 'Curve'),
        h('button', {type: 'button', 'aria-haspopup': 'dialog', onClick: () => setSettingsOpen(true)}, 'Settings'))),
    h('div', {class: 'panes'},
      h(Talk, {open, setOpen, start, settings: complete(settings), change, listShown, closeList: narrow ? () => setDrawerOpen(false) : null}),
      curveOpen && h(Lazy, {load: () => import('./curve.js').then(module => module.Curve), training})),
    settingsOpen && h(Settings, {settings, change: setSettings, close: () => setSettingsOpen(false)}));
}

/** The list of conversations and the open one. Apart from the page, since it is drawn anew while an answer grows. */
function Talk({open, setOpen, start, settings, change, listShown, closeList}) {
  const conversation = useConversation(open, setOpen, settings);
  const models = useModels([change, conversation.busy].join());
  return h('div', {class: 'talk'},
    listShown && h(ConversationList, {open, setOpen, start, close: closeList}),
    h(Chat, {key: open, conversation, models}));
}

/** A component whose code is loaded when it is first shown. */
function Lazy({load, ...properties}) {
  const [component, setComponent] = useState(null);
  useEffect(() => {
    load().then(loaded => setComponent(() => loaded));
  }, []);
  return component && h(component, properties);
}

/** What the page shows instead of nothing if it fails. */
function Failure({error, again}) {
  return h('main', {class: 'welcome'},
    h('h2', null, 'The page failed'),
    h('p', {role: 'alert'}, String(error)),
    h('div', {class: 'suggestions'}, h('button', {type: 'button', onClick: again}, 'Try again')));
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
  const [error, forget] = useErrorBoundary();
  return h('div', null, error ? h(Failure, {error, again: forget}) : h(App, {key: round}), wanted && h(TokenPrompt, {give, refused: round > 0}));
}

render(h(Gate), document.getElementById('app'));
