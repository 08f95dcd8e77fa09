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
 * view: {tree, widths, start, zoom, row, top, width, flipped, letter, hit, rootLabel}
 * Fills group; returns how many rows it took.
 */
function drawGraph(view, group) {
  const {tree, zoom} = view;
  const picture = layOut(view);
  const above = [];
  for (let node = tree.parent[zoom]; node >= 0; node = tree.parent[node]) above.unshift(node);
  group.textContent = '';
  for (const node of above) drawNode(view, group, node, MARGIN, view.width - 2 * MARGIN, picture.rows, true);
  for (const item of picture.items) drawNode(view, group, item.node, item.x, item.width, picture.rows, false);
  for (const dust of picture.dust) drawDust(view, group, dust, picture.rows);
  return picture.rows;
}

/* What is wide enough to be a frame, and the dust of what is not; no DOM yet. */
function layOut(view) {
  const {tree, zoom, start, widths} = view;
  const scale = widths[zoom] > 0 ? (view.width - 2 * MARGIN) / widths[zoom] : 0;
  const items = [], dust = [], open = [];
  const holder = new Int32Array(tree.end[zoom] - zoom);    /* the narrowest frame drawn that holds it */
  let deepest = tree.depth[zoom];
  for (let i = zoom; i < tree.end[zoom]; i++) {
    const x = MARGIN + (start[i] - start[zoom]) * scale, width = widths[i] * scale;
    if (width >= LEAST_WIDTH || i === zoom) {
      items.push({node: i, x, width});
      holder[i - zoom] = i;
      deepest = Math.max(deepest, tree.depth[i]);
    } else if (width > 0) {
      holder[i - zoom] = holder[tree.parent[i] - zoom];
      addDust(view, open, dust, {node: i, x, width, holder: holder[i - zoom]});
    }
  }
  for (const depth in open) if (isSeen(open[depth])) dust.push(open[depth]);
  for (const grain of dust) deepest = Math.max(deepest, grain.depth);
  return {items, dust, rows: deepest + 1};
}

function isSeen(dust) {
  return dust.right - dust.left >= 0.4;
}

/* Neighbours in one frame, of one kind, too narrow to be drawn are one; a click zooms to that frame. */
function addDust(view, open, dust, grain) {
  const {tree} = view, depth = tree.depth[grain.node], last = open[depth], frame = tree.frame[grain.node];
  const hit = view.hit !== null && view.hit[frame] === 1, kind = tree.frames[frame].kind;
  if (last && grain.x - last.right < 0.5 && last.kind === kind && last.hit === hit && last.node === grain.holder) {
    last.right = grain.x + grain.width;
    last.count++;
    return;
  }
  if (last && isSeen(last)) dust.push(last);
  open[depth] = {depth, kind, hit, left: grain.x, right: grain.x + grain.width, node: grain.holder, count: 1};
}

function rowY(view, depth, rows) {
  return view.top + (view.flipped ? rows - 1 - depth : depth) * view.row;
}

function drawDust(view, group, dust, rows) {
  const css = view.tree.diff ? 'f-dust' : 'f-dust k' + dust.kind + '2';
  make('rect', {
    'class': css + (dust.hit ? ' f-hit' : view.hit !== null ? ' f-miss' : ''),
    x: dust.left.toFixed(1), y: rowY(view, dust.depth, rows),
    width: Math.max(0.6, dust.right - dust.left - 0.2).toFixed(1), height: view.row - 1,
    'data-dust': dust.node, 'data-count': dust.count,
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
    height: view.row - 1, rx: width > 6 ? 2 : 0, 'data-node': node, 'data-name': node === 0 ? 'all' : frame.name,
  }, group);
  if (width < LEAST_LABEL) return;
  const label = shorten(node === 0 ? view.rootLabel : frame.name, Math.floor((width - 7) / view.letter));
  if (label)
    make('text', {'class': isAbove ? 'f-above' : '', x: (x + 3.5).toFixed(1), y: y + view.row / 2 + 4}, group, label);
}
