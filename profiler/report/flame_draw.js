/*
 * Drawing: only what the window can show. Frames narrower than a pixel become dust, so that one
 * sees there is something to zoom into.
 *
 * SPDX-License-Identifier: MIT
 */
const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = 12, LEAST_WIDTH = 1, LEAST_LABEL = 24;

function make(name, attributes, parent, text) {
  const element = document.createElementNS(SVG, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.appendChild(element);
  return element;
}

function shorten(text, room) {
  if (room < 2) return '';
  const letters = Array.from(text);
  return letters.length <= room ? text : letters.slice(0, room - 1).join('') + '\u2026';
}

/* How much a node's share grew, -8 to 8: flame_palette.c's pf_flame_change. */
function changeClass(tree, node) {
  const now = tree.total[0] ? tree.total[node] / tree.total[0] : 0;
  const before = tree.baseTotal[0] ? tree.baseTotal[node] / tree.baseTotal[0] : 0;
  if (now + before <= 0) return 'd0';
  const change = (now - before) / (now + before);
  const level = Math.round(Math.sign(change) * Math.sqrt(Math.abs(change)) * 8);
  return level < 0 ? 'dm' + -level : 'd' + level;
}

/*
 * view: {tree, widths, start, zoom, row, top, width, flipped, letter, hit}
 * Fills group; returns how many rows it took.
 */
function drawGraph(view, group) {
  const {tree, zoom} = view;
  const rows = countRows(view);
  const above = [];
  for (let node = zoom; node >= 0; node = tree.parent[node]) above.unshift(node);
  above.pop();
  group.textContent = '';
  for (const node of above) drawNode(view, group, node, MARGIN, view.width - 2 * MARGIN, rows, true);
  drawBelow(view, group, rows);
  return rows;
}

function scaleOf(view) {
  const whole = view.widths[view.zoom];
  return whole > 0 ? (view.width - 2 * MARGIN) / whole : 0;
}

function countRows(view) {
  const {tree, zoom} = view, scale = scaleOf(view);
  let deepest = tree.depth[zoom];
  for (let i = zoom; i < tree.end[zoom];) {
    if (view.widths[i] * scale < LEAST_WIDTH && i !== zoom) {
      i = tree.end[i];
      continue;
    }
    if (tree.depth[i] > deepest) deepest = tree.depth[i];
    i++;
  }
  return deepest + 1;
}

function drawBelow(view, group, rows) {
  const {tree, zoom, start} = view, scale = scaleOf(view);
  const dust = [];
  for (let i = zoom; i < tree.end[zoom];) {
    const x = MARGIN + (start[i] - start[zoom]) * scale, width = view.widths[i] * scale;
    if (width < LEAST_WIDTH && i !== zoom) {
      addDust(view, group, dust, i, x, width, rows);
      i = tree.end[i];
      continue;
    }
    drawNode(view, group, i, x, width, rows, false);
    i++;
  }
  for (const depth in dust) drawDust(view, group, dust[depth], rows);
}

/* Neighbours too narrow to be drawn, as one. */
function addDust(view, group, dust, node, x, width, rows) {
  const depth = view.tree.depth[node];
  const last = dust[depth];
  if (last && x - last.right < 0.5) {
    last.right = x + width;
    last.hit = last.hit || hasHit(view, node);
    return;
  }
  if (last) drawDust(view, group, last, rows);
  dust[depth] = {depth, left: x, right: x + width, node: view.tree.parent[node], hit: hasHit(view, node)};
}

function hasHit(view, node) {
  return view.hit !== null && view.hit[view.tree.frame[node]] === 1;
}

function rowY(view, depth, rows) {
  return view.top + (view.flipped ? rows - 1 - depth : depth) * view.row;
}

function drawDust(view, group, dust, rows) {
  if (dust.right - dust.left < 0.4) return;
  make('rect', {
    'class': 'f-dust' + (dust.hit ? ' f-hit' : ''), x: dust.left.toFixed(1), y: rowY(view, dust.depth, rows),
    width: Math.max(0.6, dust.right - dust.left - 0.3).toFixed(1), height: view.row - 1, 'data-dust': dust.node,
  }, group);
}

function classOf(view, node) {
  const {tree} = view;
  if (node === 0) return 'f-all';
  if (tree.frame[node] === 0) return 'f-cut';
  return tree.diff ? changeClass(tree, node) : tree.frames[tree.frame[node]].css;
}

function drawNode(view, group, node, x, width, rows, isAbove) {
  const frame = view.tree.frames[view.tree.frame[node]];
  const y = rowY(view, view.tree.depth[node], rows);
  let css = classOf(view, node);
  if (isAbove) css += ' f-above';
  if (view.hit !== null && node > 0) css += view.hit[view.tree.frame[node]] ? ' f-hit' : ' f-miss';
  make('rect', {
    'class': css, x: x.toFixed(1), y, width: Math.max(0.5, width > 2 ? width - 0.7 : width - 0.2).toFixed(1),
    height: view.row - 1, rx: width > 6 ? 2 : 0, 'data-node': node,
  }, group);
  if (width < LEAST_LABEL) return;
  const name = node === 0 ? view.rootLabel : frame.name;
  const label = shorten(name, Math.floor((width - 7) / view.letter));
  if (label)
    make('text', {'class': isAbove ? 'f-above' : '', x: (x + 3.5).toFixed(1), y: y + view.row / 2 + 4}, group, label);
}
