/*
 * The flamegraph's data, decoded: nodes in preorder as parallel arrays. No DOM here.
 * The encoding is flame_data.c's.
 *
 * SPDX-License-Identifier: MIT
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const KINDS = ['program', 'libraries', 'libc', 'kernel', 'JIT code', 'unknown', 'groups'];

/* All numbers of a string: five bits a character, least first, 32 says more follow. */
function decodeNumbers(text) {
  const value = new Int8Array(128);
  for (let i = 0; i < 64; i++) value[ALPHABET.charCodeAt(i)] = i;
  const out = [];
  let number = 0, factor = 1;
  for (let i = 0; i < text.length; i++) {
    const digit = value[text.charCodeAt(i)];
    number += (digit & 31) * factor;
    if (digit & 32) {
      factor *= 32;
    } else {
      out.push(number);
      number = 0;
      factor = 1;
    }
  }
  return out;
}

function decodeFrames(data) {
  const numbers = decodeNumbers(data.frames);
  const frames = [{name: 'too small to be kept', object: '', file: '', line: 0, kind: 5, css: 'f-cut',
                   inlined: false, isCut: true}];
  for (let i = 0; i < data.names.length; i++) {
    const [object, file, line, bits] = numbers.slice(4 * i, 4 * i + 4);
    frames.push({name: data.names[i], object: data.strings[object], file: data.strings[file], line,
                 kind: bits >> 4, css: 'k' + (bits >> 4) + ((bits >> 1) & 7), inlined: (bits & 1) === 1});
  }
  return frames;
}

/* total[] and everywhere[] (of a function, recursion once) are sums of self[]. */
function decodeTree(data) {
  const numbers = decodeNumbers(data.nodes);
  const width = data.diff ? 4 : 3;
  const count = numbers.length / width;
  const tree = {
    count, diff: data.diff, frames: decodeFrames(data),
    frame: new Int32Array(count), parent: new Int32Array(count), depth: new Int32Array(count),
    end: new Int32Array(count),        /* first node after the subtree */
    self: new Float64Array(count), total: new Float64Array(count),
    baseSelf: new Float64Array(count), baseTotal: new Float64Array(count),
  };
  let depth = 0, parent = -1;
  for (let i = 0; i < count; i++) {
    tree.frame[i] = numbers[i * width];
    if (i > 0) {
      let up = numbers[i * width + 1];
      parent = i - 1;
      for (; up > 0; up--) parent = tree.parent[parent];
      depth = tree.depth[parent] + 1;
    }
    tree.parent[i] = parent;
    tree.depth[i] = depth;
    tree.self[i] = tree.total[i] = numbers[i * width + 2];
    if (data.diff) tree.baseSelf[i] = tree.baseTotal[i] = numbers[i * width + 3];
    tree.end[i] = i + 1;
  }
  for (let i = count - 1; i > 0; i--) {
    const above = tree.parent[i];
    tree.total[above] += tree.total[i];
    tree.baseTotal[above] += tree.baseTotal[i];
    if (tree.end[i] > tree.end[above]) tree.end[above] = tree.end[i];
    if (tree.frame[i] === 0) tree.self[i] = tree.baseSelf[i] = 0;
  }
  return tree;
}

/* What each function cost wherever it stands: total without counting recursion twice, and self. */
function sumEverywhere(tree) {
  const total = new Float64Array(tree.frames.length), self = new Float64Array(tree.frames.length);
  const open = new Int32Array(tree.frames.length);    /* how often it is on the path */
  const path = [];
  for (let i = 1; i < tree.count; i++) {
    while (path.length >= tree.depth[i]) open[path.pop()]--;
    const frame = tree.frame[i];
    if (open[frame]++ === 0) total[frame] += tree.total[i];
    self[frame] += tree.self[i];
    path.push(frame);
  }
  return {total, self};
}

/* Where each node begins, in units of value, when widths[] are the widths. */
function placeNodes(tree, widths) {
  const start = new Float64Array(tree.count);
  for (let i = 0; i < tree.count; i++) {
    let at = start[i];
    for (let child = i + 1; child < tree.end[i]; child = tree.end[child]) {
      start[child] = at;
      at += widths[child];
    }
  }
  return start;
}

/* The node at a value, depth rows down from another; where it has no child there, the last one above. */
function nodeAt(tree, start, widths, from, value, depth) {
  let node = from;
  while (tree.depth[node] < depth) {
    let found = -1;
    for (let child = node + 1; child < tree.end[node]; child = tree.end[child])
      if (start[child] <= value && widths[child] > 0) found = child;
    if (found < 0) break;
    node = found;
  }
  return node;
}

/* Which frames' names match, and what they cover of node from: nested matches count once. */
function matchFrames(tree, test) {
  const hit = new Uint8Array(tree.frames.length);
  let functions = 0;
  for (let i = 1; i < tree.frames.length; i++) {
    const frame = tree.frames[i];
    if (test(frame.name) || test(frame.object)) {
      hit[i] = 1;
      functions++;
    }
  }
  return {hit, functions};
}

function sumMatches(tree, widths, hit, from) {
  let sum = 0;
  for (let i = from; i < tree.end[from];) {
    if (hit[tree.frame[i]]) {
      sum += widths[i];
      i = tree.end[i];
    } else {
      i++;
    }
  }
  return sum;
}

function formatCount(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

function formatValue(value, unit) {
  if (unit === 'nanoseconds')
    return value >= 1e9 ? (value / 1e9).toFixed(2) + ' s' : (value / 1e6).toFixed(value < 1e7 ? 2 : 1) + ' ms';
  if (unit === 'bytes') {
    let step = 0;
    for (; value >= 1024 && step < 4; step++) value /= 1024;
    return value.toFixed(step ? 1 : 0) + ' ' + ['B', 'KiB', 'MiB', 'GiB', 'TiB'][step];
  }
  return formatCount(value);
}

function formatPercent(part, whole) {
  const percent = whole ? 100 * part / whole : 0;
  return (percent >= 10 ? percent.toFixed(1) : percent.toFixed(2)) + '\u202f%';
}
