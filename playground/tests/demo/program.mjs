// The program `pleach demo`, started and stopped as a person at a terminal would.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const START_MS = 60_000;
const STOP_MS = 15_000;

// The line that says where the page is.
const PAGE = /^\s*Playground\s+(http:\S+)/;

/** Starts the demo, on a port that the system chooses. */
export function startDemo(program) {
  return new Demo(spawn(program, ['demo', '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

class Demo {
  #child;
  #exit;
  #lines = [];
  #page;

  constructor(child) {
    this.#child = child;
    this.#exit = once(child, 'exit');
    // A program that cannot be started at all is heard of by whoever waits for the page.
    this.#exit.catch(() => {});
    this.#page = new Promise((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#lines.push(line);
          const page = PAGE.exec(line);
          if (page) resolve(page[1]);
        });
      }
    });
  }

  /** What the program has printed. */
  get output() {
    return this.#lines.join('\n');
  }

  /** Waits until the program says where its page is. */
  url() {
    const ended = this.#exit.then(([code]) => {
      throw new Error(`the demo ended with status ${code} before it said where it is`);
    });
    const late = pause(START_MS, undefined, { ref: false }).then(() => {
      throw new Error(`the demo did not say within ${START_MS} ms where it is`);
    });
    return Promise.race([this.#page, ended, late]);
  }

  /** Asks the program to end, and returns what goes wrong with that. */
  async stop() {
    if (!this.#child.kill('SIGTERM')) return [];
    const late = pause(STOP_MS, [`not within ${STOP_MS} ms`], { ref: false });
    const [status] = await Promise.race([this.#exit, late]);
    this.#child.kill('SIGKILL');
    return status === 0 ? [] : [`the demo did not end well when it was asked to: ${status}`];
  }
}
