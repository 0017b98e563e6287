// The reference service "storefront": a web shop whose capacity is known by construction.
//
//   node service.mjs --ports 4181,4182 --truth out.json [--seed 7] [--workers 8] [--queue 300]
//
// Each port is one instance: c workers fed by one first-come first-served queue. Service times are drawn at random
// and served in virtual time (fifo.mjs).
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

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { answer, answerAt, erlang, Fifo, lognormal, now, obey, Record, round, uniforms } from "./fifo.mjs";

const ALPHA = 0.03; // contention between instances: service time grows by this share for each further one

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

function payment(random) {
  const median = random() < PAYMENT.slow_share ? PAYMENT.slow_median : PAYMENT.median;
  return lognormal(random, median, PAYMENT.sigma);
}

// ---------------------------------------------------------------- one instance

class Station extends Fifo {
  constructor(seed) {
    super(workers);
    this.random = uniforms(seed);
    this.tokens = LOGIN_LIMIT.burst;
    this.refilled = 0;
  }

  allows(t) {
    if (this.refilled) this.tokens += ((t - this.refilled) / 1000) * LOGIN_LIMIT.per_second;
    this.tokens = Math.min(this.tokens, LOGIN_LIMIT.burst);
    this.refilled = t;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  admit(t, { mean, shape }) {
    return this.serve(t, erlang(this.random, mean, shape) * inflation);
  }
}

// ---------------------------------------------------------------- the truth

class ShopRecord extends Record {
  constructor() {
    super(["served", "refused", "rate_limited"]);
    this.endpoints = Object.fromEntries(Object.keys(ENDPOINTS).map((name) => [name, { count: 0, service: 0 }]));
    this.perInstance = ports.map(() => 0);
  }

  admittedTo(name, t, served, extra, inSystem) {
    this.admitted(t, served, extra, inSystem);
    this.endpoints[name].count++;
    this.endpoints[name].service += served.service;
  }
}

const shareMean = (value) => Object.values(ENDPOINTS).reduce((sum, e) => sum + e.share * value(e), 0);

function truth() {
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
    slices: record.slices(),
    per_second: record.perSecond(),
  };
}

// ---------------------------------------------------------------- over HTTP

let record;
let stations;
function begin() {
  record = new ShopRecord();
  stations = ports.map((_, i) => new Station(Number(options.seed) + 1000 * i));
}

const bodies = new Map(Object.values(ENDPOINTS).map((e) => [e.bytes, Buffer.alloc(e.bytes, 0x20)]));
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
  run.admittedTo(name, t, served, extra, station.inSystem(t));
  answerAt(served.finish + extra, t, response, bodies.get(endpoint.bytes), run);
}

obey(begin, truth, options.truth);
ports.forEach((port, i) => {
  const server = createServer((request, response) => handle(i, request, response));
  server.keepAliveTimeout = 120_000;
  server.listen(port, "127.0.0.1", 4096);
});
