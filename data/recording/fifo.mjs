// What service.mjs and station.mjs share: a first-come first-served queue in virtual time, seeded random numbers,
// and the record of what was done.
//
// Nothing is computed while a request is "served": its finish follows from the Kiefer-Wolfowitz recursion
//
//   start = max(arrival, earliest free worker),  finish = start + service time
//
// and the answer is sent when the clock gets there. So the machine's own speed is never the capacity, and a late
// timer delays one answer without moving any other.

import { writeFileSync } from "node:fs";

const SLICE_MS = 10_000; // Artillery's own period, aligned to the wall clock

export const now = () => performance.timeOrigin + performance.now(); // wall clock [ms], finer than a millisecond
export const round = (x, digits = 3) => Number(x.toFixed(digits));

// ---------------------------------------------------------------- random numbers

// sfc32 (Chris Doty-Humphrey's PractRand): small, seeded, the same on every machine.
export function uniforms(seed) {
  let [a, b, c, d] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88 | 0, 1];
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t | 0;
    return ((t >>> 0) + 0.5) / 2 ** 32;
  };
  for (let i = 0; i < 16; i++) next();
  return next;
}

export function erlang(random, mean, shape) {
  let logs = 0;
  for (let i = 0; i < shape; i++) logs -= Math.log(random());
  return (logs * mean) / shape;
}

export function lognormal(random, median, sigma) {
  const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * normal);
}

// ---------------------------------------------------------------- c workers, one queue

export class Fifo {
  constructor(workers) {
    this.free = new Array(workers).fill(0); // when each worker is free again
    this.starts = []; // start times still to come: they leave in order, so the head is the next
    this.head = 0;
  }

  waiting(t) {
    while (this.head < this.starts.length && this.starts[this.head] <= t) this.head++;
    if (this.head > 4096) {
      this.starts = this.starts.slice(this.head);
      this.head = 0;
    }
    return this.starts.length - this.head;
  }

  inSystem(t) {
    return this.waiting(t) + this.free.filter((end) => end > t).length;
  }

  // The Kiefer-Wolfowitz step: which worker is free first, and when it is done with this request.
  serve(t, service) {
    const first = this.free.indexOf(Math.min(...this.free));
    const start = Math.max(t, this.free[first]);
    this.free[first] = start + service;
    if (start > t) this.starts.push(start);
    return { service, wait: start - t, finish: start + service };
  }
}

// ---------------------------------------------------------------- the truth

export class Record {
  constructor(ends) {
    this.ends = ends; // what a request can come to, besides having arrived: counted by the second
    this.total = { arrived: 0, ...Object.fromEntries(ends.map((end) => [end, 0])), client_gone: 0 };
    this.drawn = { count: 0, service: 0, square: 0, held: 0, wait: 0, late: 0 };
    this.seconds = new Map();
    this.responses = new Map(); // start of the 10 s slice -> response times as constructed [ms]
  }

  second(t) {
    const key = Math.floor(t / 1000);
    if (!this.seconds.has(key)) {
      const counts = Object.fromEntries(this.ends.map((end) => [end, 0]));
      this.seconds.set(key, { arrived: 0, ...counts, in_system_max: 0, service_ms: 0 });
    }
    return this.seconds.get(key);
  }

  count(what, t) {
    this.total[what]++;
    this.second(t)[what]++;
  }

  // `drawn` is the service time before anything prolonged it, where something does.
  admitted(t, { service, wait, finish }, extra, inSystem, drawn = service) {
    this.drawn.count++;
    this.drawn.service += drawn;
    this.drawn.square += drawn * drawn;
    this.drawn.held += service;
    this.drawn.wait += wait;
    const second = this.second(t);
    second.service_ms += drawn;
    second.in_system_max = Math.max(second.in_system_max, inSystem);
    const slice = Math.floor((finish + extra) / SLICE_MS) * SLICE_MS;
    if (!this.responses.has(slice)) this.responses.set(slice, []);
    this.responses.get(slice).push(wait + service + extra);
  }

  served(t, due) {
    this.count("served", t);
    this.drawn.late += t - due;
  }

  slices() {
    return [...this.responses].sort(([a], [b]) => a - b).map(([period, times]) => {
      times.sort((a, b) => a - b);
      const at = (q) => round(times[Math.min(times.length - 1, Math.ceil(q * times.length) - 1)], 1);
      const mean = round(times.reduce((a, b) => a + b, 0) / times.length, 1);
      return { period, count: times.length, mean, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
    });
  }

  perSecond() {
    if (!this.seconds.size) return { epoch0_ms: null };
    const keys = [...this.seconds.keys()];
    const [from, to] = [Math.min(...keys), Math.max(...keys)];
    const names = ["arrived", ...this.ends, "in_system_max", "service_ms"];
    const columns = Object.fromEntries(names.map((name) => [name, []]));
    for (let key = from; key <= to; key++) {
      for (const name in columns) columns[name].push(round(this.seconds.get(key)?.[name] ?? 0, 1));
    }
    return { epoch0_ms: from * 1000, ...columns };
  }
}

// ---------------------------------------------------------------- over HTTP

export function answer(response, status, body = "") {
  response.writeHead(status, { "content-type": "text/plain", "content-length": body.length });
  response.end(body);
}

// Answer 200 when the clock gets to `due`; if the client leaves before, the worker does the work all the same.
export function answerAt(due, t, response, body, run) {
  const timer = setTimeout(() => {
    run.served(now(), due);
    answer(response, 200, body);
  }, Math.round(due - t - 0.5)); // timers fire up to a millisecond late
  response.on("close", () => {
    if (response.writableFinished) return;
    clearTimeout(timer);
    run.total.client_gone++;
  });
}

// SIGUSR2 starts the record (and the random numbers) anew; SIGTERM writes the truth file and ends.
export function obey(begin, truth, file) {
  begin();
  process.on("SIGUSR2", begin);
  process.on("SIGTERM", () => {
    writeFileSync(file, JSON.stringify(truth()) + "\n");
    process.exit(0);
  });
}
