/*
 * The flamegraph in a real browser: what a person sees, clicks, types and touches.
 *
 * usage: node flamegraph_test.mjs ASSAY [DIR]   (pictures of what was seen go to DIR)
 *
 * SPDX-License-Identifier: MIT
 */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {chromium} from 'playwright-core';

const assay = process.argv[2];
const work = mkdtempSync(join(tmpdir(), 'assay-browser-'));
const pictures = process.argv[3] || work;

function makeSvg(name, folded, ...more) {
  const input = join(work, name + '.folded'), output = join(work, name + '.svg');
  writeFileSync(input, folded);
  execFileSync(assay, ['report', input, '-o', output, ...more]);
  return output;
}

const SAMPLE = [
  'main;server_loop;wait;epoll_wait_[k] 100', 'main;server_loop;read_query;process;set_command;dict_add 300',
  'main;server_loop;read_query;process;get_command 200', 'main;server_loop;write_reply;send 350',
  'main;startup 50', '',
].join('\n');

/* Every subtree of 'main' has children of its own: about 100 000 frames in all. */
function manyFrames() {
  const lines = [];
  for (let a = 0; a < 40; a++)
    for (let b = 0; b < 50; b++)
      for (let c = 0; c < 24; c++)
        lines.push(`main;handler_${a};step_${a}_${b};leaf_${a}_${b}_${c};tail_${c} ${1 + (a * b + c) % 7}`);
  return lines.join('\n') + '\n';
}

const tests = {
  async 'draws every frame that is wide enough'(page) {
    await open(page, makeSvg('sample', SAMPLE));
    assert.equal(await page.locator('rect[data-node]').count(), 13);
    assert.equal(await page.locator('.f-static').count(), 0, 'the drawn picture makes room');
    assert.deepEqual((await page.locator('.f-graph text').allTextContents()).slice(0, 2),
                     ['all  1\u202f000 samples', 'main']);
    await page.screenshot({path: join(pictures, 'sample.png')});
  },

  async 'tooltip tells name, counts and shares'(page) {
    await open(page, makeSvg('sample', SAMPLE));
    await frame(page, 'read_query').hover();
    const lines = await page.locator('.f-tip text').allTextContents();
    assert.equal(lines[0], 'read_query');
    assert.ok(lines.includes('total 500 samples, 50.0\u202f%'), lines.join('|'));
    assert.ok(lines.includes('self 0 samples, 0.00\u202f%'), lines.join('|'));
    await page.mouse.move(2, 2);
    assert.equal(await page.locator('.f-tip').isVisible(), false);
  },

  async 'click zooms, breadcrumbs and reset lead back'(page) {
    await open(page, makeSvg('sample', SAMPLE));
    const before = await width(page, 'process');
    await frame(page, 'process').click();
    assert.ok(await width(page, 'process') > before * 1.9, 'zoomed to the full width');
    assert.equal(await frame(page, 'write_reply').count(), 0);
    assert.match(await page.locator('.f-crumbs').textContent(), /^all › main › server_loop › read_query › process$/);
    await frame(page, 'get_command').hover();
    assert.ok((await page.locator('.f-tip text').allTextContents()).some((line) => line.includes('40.0\u202f% of this view')));
    await page.locator('.f-crumb', {hasText: 'server_loop'}).click();
    assert.equal(await frame(page, 'write_reply').count(), 1);
    await page.locator('[data-action=reset]').click();
    assert.equal(await frame(page, 'startup').count(), 1);
    assert.equal(await page.locator('.f-crumbs').count(), 0);
  },

  async 'search marks what matches and says its share'(page) {
    await open(page, makeSvg('sample', SAMPLE));
    await page.keyboard.press('/');
    await page.keyboard.type('_command|SEND');
    assert.equal(await page.locator('.f-match').textContent(), '50.0\u202f% in 2 functions', 'case counts as soon as a capital is typed');
    await page.locator('input').fill('_command|send');
    assert.equal(await page.locator('.f-match').textContent(), '85.0\u202f% in 3 functions');
    assert.equal(await page.locator('rect.f-hit[data-node]').count(), 3);
    await page.locator('input').fill('(');
    assert.equal(await page.locator('.f-match').textContent(), 'no match', 'no expression: taken as text');
    await page.screenshot({path: join(pictures, 'search.png')});
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.f-match').count(), 0);
  },

  async 'nested matches count once'(page) {
    await open(page, makeSvg('sample', SAMPLE));
    await page.locator('input').fill('server_loop|read_query|process');
    assert.match(await page.locator('.f-match').textContent(), /^95\.0/);
  },

  async 'a link keeps zoom and search'(page) {
    const file = makeSvg('sample', SAMPLE);
    await open(page, file);
    await frame(page, 'process').click();
    await page.locator('input').fill('dict');
    const link = await page.evaluate(() => location.href);
    assert.match(link, /#z=\d+&s=dict$/);
    await page.goto('about:blank');
    await page.goto(link);
    assert.match(await page.locator('.f-crumbs').textContent(), /process$/);
    assert.equal(await page.locator('.f-match').textContent(), '60.0\u202f% of this view in 1 function');
  },

  async 'keys walk, zoom and flip'(page) {
    await open(page, makeSvg('sample', SAMPLE));
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    assert.equal((await page.locator('.f-tip text').allTextContents())[0], 'read_query', 'the widest child');
    await page.keyboard.press('ArrowRight');
    assert.equal((await page.locator('.f-tip text').allTextContents())[0], 'wait');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    assert.match(await page.locator('.f-crumbs').textContent(), /read_query$/);
    await page.keyboard.press('Backspace');
    assert.match(await page.locator('.f-crumbs').textContent(), /server_loop$/);
    await page.keyboard.press('Escape');
    const top = await y(page, 'main');
    await page.keyboard.press('i');
    assert.ok(await y(page, 'main') > top, 'the root is below');
    await page.keyboard.press('?');
    assert.equal(await page.locator('.f-help').count(), 1);
  },

  async 'a hundred thousand frames: few are drawn, all can be reached'(page) {
    await open(page, makeSvg('many', manyFrames()));
    const drawn = await page.locator('.f-graph rect').count();
    assert.ok(drawn < 9000, `${drawn} rectangles`);
    await page.screenshot({path: join(pictures, 'many.png')});
    assert.equal(await frame(page, 'leaf_7_9_3').count(), 0, 'narrower than a pixel');
    await frame(page, 'handler_7').click();
    await frame(page, 'step_7_9').click();
    assert.equal(await frame(page, 'leaf_7_9_3').count(), 1);
    await page.screenshot({path: join(pictures, 'many_zoomed.png')});
  },

  async 'thousands of children in one frame can be reached, by pointer and by keys'(page) {
    const lines = [];
    for (let i = 0; i < 5000; i++) lines.push(`main;child_${String(i).padStart(4, '0')};leaf 1`);
    await open(page, makeSvg('wide', lines.join('\n') + '\n'));
    await frame(page, 'main').click();
    await page.locator('[data-dust]').first().click({position: {x: 628, y: 5}});
    assert.match(await page.locator('.f-crumbs').textContent(), /^all › main › child_2\d\d\d$/);
    await page.keyboard.press('Escape');
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    assert.equal((await page.locator('.f-tip text').allTextContents())[0], 'child_0001');
    await page.keyboard.press('Enter');
    assert.match(await page.locator('.f-crumbs').textContent(), /child_0001$/);
  },

  async 'hostile names are text, nothing runs and nothing is fetched'(page) {
    const names = ['</script><script>window.hacked=1</script>', ']]><script>window.hacked=1</script>',
                   '<img src=x onerror=window.hacked=1>', '"><svg onload=window.hacked=1>', '&amp;<!--',
                   '\u202e\u0007bell', '${window.hacked=1}', '__proto__', 'constructor'];
    await open(page, makeSvg('hostile', names.map((name, i) => `main;${name} ${10 + i}`).join('\n') + '\n'));
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await page.locator('input').fill('__proto__');
    assert.match(await page.locator('.f-match').textContent(), /in 1 function$/);
    assert.equal(await page.locator('rect[data-name*="onerror"]').count(), 1);
  },

  async 'one frame and no frame at all are pictures'(page) {
    await open(page, makeSvg('one', 'main 1\n'));
    assert.equal(await page.locator('rect[data-node]').count(), 2);
    await open(page, makeSvg('none', 'main 1\n', '--ignore', 'main'));
    assert.equal(await page.locator('rect[data-node]').count(), 1);
    await page.screenshot({path: join(pictures, 'none.png')});
  },

  async 'a narrow screen and the dark scheme are drawn for'(page) {
    await page.setViewportSize({width: 400, height: 700});
    await page.emulateMedia({colorScheme: 'dark'});
    await open(page, makeSvg('sample', SAMPLE));
    const right = await page.evaluate(() => Math.max(...Array.from(document.querySelectorAll('rect'),
      (rect) => rect.getBoundingClientRect().right)));
    assert.ok(right <= 400, `${right}`);
    await page.screenshot({path: join(pictures, 'narrow_dark.png')});
  },

  async 'the page holds picture and table'(page) {
    const file = makeSvg('sample', SAMPLE), html = file.replace('.svg', '.html');
    execFileSync(assay, ['report', file.replace('.svg', '.folded'), '-o', html]);
    await open(page, html);
    assert.equal(await page.locator('rect[data-node]').count(), 13);
    assert.equal(await page.locator('tbody tr').first().locator('code').textContent(), 'send');
    await page.screenshot({path: join(pictures, 'page.png')});
  },

  async 'a comparison swaps the widths'(page) {
    const base = join(work, 'base.folded'), file = join(work, 'diff.svg');
    makeSvg('sample', SAMPLE);
    writeFileSync(base, SAMPLE.replace('send 350', 'send 50').replace('startup 50', 'startup 350'));
    execFileSync(assay, ['diff', base, join(work, 'sample.folded'), '-o', file]);
    await open(page, file);
    const now = await width(page, 'send');
    assert.match(await frame(page, 'send').getAttribute('class'), /d[5-8]/);
    assert.match(await frame(page, 'startup').getAttribute('class'), /dm[5-8]/);
    await frame(page, 'send').hover();
    assert.ok((await page.locator('.f-tip text').allTextContents()).some((line) => line.includes('+30.00 points')));
    await page.screenshot({path: join(pictures, 'diff.png')});
    await page.keyboard.press('b');
    assert.ok(await width(page, 'send') < now / 4);
  },

  async 'a long title ends before the buttons, and is whole in its tooltip'(page) {
    const title = 'W'.repeat(40) + ' --with-a-long-command-line'.repeat(8);
    await open(page, makeSvg('titled', SAMPLE, '--title', title));
    for (const size of [1280, 700, 420]) {
      await page.setViewportSize({width: size, height: 700});
      await page.waitForFunction((wanted) => document.documentElement.getAttribute('width') === String(wanted), size);
      const {drawn, button} = await boxes(page, {drawn: '.f-ui .f-title', button: '.f-button rect'});
      const end = drawn.x + drawn.width;
      assert.ok(end <= size, `${end} of ${size} pixels`);
      assert.ok(end <= button.x || button.y > drawn.y + drawn.height, `over the buttons at ${size}`);
      assert.equal(await page.locator('.f-ui .f-title title').textContent(), title);
    }
  },
};

async function open(page, file) {
  await page.goto('file://' + file);
  await page.waitForSelector('rect[data-node="0"]');
}

/* By the label drawn on it, or, where none fits, by the data. */
function frame(page, name) {
  return page.locator(`rect[data-name="${name}"]`);
}

async function width(page, name) {
  return Number(await frame(page, name).getAttribute('width'));
}

/* Measured in one go: a window that changes its size is drawn anew at any moment, element by element. */
function boxes(page, selectors) {
  return page.evaluate((wanted) => Object.fromEntries(Object.entries(wanted).map(([name, selector]) => {
    const {x, y, width, height} = document.querySelector(selector).getBoundingClientRect();
    return [name, {x, y, width, height}];
  })), selectors);
}

async function y(page, name) {
  return Number(await frame(page, name).getAttribute('y'));
}

async function runOne(browser, name) {
  const context = await browser.newContext({viewport: {width: 1280, height: 720}, reducedMotion: 'reduce'});
  const page = await context.newPage();
  const trouble = [];
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('request', (request) => /^(file|about|data):/.test(request.url()) || trouble.push('fetched ' + request.url()));
  page.on('dialog', (dialog) => { trouble.push('dialog ' + dialog.message()); dialog.dismiss(); });
  page.setDefaultTimeout(10000);
  try {
    await tests[name](page);
    assert.deepEqual(trouble, []);
    console.log('ok   ' + name);
    return true;
  } catch (error) {
    console.log('FAIL ' + name + '\n' + error.message);
    return false;
  } finally {
    await context.close();
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
         '--disable-sync', '--no-first-run'],
});
let failed = 0;
for (const name of Object.keys(tests)) failed += !(await runOne(browser, name));
await browser.close();
rmSync(work, {recursive: true});
console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
