// The reference service "storefront": a web shop whose capacity is known by construction.
//
//   node service.mjs --ports 4181,4182 --truth out.json [--seed 7] [--workers 8] [--queue 300]
//
// Each port is one instance: c workers fed by one first-come first-served queue. Nothing is computed while a
// request is "served": its service time is drawn, its finish follows from the Kiefer-Wolfowitz recursion
//
//   start = max(arrival, earliest free worker),  finish = start + service time
//
// in virtual time, and the answer is sent when the clock gets there. So the machine's own speed is never the
// capacity, and a late timer delays one answer without moving any other.
//
// Capacity. ENDPOINTS gives the share of the requests and the mean service time of each endpoint, so
//
//   E[S] = 0.35*20 + 0.20*5 + 0.28*25 + 0.12*75 + 0.03*82 + 0.02*27 = 27 ms
//   C(1) = c / E[S] = 8 / 0.027 s = 296.3 req/s
//   C(n) = n * C(1) / (1 + ALPHA*(n - 1)),  ALPHA = 0.03: with n instances each service time is 1 + ALPHA*(n - 1)
//          times as long (a shared database); C(2) = 575.3, C(4) = 1087.3 req/s
//
// in answered requests. Refused logins (429) do not change it, since a login takes as long as the mean request;
// a full queue (503) refuses whatever comes. The payment provider is a delay after the worker is done and holds
// no worker, so it makes checkout slow and takes no capacity.
//
// SIGUSR2 starts the record (and the random numbers) anew; SIGTERM writes the truth file and ends.

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const ALPHA = 0.03; // contention between instances: service time grows by this share for each further one
const SLICE_MS = 10_000; // Artillery's own period, aligned to the wall clock

// share [of requests], mean [ms] and shape of the Erlang law of the service time, size of the body [bytes]
const ENDPOINTS = {
  "GET /": { share: 0.35, mean: 20, shape: 4, bytes: 4096 },
  "GET /static/app.css": { share: 0.2, mean: 5, shape: 16, bytes: 8192 },
  "GET /api/products": { share: 0.28, mean: 25, shape: 2, bytes: 2048 },
  "GET /api/search": { share: 0.12, mean: 75, shape: 1, bytes: 1024 },
  "POST /api/checkout": { share: 0.03, mean: 82, shape: 1, bytes: 256, payment: true },
  "POST /api/login": { share: 0.02, mean: 27, shape: 4, bytes: 128, limited: true },
};
const PAYMENT = { median: 280, sigma: 0.35, slow_share: 0.03, slow_median: 1500 }; // lognormal [ms]
const LOGIN_LIMIT = { per_second: 6, burst: 6 }; // token bucket of each instance

const { values: options } = parseArgs({
  options: {
    ports: { type: "string" },
    truth: { type: "string" },
    seed: { type: "string", default: "7" },
    workers: { type: "string", default: "8" },
    queue: { type: "string", default: "300" },
  },
});
const ports = options.ports.split(",").map(Number);
const workers = Number(options.workers);
const queueLimit = Number(options.queue);
const inflation = 1 + ALPHA * (ports.length - 1);
const now = () => performance.timeOrigin + performance.now(); // wall clock [ms], finer than a millisecond

// ---------------------------------------------------------------- random numbers

// sfc32 (Chris Doty-Humphrey's PractRand): small, seeded, the same on every machine.
function uniforms(seed) {
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

function erlang(random, mean, shape) {
  let logs = 0;
  for (let i = 0; i < shape; i++) logs -= Math.log(random());
  return (logs * mean) / shape;
}

function payment(random) {
  const median = random() < PAYMENT.slow_share ? PAYMENT.slow_median : PAYMENT.median;
  const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(PAYMENT.sigma * normal);
}

// ---------------------------------------------------------------- one instance

class Station {
  constructor(seed) {
    this.random = uniforms(seed);
    this.free = new Array(workers).fill(0); // when each worker is free again
    this.starts = []; // start times still to come: they leave in order, so the head is the next
    this.head = 0;
    this.tokens = LOGIN_LIMIT.burst;
    this.refilled = 0;
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

  allows(t) {
    if (this.refilled) this.tokens += ((t - this.refilled) / 1000) * LOGIN_LIMIT.per_second;
    this.tokens = Math.min(this.tokens, LOGIN_LIMIT.burst);
    this.refilled = t;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  // The Kiefer-Wolfowitz step: which worker is free first, and when it is done with this request.
  admit(t, { mean, shape }) {
    const service = erlang(this.random, mean, shape) * inflation;
    const first = this.free.indexOf(Math.min(...this.free));
    const start = Math.max(t, this.free[first]);
    this.free[first] = start + service;
    if (start > t) this.starts.push(start);
    return { service, wait: start - t, finish: start + service };
  }
}

// ---------------------------------------------------------------- the truth

class Record {
  constructor() {
    this.total = { arrived: 0, served: 0, refused: 0, rate_limited: 0, client_gone: 0 };
    this.drawn = { count: 0, service: 0, square: 0, wait: 0, late: 0 };
    this.endpoints = Object.fromEntries(Object.keys(ENDPOINTS).map((name) => [name, { count: 0, service: 0 }]));
    this.seconds = new Map();
    this.responses = new Map(); // start of the 10 s slice -> response times as constructed [ms]
    this.perInstance = ports.map(() => 0);
  }

  second(t) {
    const key = Math.floor(t / 1000);
    if (!this.seconds.has(key)) {
      this.seconds.set(key, { arrived: 0, served: 0, refused: 0, rate_limited: 0, in_system_max: 0, service_ms: 0 });
    }
    return this.seconds.get(key);
  }

  count(what, t) {
    this.total[what]++;
    this.second(t)[what]++;
  }

  admitted(name, t, { service, wait, finish }, extra) {
    this.drawn.count++;
    this.drawn.service += service;
    this.drawn.square += service * service;
    this.drawn.wait += wait;
    this.endpoints[name].count++;
    this.endpoints[name].service += service;
    this.second(t).service_ms += service;
    const slice = Math.floor((finish + extra) / SLICE_MS) * SLICE_MS;
    if (!this.responses.has(slice)) this.responses.set(slice, []);
    this.responses.get(slice).push(wait + service + extra);
  }

  served(t, due) {
    this.count("served", t);
    this.drawn.late += t - due;
  }
}

const round = (x, digits = 3) => Number(x.toFixed(digits));
const shareMean = (value) => Object.values(ENDPOINTS).reduce((sum, e) => sum + e.share * value(e), 0);

function slices(responses) {
  return [...responses].sort(([a], [b]) => a - b).map(([period, times]) => {
    times.sort((a, b) => a - b);
    const at = (q) => round(times[Math.min(times.length - 1, Math.ceil(q * times.length) - 1)], 1);
    const mean = round(times.reduce((a, b) => a + b, 0) / times.length, 1);
    return { period, count: times.length, mean, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  });
}

function perSecond(seconds) {
  if (!seconds.size) return { epoch0_ms: null };
  const keys = [...seconds.keys()];
  const [from, to] = [Math.min(...keys), Math.max(...keys)];
  const columns = { arrived: [], served: [], refused: [], rate_limited: [], in_system_max: [], service_ms: [] };
  for (let key = from; key <= to; key++) {
    for (const name in columns) columns[name].push(round(seconds.get(key)?.[name] ?? 0, 1));
  }
  return { epoch0_ms: from * 1000, ...columns };
}

function truth(record) {
  const { count, service, square, wait, late } = record.drawn;
  const nominal = shareMean((e) => e.mean);
  const mean = service / count;
  const perInstance = (workers / nominal) * 1000;
  return {
    service: "storefront",
    instances: ports.length,
    workers,
    queue_limit: queueLimit,
    alpha: ALPHA,
    discipline: "one FIFO queue per instance, c workers, fast 503 when the queue is full",
    seed: Number(options.seed),
    endpoints: Object.fromEntries(Object.entries(ENDPOINTS).map(([name, e]) => [name, {
      share: e.share,
      service_mean_ms: e.mean,
      law: `Erlang-${e.shape}`,
      drawn: { count: record.endpoints[name].count, service_mean_ms: round(record.endpoints[name].service / record.endpoints[name].count) },
    }])),
    payment: { law: "lognormal delay after the worker is done, holds no worker", ...PAYMENT, unit: "ms" },
    login_limit: { ...LOGIN_LIMIT, scope: "each instance" },
    nominal: {
      service_mean_ms: round(nominal, 6),
      service_scv: round(shareMean((e) => e.mean ** 2 * (1 + 1 / e.shape)) / nominal ** 2 - 1, 6),
      service_time_factor: round(inflation, 6),
      capacity_of_one: round(perInstance, 6),
      capacity: round((ports.length * perInstance) / inflation, 6),
      arithmetic: "capacity = instances * workers / (service_mean_ms / 1000) / (1 + alpha * (instances - 1)) [req/s]",
    },
    drawn: {
      ...record.total,
      service_mean_ms: round(mean),
      service_scv: round(square / count / mean ** 2 - 1),
      wait_mean_ms: round(wait / count),
      capacity: round((ports.length * workers * 1000) / mean, 3),
      answer_late_mean_ms: round(late / record.total.served),
      arrived_per_instance: record.perInstance,
    },
    slices: slices(record.responses),
    per_second: perSecond(record.seconds),
  };
}

// ---------------------------------------------------------------- over HTTP

let record;
let stations;
function begin() {
  record = new Record();
  stations = ports.map((_, i) => new Station(Number(options.seed) + 1000 * i));
}

const bodies = new Map(Object.values(ENDPOINTS).map((e) => [e.bytes, Buffer.alloc(e.bytes, 0x20)]));
function answer(response, status, body = "") {
  response.writeHead(status, { "content-type": "text/plain", "content-length": body.length });
  response.end(body);
}

function handle(i, request, response) {
  const t = now();
  const name = `${request.method} ${request.url.split("?", 1)[0]}`;
  const endpoint = ENDPOINTS[name];
  request.resume(); // the body is read and thrown away
  if (!endpoint) return answer(response, 404);
  const [station, run] = [stations[i], record];
  run.count("arrived", t);
  run.perInstance[i]++;
  if (endpoint.limited && !station.allows(t)) {
    run.count("rate_limited", t);
    return answer(response, 429);
  }
  if (station.waiting(t) >= queueLimit) {
    run.count("refused", t);
    return answer(response, 503);
  }
  const served = station.admit(t, endpoint);
  const extra = endpoint.payment ? payment(station.random) : 0;
  const second = run.second(t);
  second.in_system_max = Math.max(second.in_system_max, station.inSystem(t));
  run.admitted(name, t, served, extra);
  const due = served.finish + extra;
  const timer = setTimeout(() => {
    run.served(now(), due);
    answer(response, 200, bodies.get(endpoint.bytes));
  }, Math.round(due - t - 0.5)); // timers fire up to a millisecond late
  response.on("close", () => {
    if (response.writableFinished) return;
    clearTimeout(timer);
    run.total.client_gone++; // the worker does the work all the same
  });
}

begin();
process.on("SIGUSR2", begin);
process.on("SIGTERM", () => {
  writeFileSync(options.truth, JSON.stringify(truth(record)) + "\n");
  process.exit(0);
});
ports.forEach((port, i) => {
  const server = createServer((request, response) => handle(i, request, response));
  server.keepAliveTimeout = 120_000;
  server.listen(port, "127.0.0.1", 4096);
});
