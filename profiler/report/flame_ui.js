/*
 * The window around the graph: title, search, breadcrumbs, tooltip, keys, touch.
 *
 * SPDX-License-Identifier: MIT
 */
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

function makeUi(svg, data, tree) {
  const ui = {
    svg, data, tree, everywhere: sumEverywhere(tree), selected: -1, pattern: '', touched: -1,
    head: make('g', {'class': 'f-ui'}, svg), graph: make('g', {'class': 'f-graph'}, svg),
    foot: make('g', {'class': 'f-ui'}, svg), tip: make('g', {'class': 'f-tip', 'pointer-events': 'none'}, svg),
    view: {tree, widths: tree.total, start: null, zoom: 0, row: 19, top: 0, width: 1200, flipped: false,
           letter: 7.23, hit: null, rootLabel: ''},
    showsBase: false,
  };
  const probe = make('text', {'class': 'f-graph'}, ui.graph, 'MMMMMMMMMMMMMMMMMMMM');
  ui.view.letter = (probe.getComputedTextLength() || 144.6) / 20;
  ui.view.start = placeNodes(tree, ui.view.widths);
  ui.search = makeSearch(svg);
  return ui;
}

function makeSearch(svg) {
  const holder = make('foreignObject', {'class': 'f-search', height: 30}, svg);
  const input = document.createElementNS('http://www.w3.org/1999/xhtml', 'input');
  input.setAttribute('type', 'search');
  input.setAttribute('placeholder', 'Search  ( / )');
  input.setAttribute('aria-label', 'Search functions: text or regular expression');
  input.setAttribute('spellcheck', 'false');
  input.setAttribute('autocomplete', 'off');
  holder.appendChild(input);
  return {holder, input};
}

function unitText(ui, value) {
  const text = formatValue(value, ui.data.unit);
  return ui.data.unit === 'count' ? text + ' ' + ui.data.type : text;
}

function wholeOf(ui) {
  return ui.view.widths[0];
}

/* --- drawing everything ------------------------------------------------------------------- */

function redraw(ui) {
  const {view, svg} = ui;
  const coarse = matchMedia('(pointer: coarse)').matches;
  view.row = coarse ? 26 : 19;
  view.width = Math.max(280, svg.parentNode === document ? innerWidth : svg.getBoundingClientRect().width);
  view.rootLabel = 'all  ' + unitText(ui, wholeOf(ui)) + (ui.showsBase ? ' (base)' : '');
  view.top = drawHead(ui) + 8;
  const rows = drawGraph(view, ui.graph);
  const bottom = drawFoot(ui, view.top + rows * view.row + 10);
  const height = Math.max(bottom, svg.parentNode === document ? innerHeight - 4 : 0);
  svg.setAttribute('height', Math.ceil(height));
  svg.setAttribute('width', svg.parentNode === document ? view.width : '100%');
  hideTip(ui);
  showSelected(ui);
}

function drawHead(ui) {
  const {head, view, data} = ui, narrow = view.width < 640;
  const searchWidth = narrow ? view.width - 2 * MARGIN : 240;
  head.textContent = '';
  make('text', {'class': 'f-title', x: MARGIN, y: 27}, head,
       shorten(data.title, Math.floor((view.width - 2 * MARGIN - (narrow ? 0 : 470)) / 9)));
  let y = 27;
  for (const line of wrap(data.subtitle, Math.floor((view.width - 2 * MARGIN - (narrow ? 0 : 250)) / 6.3)))
    make('text', {'class': 'f-sub', x: MARGIN, y: y += 18}, head, line);
  for (const warning of data.warnings)
    for (const line of wrap('\u26a0 ' + warning, Math.floor((view.width - 2 * MARGIN) / 6.3)))
      make('text', {'class': 'f-warn', x: MARGIN, y: y += 18}, head, line);
  ui.search.holder.setAttribute('x', narrow ? MARGIN : view.width - MARGIN - searchWidth);
  ui.search.holder.setAttribute('y', narrow ? y + 10 : 10);
  ui.search.holder.setAttribute('width', searchWidth);
  if (narrow) y += 36;
  drawButtons(ui, narrow, y);
  if (narrow) y += 24;
  drawMatch(ui, narrow, y);
  return drawCrumbs(ui, y + 22);
}

function wrap(text, room) {
  const lines = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + word.length + 1 > room) {
      lines.push(line);
      line = '';
    }
    line += (line ? ' ' : '') + word;
  }
  if (line) lines.push(line);
  return lines;
}

function drawButtons(ui, narrow, y) {
  const buttons = [['Reset', 'reset', resetAll], ['Flip', 'flip', flip]];
  if (ui.tree.diff) buttons.push([ui.showsBase ? 'New' : 'Base', 'base', swapBase]);
  buttons.push(['?', 'help', toggleHelp]);
  let x = narrow ? MARGIN : ui.view.width - MARGIN - 240 - 12;
  if (!narrow) for (const [label] of buttons) x -= label.length * 7 + 24;
  for (const [label, name, action] of buttons) {
    const width = label.length * 7 + 18;
    const button = make('g', {'class': 'f-button', role: 'button', tabindex: 0, 'data-action': name}, ui.head);
    make('rect', {x, y: narrow ? y + 2 : 12, width, height: 24, rx: 5}, button);
    make('text', {x: x + width / 2, y: narrow ? y + 18 : 28}, button, label);
    button.addEventListener('click', () => action(ui));
    button.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        event.stopPropagation();
        action(ui);
      }
    });
    x += width + 6;
  }
}

function drawMatch(ui, narrow, y) {
  const {view, tree} = ui;
  if (view.hit === null) return;
  const sum = sumMatches(tree, view.widths, view.hit, view.zoom);
  const where = view.zoom ? ' of this view' : '';
  const text = ui.functions === 0 ? 'no match'
    : `${formatPercent(sum, view.widths[view.zoom])}${where} in ${formatCount(ui.functions)} ` +
      `function${ui.functions === 1 ? '' : 's'}`;
  make('text', {'class': 'f-match', x: view.width - MARGIN, y: narrow ? y - 8 : 58, 'text-anchor': 'end'}, ui.head,
       text);
}

/* all > main > ...: where the zoom is, each a way back. */
function drawCrumbs(ui, y) {
  const {view, tree, head} = ui;
  if (view.zoom === 0) return y - 14;
  const path = [];
  for (let node = view.zoom; node > 0; node = tree.parent[node]) path.unshift(node);
  const letter = 6.7, room = Math.floor((view.width - 2 * MARGIN) / letter);
  const names = path.map((node) => shorten(tree.frames[tree.frame[node]].name, 32));
  let first = 0;
  for (let size = names.reduce((sum, name) => sum + name.length + 3, 6); size > room && first < path.length - 1; first++)
    size -= names[first].length + 3;
  const line = make('text', {'class': 'f-crumbs', x: MARGIN, y}, head);
  addCrumb(ui, line, 'all', 0);
  if (first > 0) make('tspan', {}, line, ' \u203a \u2026');
  for (let i = first; i < path.length; i++) {
    make('tspan', {}, line, ' \u203a ');
    addCrumb(ui, line, shorten(names[i], Math.max(8, room - 10)), path[i]);
  }
  return y + 4;
}

function addCrumb(ui, line, name, node) {
  const crumb = make('tspan', {'class': 'f-crumb', 'data-crumb': node}, line, name);
  crumb.addEventListener('click', () => zoomTo(ui, node));
}

/* What the colours mean: only the kinds there are. */
function drawFoot(ui, y) {
  const {foot, view, tree} = ui;
  foot.textContent = '';
  let x = MARGIN;
  const add = (css, label) => {
    const width = 22 + label.length * 6.4 + 14;
    if (x + width > view.width) {
      x = MARGIN;
      y += 20;
    }
    make('rect', {'class': css, x, y: y + 4, width: 12, height: 12, rx: 2}, foot);
    make('text', {'class': 'f-legend', x: x + 18, y: y + 14}, foot, label);
    x += width;
  };
  if (tree.diff) {
    add('dm8', 'less than in the base');
    add('d0', 'the same');
    add('d8', 'more');
  } else {
    const seen = new Set(tree.frames.slice(1).map((frame) => frame.kind));
    KINDS.forEach((name, kind) => seen.has(kind) && add('k' + kind + '2', name));
  }
  if (view.hit !== null) add('f-hit', 'matches');
  return y + 30;
}

/* --- tooltip ------------------------------------------------------------------------------ */

function tipLines(ui, node) {
  const {tree, view} = ui, frame = tree.frames[tree.frame[node]], whole = wholeOf(ui);
  const lines = [];
  if (node === 0) return [['b', 'all'], ['', unitText(ui, whole)]];
  lines.push(['b', frame.name]);
  const place = [frame.object, frame.file && frame.file + (frame.line ? ':' + frame.line : '')].filter(Boolean);
  if (place.length) lines.push(['m', place.join('   ')]);
  if (frame.inlined) lines.push(['m', 'inlined']);
  lines.push(['', `total ${unitText(ui, view.widths[node])}, ${formatPercent(view.widths[node], whole)}` +
    (view.zoom ? `, ${formatPercent(view.widths[node], view.widths[view.zoom])} of this view` : '')]);
  if (frame.isCut) return lines;
  const self = ui.showsBase ? tree.baseSelf[node] : tree.self[node];
  lines.push(['', `self ${unitText(ui, self)}, ${formatPercent(self, whole)}`]);
  const all = ui.everywhere.total[tree.frame[node]];
  if (!tree.diff && all > tree.total[node] * 1.0005)
    lines.push(['m', `everywhere: total ${formatPercent(all, whole)}, ` +
      `self ${formatPercent(ui.everywhere.self[tree.frame[node]], whole)}`]);
  if (tree.diff) lines.push(['', changeText(tree, node)]);
  return lines;
}

function changeText(tree, node) {
  const now = tree.total[0] ? 100 * tree.total[node] / tree.total[0] : 0;
  const before = tree.baseTotal[0] ? 100 * tree.baseTotal[node] / tree.baseTotal[0] : 0;
  const change = now - before;
  return `share ${before.toFixed(2)}\u202f% \u2192 ${now.toFixed(2)}\u202f% ` +
    `(${change >= 0 ? '+' : '\u2212'}${Math.abs(change).toFixed(2)} points)`;
}

/* Long names are broken, not cut: the tooltip is where they are read. */
function breakLine(text, room) {
  const lines = [];
  const letters = Array.from(text);
  for (let at = 0; at < letters.length; at += room) lines.push(letters.slice(at, at + room).join(''));
  return lines.slice(0, 8);
}

function showTip(ui, node, x, y) {
  const {tip, view} = ui, room = Math.max(20, Math.floor(Math.min(view.width - 40, 720) / 7.3));
  tip.textContent = '';
  const box = make('rect', {rx: 6}, tip);
  let line = 0, widest = 0;
  for (const [style, text] of tipLines(ui, node))
    for (const part of breakLine(text, room)) {
      const element = make('text', {'class': 'f-tip-' + (style || 't'), x: 10, y: 20 + 17 * line++}, tip, part);
      widest = Math.max(widest, element.getComputedTextLength());
    }
  const width = widest + 20, height = line * 17 + 14;
  box.setAttribute('width', width);
  box.setAttribute('height', height);
  const left = Math.max(4, Math.min(x + 14, view.width - width - 6));
  const top = y + 18 + height > scrollTop(ui) + innerHeight ? y - height - 10 : y + 18;
  tip.setAttribute('transform', `translate(${left.toFixed(0)} ${Math.max(2, top).toFixed(0)})`);
  tip.style.display = '';
}

function scrollTop(ui) {
  return -ui.svg.getBoundingClientRect().top;
}

function hideTip(ui) {
  ui.tip.style.display = 'none';
}

/* --- what a person does ------------------------------------------------------------------- */

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
  const node = nodeOf(event);
  if (node < 0 || event.pointerType === 'touch') {
    if (event.pointerType !== 'touch') hideTip(ui);
    return;
  }
  showTip(ui, node, ...pointIn(ui, event));
}

/* A finger has no hover: the first tap shows, the second zooms. */
function onClick(ui, event) {
  const dust = event.target.getAttribute && event.target.getAttribute('data-dust');
  if (dust) return zoomTo(ui, +dust);
  const node = nodeOf(event);
  if (node < 0) return hideTip(ui);
  if (ui.lastPointer === 'touch' && ui.touched !== node) {
    ui.touched = node;
    ui.selected = node;
    showSelected(ui);
    return showTip(ui, node, ...pointIn(ui, event));
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
  if (!rect) return;
  rect.scrollIntoView({block: 'nearest'});
  showTip(ui, node, +rect.getAttribute('x') + Math.min(60, +rect.getAttribute('width') / 2),
          +rect.getAttribute('y') + ui.view.row / 2);
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

const script = document.currentScript;
start(script && script.closest ? script.closest('svg') : document.querySelector('svg.assay-flame'));
