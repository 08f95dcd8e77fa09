/*
 * What a person does: pointer, touch, keys, search, links. Begins everything.
 *
 * SPDX-License-Identifier: MIT
 */
function zoomTo(ui, node) {
  ui.view.zoom = node;
  ui.selected = node;
  writeHash(ui);
  redraw(ui);
}

function resetAll(ui) {
  ui.search.input.value = '';
  applySearch(ui, '');
  zoomTo(ui, 0);
}

function flip(ui) {
  ui.view.flipped = !ui.view.flipped;
  redraw(ui);
}

function swapBase(ui) {
  ui.showsBase = !ui.showsBase;
  ui.view.widths = ui.showsBase ? ui.tree.baseTotal : ui.tree.total;
  ui.view.start = placeNodes(ui.tree, ui.view.widths);
  ui.view.zoom = ui.view.widths[ui.view.zoom] > 0 ? ui.view.zoom : 0;
  redraw(ui);
}

/* A regular expression if it is one, else the text; small letters match both. */
function makeTest(pattern) {
  const flags = pattern === pattern.toLowerCase() ? 'i' : '';
  let regex;
  try {
    regex = new RegExp(pattern, flags);
  } catch (e) {
    regex = new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), flags);
  }
  return (text) => regex.test(text);
}

function applySearch(ui, pattern) {
  ui.pattern = pattern;
  if (pattern === '') {
    ui.view.hit = null;
  } else {
    const found = matchFrames(ui.tree, makeTest(pattern));
    ui.view.hit = found.hit;
    ui.functions = found.functions;
  }
  writeHash(ui);
}

function writeHash(ui) {
  const parts = [];
  if (ui.view.zoom) parts.push('z=' + ui.view.zoom);
  if (ui.pattern) parts.push('s=' + encodeURIComponent(ui.pattern));
  if (ui.svg.parentNode !== document) return;
  try {
    history.replaceState(null, '', parts.length ? '#' + parts.join('&') : location.pathname + location.search);
  } catch (e) { /* a sandboxed frame: no links then */ }
}

function readHash(ui) {
  if (ui.svg.parentNode !== document) return;
  for (const part of location.hash.slice(1).split('&')) {
    const value = part.slice(2);
    if (part.startsWith('z=') && +value > 0 && +value < ui.tree.count) ui.view.zoom = Math.floor(+value);
    if (part.startsWith('s=')) {
      try {
        ui.search.input.value = decodeURIComponent(value);
      } catch (e) { /* not ours */ }
      applySearch(ui, ui.search.input.value);
    }
  }
}

function nodeOf(event) {
  const node = event.target.getAttribute && event.target.getAttribute('data-node');
  return node === null || node === undefined ? -1 : +node;
}

function pointIn(ui, event) {
  const box = ui.svg.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function onMove(ui, event) {
  const node = nodeOf(event), dust = event.target.getAttribute && event.target.getAttribute('data-dust');
  if (dust && event.pointerType !== 'touch')
    return showTip(ui, dustLines(ui, +dust, +event.target.getAttribute('data-count')), ...pointIn(ui, event));
  if (node < 0 || event.pointerType === 'touch') {
    if (event.pointerType !== 'touch') hideTip(ui);
    return undefined;
  }
  return showTip(ui, tipLines(ui, node), ...pointIn(ui, event));
}

/* The frame that holds the dust; if that is what fills the window already, what is under the pointer. */
function dustTarget(ui, holder, event) {
  const {view, tree} = ui;
  if (holder !== view.zoom) return holder;
  const [x] = pointIn(ui, event), whole = view.width - 2 * MARGIN;
  const value = view.start[holder] + (x - MARGIN) / whole * view.widths[holder];
  return nodeAt(tree, view.start, view.widths, holder, value, tree.depth[holder] + 1);
}

/* A finger has no hover: the first tap shows, the second zooms. */
function onClick(ui, event) {
  const dust = event.target.getAttribute && event.target.getAttribute('data-dust');
  if (dust) return zoomTo(ui, dustTarget(ui, +dust, event));
  const node = nodeOf(event);
  if (node < 0) return hideTip(ui);
  if (ui.lastPointer === 'touch' && ui.touched !== node) {
    ui.touched = node;
    ui.selected = node;
    showSelected(ui);
    return showTip(ui, tipLines(ui, node), ...pointIn(ui, event));
  }
  ui.touched = -1;
  return zoomTo(ui, node);
}

function showSelected(ui) {
  const last = ui.graph.querySelector('.f-selected');
  if (last) last.classList.remove('f-selected');
  const rect = ui.selected > 0 && ui.graph.querySelector(`[data-node="${ui.selected}"]`);
  if (rect) rect.classList.add('f-selected');
  return rect || null;
}

function widestChild(ui, node) {
  let best = -1;
  for (let child = node + 1; child < ui.tree.end[node]; child = ui.tree.end[child])
    if (best < 0 || ui.view.widths[child] > ui.view.widths[best]) best = child;
  return best;
}

function sibling(ui, node, step) {
  const parent = ui.tree.parent[node];
  if (parent < 0) return -1;
  let before = -1;
  for (let child = parent + 1; child < ui.tree.end[parent]; child = ui.tree.end[child]) {
    if (step < 0 && child === node) return before;
    if (step > 0 && before === node) return child;
    before = child;
  }
  return -1;
}

function select(ui, node) {
  if (node < 0) return;
  ui.selected = node;
  const rect = showSelected(ui);
  if (!rect) return showTip(ui, tipLines(ui, node), xOf(ui, node), ui.view.top);
  rect.scrollIntoView({block: 'nearest'});
  showTip(ui, tipLines(ui, node), +rect.getAttribute('x') + Math.min(60, +rect.getAttribute('width') / 2),
          +rect.getAttribute('y') + ui.view.row / 2);
}

/* Of a frame too narrow to be drawn: keys reach it, too. */
function xOf(ui, node) {
  const {view} = ui, whole = view.widths[view.zoom] || 1;
  return MARGIN + (view.start[node] - view.start[view.zoom]) / whole * (view.width - 2 * MARGIN);
}

function onKey(ui, event) {
  if (event.target === ui.search.input) {
    if (event.key === 'Escape') {
      ui.search.input.value = '';
      ui.search.input.blur();
      applySearch(ui, '');
      redraw(ui);
    }
    return;
  }
  const isFind = (event.ctrlKey || event.metaKey) && event.key === 'f';
  if (!isFind && (event.ctrlKey || event.metaKey || event.altKey)) return;
  const at = Math.max(ui.selected, ui.view.zoom), parent = ui.tree.parent[at];
  const down = ui.view.flipped ? 'ArrowUp' : 'ArrowDown', up = ui.view.flipped ? 'ArrowDown' : 'ArrowUp';
  const actions = {
    '/': () => ui.search.input.focus(), f: () => ui.search.input.focus(),
    [down]: () => select(ui, widestChild(ui, at)), [up]: () => select(ui, parent),
    ArrowLeft: () => select(ui, sibling(ui, at, -1)), ArrowRight: () => select(ui, sibling(ui, at, 1)),
    Enter: () => zoomTo(ui, at), Backspace: () => zoomTo(ui, Math.max(0, ui.tree.parent[ui.view.zoom])),
    Escape: () => (ui.help ? toggleHelp(ui) : resetAll(ui)), i: () => flip(ui), '?': () => toggleHelp(ui),
    b: () => ui.tree.diff && swapBase(ui), '0': () => resetAll(ui),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

const HELP = [
  ['click, Enter', 'zoom in'], ['Backspace', 'zoom out one step'], ['Esc, 0', 'show everything, clear the search'],
  ['/', 'search: text or regular expression'], ['arrows', 'walk from frame to frame'],
  ['i', 'root above or below'], ['b', 'comparison: widths of the base or of the new profile'],
];

function toggleHelp(ui) {
  if (ui.help) {
    ui.help.remove();
    ui.help = null;
    return;
  }
  const rows = HELP.filter(([key]) => key !== 'b' || ui.tree.diff);
  const x = Math.max(4, ui.view.width - 424), width = Math.min(412, ui.view.width - 8);
  ui.help = make('g', {'class': 'f-help', transform: `translate(${x} 44)`}, ui.svg);
  make('rect', {width, height: rows.length * 20 + 18, rx: 6}, ui.help);
  rows.forEach(([key, what], i) => {
    make('text', {'class': 'f-tip-b', x: 12, y: 24 + 20 * i}, ui.help, key);
    make('text', {'class': 'f-tip-t', x: 118, y: 24 + 20 * i}, ui.help, what);
  });
  ui.help.addEventListener('click', () => toggleHelp(ui));
}

function listen(ui) {
  const {svg, search} = ui;
  let frame = 0;
  svg.addEventListener('pointerdown', (event) => { ui.lastPointer = event.pointerType; });
  svg.addEventListener('pointermove', (event) => onMove(ui, event));
  svg.addEventListener('pointerleave', () => hideTip(ui));
  ui.graph.addEventListener('click', (event) => onClick(ui, event));
  search.input.addEventListener('input', () => {
    applySearch(ui, search.input.value);
    redraw(ui);
  });
  document.addEventListener('keydown', (event) => onKey(ui, event));
  addEventListener('resize', () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => redraw(ui));
  });
  addEventListener('hashchange', () => {
    readHash(ui);
    redraw(ui);
  });
}

function start(svg) {
  const data = JSON.parse(svg.querySelector('.f-data').textContent);
  const tree = decodeTree(data);
  const ui = makeUi(svg, data, tree);
  svg.querySelector('.f-static').remove();
  svg.querySelectorAll('.f-head').forEach((element) => element.remove());
  svg.removeAttribute('viewBox');
  svg.removeAttribute('preserveAspectRatio');
  readHash(ui);
  listen(ui);
  redraw(ui);
}

const script = document.currentScript;
start(script && script.closest ? script.closest('svg') : document.querySelector('svg.assay-flame'));
