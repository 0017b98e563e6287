// One station whose capacity is known: c workers fed by one bounded first-come first-served queue.
//
//   node station.mjs --port 4180 --truth out.json --workers 6 --mean-ms 30 --law erlang-2
//        [--delay-ms 0] [--contention A,B] [--queue 300] [--seed 7]
//
// Every path is the same to it. Service times are drawn from one law and served in virtual time (fifo.mjs).
//
// Laws: deterministic, erlang-K, exponential, hyperexponential:SCV (two exponentials with balanced means), and
// lognormal:SCV, where SCV is the squared coefficient of variation. `--delay-ms` is spent after the worker is done
// and holds none: it adds to every answer and takes no capacity. A full queue answers 503 at once.
//
// Capacity without contention: c / E[S]. With `--contention A,B` the workers are threads in each other's way: a
// request that makes it n in progress (itself counted, at most c) takes F(n) = 1 + A (n - 1) + B n (n - 1) times as
// long as drawn, so with n in progress all the time the throughput is that of the Universal Scalability Law,
//
//   X(n) = n / (E[S] F(n)),   highest at n near sqrt((1 - A) / B), and X(c) while requests wait.
//
// The capacity is then the highest X(n), n = 1 ... c. Offered more than that, the station fills up and falls to X(c).

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { answer, answerAt, erlang, Fifo, lognormal, now, obey, Record, round, uniforms } from "./fifo.mjs";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "4180" },
    truth: { type: "string" },
    workers: { type: "string" },
    "mean-ms": { type: "string" },
    law: { type: "string" },
    "delay-ms": { type: "string", default: "0" },
    contention: { type: "string", default: "0,0" },
    queue: { type: "string", default: "300" },
    seed: { type: "string", default: "7" },
  },
});
const workers = Number(options.workers);
const mean = Number(options["mean-ms"]);
const delay = Number(options["delay-ms"]);
const queueLimit = Number(options.queue);
const [contention, coherency] = options.contention.split(",").map(Number);
const factor = (n) => 1 + contention * (n - 1) + coherency * n * (n - 1);
const law = lawOf(options.law);

// A law by its name: its squared coefficient of variation, and how to draw from it [ms].
function lawOf(name) {
  const [, family, parameter] = name.match(/^([a-z]+)(?:[-:]([\d.]+))?$/) ?? [];
  const number = Number(parameter);
  const laws = {
    deterministic: () => ({ scv: 0, draw: () => mean }),
    exponential: () => ({ scv: 1, draw: (random) => erlang(random, mean, 1) }),
    erlang: () => ({ scv: 1 / number, draw: (random) => erlang(random, mean, number) }),
    hyperexponential: () => {
      const share = (1 + Math.sqrt((number - 1) / (number + 1))) / 2; // of the short ones
      return { scv: number, draw: (random) => {
        const branch = random() < share ? share : 1 - share;
        return erlang(random, mean / (2 * branch), 1);
      } };
    },
    lognormal: () => {
      const sigma = Math.sqrt(Math.log(1 + number));
      const median = mean / Math.sqrt(1 + number);
      return { scv: number, draw: (random) => lognormal(random, median, sigma) };
    },
  };
  if (!laws[family]) throw new Error(`law ${name}: give one of ${Object.keys(laws).join(", ")}`);
  return laws[family]();
}

// ---------------------------------------------------------------- the truth

const throughputs = Array.from({ length: workers }, (_, i) => (1000 * (i + 1)) / (mean * factor(i + 1)));
const peak = throughputs.indexOf(Math.max(...throughputs));

function curve() {
  if (!contention && !coherency) return {};
  return {
    contention,
    coherency,
    peak_in_progress: peak + 1,
    capacity_full: round(throughputs.at(-1), 6),
    throughput_at: throughputs.map((x) => round(x)),
  };
}

function truth() {
  const { count, service, square, held, wait, late } = record.drawn;
  return {
    service: "station",
    workers,
    queue_limit: queueLimit,
    discipline: "one FIFO queue, c workers, fast 503 when the queue is full",
    seed: Number(options.seed),
    law: options.law,
    delay_ms: delay,
    nominal: {
      service_mean_ms: mean,
      service_scv: round(law.scv, 6),
      capacity: round(throughputs[peak], 6),
      ...curve(),
      arithmetic: "capacity = max over n = 1 ... workers of n / (service_mean_ms / 1000) / "
        + "(1 + contention * (n - 1) + coherency * n * (n - 1)) [req/s]; without contention workers / service_mean",
    },
    drawn: {
      ...record.total,
      service_mean_ms: round(service / count),
      service_scv: round(square / count / (service / count) ** 2 - 1),
      held_mean_ms: round(held / count), // a worker's time with a request, contention included
      wait_mean_ms: round(wait / count),
      capacity: round((throughputs[peak] * mean) / (service / count), 3),
      answer_late_mean_ms: round(late / record.total.served),
    },
    slices: record.slices(),
    per_second: record.perSecond(),
  };
}

// ---------------------------------------------------------------- over HTTP

let record;
let station;
let random;
function begin() {
  record = new Record(["served", "refused"]);
  station = new Fifo(workers);
  random = uniforms(Number(options.seed));
}

const body = Buffer.alloc(1024, 0x20);
function handle(request, response) {
  const t = now();
  request.resume(); // the body is read and thrown away
  record.count("arrived", t);
  if (station.waiting(t) >= queueLimit) {
    record.count("refused", t);
    return answer(response, 503);
  }
  const drawn = law.draw(random);
  const served = station.serve(t, drawn * factor(Math.min(station.inSystem(t) + 1, workers)));
  record.admitted(t, served, delay, station.inSystem(t), drawn);
  answerAt(served.finish + delay, t, response, body, record);
}

obey(begin, truth, options.truth);
const server = createServer(handle);
server.keepAliveTimeout = 120_000;
server.listen(Number(options.port), "127.0.0.1", 4096);
