/*
 * The window around the graph: title, search, breadcrumbs, legend, tooltip.
 *
 * SPDX-License-Identifier: MIT
 */
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
  const room = view.width - 2 * MARGIN, beside = narrow ? 0 : searchWidth + 12;
  drawTitle(head, data.title, narrow ? room : room - beside - buttonsWidth(buttonsOf(ui)));
  let y = 27;
  for (const line of wrap(data.subtitle, lettersIn(head, 'f-sub', data.subtitle, room - beside)))
    make('text', {'class': 'f-sub', x: MARGIN, y: y += 18}, head, line);
  for (const warning of data.warnings)
    for (const line of wrap('\u26a0 ' + warning, lettersIn(head, 'f-warn', warning, room)))
      make('text', {'class': 'f-warn', x: MARGIN, y: y += 18}, head, line);
  ui.search.holder.setAttribute('x', narrow ? MARGIN : view.width - MARGIN - searchWidth);
  ui.search.holder.setAttribute('y', narrow ? y + 10 : 10);
  ui.search.holder.setAttribute('width', searchWidth);
  if (narrow) y += 42;
  drawButtons(ui, narrow, y);
  if (narrow) y += 24;
  drawMatch(ui, narrow, y);
  return drawCrumbs(ui, y + 22);
}

/* How many letters like those of text fit into room pixels, in the font of this class. */
function lettersIn(parent, name, text, room) {
  const probe = make('text', {'class': name}, parent, text);
  const letter = probe.getComputedTextLength() / text.length;
  probe.remove();
  return letter ? Math.floor(room * 0.97 / letter) : text.length;
}

/* A title that had to be cut is whole in its tooltip. */
function drawTitle(head, title, room) {
  const drawn = make('text', {'class': 'f-title', x: MARGIN, y: 27}, head, title);
  if (drawn.getComputedTextLength() <= room) return;
  let letters = drawn.getNumberOfChars();
  while (letters > 1 && drawn.getSubStringLength(0, letters) > room - 20) letters--;
  drawn.textContent = shorten(title, letters + 1);
  make('title', {}, drawn, title);
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

function buttonsOf(ui) {
  const buttons = [['Reset', 'reset', resetAll], ['Flip', 'flip', flip]];
  if (ui.tree.diff) buttons.push([ui.showsBase ? 'New' : 'Base', 'base', swapBase]);
  buttons.push(['?', 'help', toggleHelp]);
  return buttons;
}

function buttonsWidth(buttons) {
  return buttons.reduce((sum, [label]) => sum + label.length * 7 + 24, 0);
}

function drawButtons(ui, narrow, y) {
  const buttons = buttonsOf(ui);
  let x = narrow ? MARGIN : ui.view.width - MARGIN - 240 - 12 - buttonsWidth(buttons);
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

function dustLines(ui, node, count) {
  const {tree} = ui, inside = node === 0 ? 'all' : tree.frames[tree.frame[node]].name;
  return [['b', `${formatCount(count)} frame${count === 1 ? '' : 's'} too narrow to draw`],
          ['m', 'a click zooms into ' + shorten(inside, 60)]];
}

function showTip(ui, lines, x, y) {
  const {tip, view} = ui, room = Math.max(20, Math.floor(Math.min(view.width - 40, 720) / 7.3));
  tip.textContent = '';
  const box = make('rect', {rx: 6}, tip);
  let line = 0, widest = 0;
  for (const [style, text] of lines)
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
