"""The one checker that follows every fault.

`Checker.after` looks at what a run left behind, however it ended; `Checker.resumed` goes on with it and compares what comes
out with the run that was left alone. Both give sentences, one for each violation, and none when all promises were kept.
"""

import fcntl
import hashlib
import json
import os
import subprocess

import place as places
import runfile

# Statuses that a run may end with: all good, some failed, refused, missing, stopped early.
STATUSES = (0, 1, 64, 69, 74)


class Checker:
    def __init__(self, batch):
        self.batch = batch
        self.streams = [fcntl.fcntl(number, fcntl.F_GETFL) for number in range(3)]
        self.descriptors = len(os.listdir("/proc/self/fd"))
        self.shared = shared_memory()

    def after(self, place, end, allowed=STATUSES, old=None, told=True):
        """What is wrong in `place` now.

        `allowed` are the statuses that fit the fault (negative for a signal); `old` is what `out` held before the run, by name;
        `told` is false where standard output was taken away, so that lines are missing there."""
        wrong = []
        if end.status is None:
            wrong.append(f"it hung: no end after {end.seconds:.0f} s")
        elif end.status not in allowed:
            wrong.append(f"status {end.status}, which is none of {allowed}: {end.errors[-300:]!r}")
        if end.status and end.status > 1 and not end.errors.strip() and told:
            wrong.append(f"status {end.status} without a word")
        wrong += self.left_behind(place, old or {})
        wrong += self.results(place, old or {})
        wrong += self.accounts(place, end, told)
        return wrong

    def left_behind(self, place, old):
        """Processes, temporary files, shared memory and changed descriptors."""
        wrong = [f"process {pid} is left: {command}" for pid, command in places.reap()]
        expected = {"out", "run", "tmp", "stdout", "stderr"}
        wrong += [f"{name} is left beside the results" for name in sorted(set(os.listdir(place.folder)) - expected)]
        wrong += [f"temporary file {name} is left" for name in sorted(os.listdir(place.temporary))]
        if new := shared_memory() - self.shared:
            wrong.append(f"shared memory is left: {sorted(new)}")
        if (number := len(os.listdir("/proc/self/fd"))) != self.descriptors:
            wrong.append(f"{number} descriptors are open, and {self.descriptors} were before")
        if [fcntl.fcntl(number, fcntl.F_GETFL) for number in range(3)] != self.streams:
            wrong.append("flags of the parent's standard streams have changed")
        return wrong

    def results(self, place, old):
        """Final names hold the reference's bytes, or the old ones, and there are no other names."""
        wrong = []
        for name, data in place.tree().items():
            right = self.batch.tree.get(name)
            if name not in self.batch.tree and name not in old:
                wrong.append(f"{name} ({'no file' if data is None else len(data)}) is none of the results")
            elif data is None or data not in (right, old.get(name)):
                size = "no file" if data is None else f"{len(data)} bytes"
                wrong.append(f"{name} ({size}) is neither the reference's nor what was there before")
        wrong += [f"{name} was there before and is gone" for name in old if not (place.output / name).exists()]
        return wrong

    def accounts(self, place, end, told):
        """Every input has one state: run file, lines and exit status agree with each other and with the results."""
        try:
            lines = places.states(end.output)
            units, totals = runfile.read(place.journal.read_bytes()) if place.journal.exists() else ([], None)
        except (ValueError, runfile.Damaged) as error:
            return [f"an account is wrong: {error}"]
        wrong, seen = [], {}
        for unit in units:
            label = unit.label.decode(errors="surrogateescape")
            if label in seen:
                wrong.append(f"{label} has two records")
            seen[label] = unit.is_done
            wrong += self.proof(label, unit)
        for label, line in lines.items():
            if line != "failed" and not (place.output / line["output"]).exists():
                wrong.append(f"{label} is told as done, and {line['output']} is not there")
            if line != "failed" and line != self.batch.states[label]:
                wrong.append(f"{label} is told in other words than by the run that was left alone")
            if label in seen and seen[label] != (line != "failed"):
                wrong.append(f"{label}: the line and the run file differ")
        if end.status in (0, 1):
            wrong += self.completeness(end, lines, seen, totals, told)
        return wrong

    def proof(self, label, unit):
        """A record is never ahead of its output, and what failed by itself is told of no other input."""
        if not unit.is_done:
            return []
        if not self.batch.verdicts.get(label):
            return [f"{label} is recorded as done, and cannot be"]
        wrong = []
        for path, size, digest in unit.files if unit.is_kept else []:
            try:
                data = (self.batch.folder / os.fsdecode(path)).read_bytes()
            except OSError:
                wrong.append(f"{label} is recorded as done, and its output is not there")
                continue
            if len(data) != size or hashlib.sha256(data).digest() != digest:
                wrong.append(f"{label} is recorded with other bytes than its output has")
        return wrong

    def completeness(self, end, lines, seen, totals, told):
        """A run that ended by itself accounts for every input, once in each place."""
        wrong, names = [], set(self.batch.states)
        if lines.get("in", "") == "failed":
            names = set(lines)  # the folder itself could not be read
        if told and set(lines) != names:
            wrong.append(f"status {end.status}, and {len(lines)} of {len(names)} inputs have a line")
        if set(seen) != names:
            wrong.append(f"status {end.status}, and {len(seen)} of {len(names)} inputs have a record")
        failed = sum(not is_done for is_done in seen.values())
        if totals != (len(seen) - failed, failed):
            wrong.append(f"the run file's sum is {totals}, and its records say {(len(seen) - failed, failed)}")
        if (end.status == 1) != (failed > 0):
            wrong.append(f"status {end.status}, and {failed} failed")
        return wrong

    def resumed(self, place, engine, more=()):
        """Goes on to the end, which must be that of the run that was left alone, byte for byte; `lanes verify` must agree."""
        end = place.run(engine, more)
        wrong = self.after(place, end, (self.batch.status,))
        if (tree := place.tree()) != self.batch.tree:
            missing, other = set(self.batch.tree) - set(tree), [n for n in tree if tree[n] != self.batch.tree.get(n)]
            wrong.append(f"after going on, {sorted(missing)} are missing and {other} differ")
        if places.states(end.output) != self.batch.states:
            wrong.append("after going on, the lines are other than those of a run that was left alone")
        wrong += self.verified(place)
        return [f"gone on under {engine}: {sentence}" for sentence in wrong]

    def verified(self, place):
        """What `lanes verify` objects to, but for inputs that cannot be done, which it must tell."""
        proof = subprocess.run([places.PROGRAM, "verify", "--json", str(place.journal)], cwd=self.batch.folder,
                               capture_output=True, timeout=places.LONGEST)
        told = {(value["kind"], value.get("path")) for value in map(json.loads, proof.stdout.splitlines())
                if value["type"] == "difference"}
        failed = {("failed", name) for name, state in self.batch.states.items() if state == "failed"}
        if told != failed or proof.returncode != (1 if failed else 0):
            return [f"verify ends with {proof.returncode} and tells {sorted(told ^ failed, key=str)}: {proof.stderr!r}"]
        return []


def shared_memory():
    """Names of ours in /dev/shm. Memory without a name goes with the last process that has it, and those are counted."""
    try:
        return {name for name in os.listdir("/dev/shm") if "lanes" in name}
    except OSError:
        return set()
