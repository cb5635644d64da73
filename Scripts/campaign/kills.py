"""Kills and other signals at random moments: of one worker, of the coordinator alone, of all at once."""

import os
import random
import signal
import time

from checker import Checker
import place as places
from place import ENGINES, WITH_WORKERS, Batch, Place


class Storm:
    """Batches that are struck up to five times and then gone on with."""

    def __init__(self, title, options, folder, report):
        self.title, self.engines, self.report = title, options.engines, report
        self.count, self.chance = options.count, random.Random(options.seed)
        pool = places.fixtures()
        sound = [path for path in pool if path.parent.name != "damaged"]
        self.batches = []
        kinds = [self.chance.sample(pool, 12), self.chance.sample(pool, 20), pool, sound]
        for number, inputs in enumerate(kinds[:1] if options.is_short else kinds):
            self.batches.append(Batch(folder / f"{title}-{number}", inputs))
            self.batches[-1].measure(self.engines)

    def run(self, strike):
        """Strikes every engine in turn until each was hit `count` / engines times while it still ran."""
        hits = {engine: 0 for engine in self.engines}
        goal = -(-self.count // len(self.engines))
        while waiting := [engine for engine in self.engines if hits[engine] < goal]:
            engine = self.chance.choice(waiting)
            batch = self.chance.choice(self.batches)
            with Place(batch) as place:
                checker = Checker(batch)
                for _ in range(self.chance.randint(1, 5)):
                    # Half of the time another engine goes on.
                    now = engine if self.chance.random() < 0.5 else self.chance.choice(self.engines)
                    was_hit, what, wrong = strike(self, checker, place, now)
                    hits[now] += was_hit
                    self.report.add(self.title, now, was_hit, wrong, what)
                    if wrong:
                        break
                self.report.add(self.title, engine, 0, checker.resumed(place, engine), "going on")

    def moment(self, place, engine):
        """Waits for a random part of the time that a run takes; that is measured as it goes, since machines change."""
        time.sleep(self.chance.random() * place.batch.spans[engine])

    def note(self, batch, engine, end):
        batch.spans[engine] = min(5.0, 0.9 * batch.spans[engine] + 0.1 * max(end.seconds, 0.01))


def send(pid, number):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def kill(storm, checker, place, engine):
    """One SIGKILL: of a worker, after which the run must end as if nothing had been, of the coordinator, or of all."""
    victims = storm.chance.choice(["worker", "coordinator", "all"]) if engine in WITH_WORKERS else "all"
    process = place.start(engine)
    storm.moment(place, engine)
    workers = places.children(process.pid)
    if victims == "worker":
        was_hit = bool(workers) and send(storm.chance.choice(workers), signal.SIGKILL)
        end = place.finish()
        return was_hit, f"SIGKILL of a worker under {engine}", checker.after(place, end, (place.batch.status,))
    was_hit = process.poll() is None
    process.kill()
    for pid in workers if victims == "all" else []:
        send(pid, signal.SIGKILL)
    end = place.finish()
    if not was_hit:
        storm.note(place.batch, engine, end)
    return was_hit, f"SIGKILL of {victims} under {engine}", checker.after(place, end, (place.batch.status, -signal.SIGKILL))


def other_signal(storm, checker, place, engine):
    """SIGTERM, SIGINT or SIGHUP once, two signals one after another, or a stop of any process for a while."""
    chance, process = storm.chance, place.start(engine)
    storm.moment(place, engine)
    was_hit = process.poll() is None
    kind = chance.choice(["once", "twice", "stopped"])
    allowed, sent = [place.batch.status], []
    if kind == "stopped":
        pids = [process.pid, *places.children(process.pid)]
        victim = chance.choice(pids)
        sent = [signal.SIGSTOP, signal.SIGCONT]
        send(victim, signal.SIGSTOP)
        time.sleep(chance.random() * 0.1)
        send(victim, signal.SIGCONT)
    else:
        for _ in range(1 if kind == "once" else 2):
            sent.append(chance.choice([signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))
            send(process.pid, sent[-1])
            allowed.append(-sent[-1])
            time.sleep(chance.choice([0, 0, 0.001, 0.01]) if kind == "twice" else 0)
    end = place.finish(20)
    what = f"{' and '.join(signal.Signals(number).name for number in sent)} under {engine}"
    return was_hit, what, checker.after(place, end, allowed)


def kills(options, folder, report):
    options.count = options.count or 10_000
    Storm("kills", options, folder, report).run(kill)


def signals(options, folder, report):
    options.count = options.count or 1_000
    Storm("signals", options, folder, report).run(other_signal)
