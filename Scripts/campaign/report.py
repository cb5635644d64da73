"""What the campaign did and found: counts by campaign and engine, seconds, violations; printed as a table, written as JSON."""

import collections
import json
import subprocess
import sys
import time


class Skipped(Exception):
    """A campaign that cannot run here; says why."""


class Report:
    def __init__(self, program, seed):
        self.program = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
        self.seed, self.faults, self.violations = seed, collections.defaultdict(collections.Counter), []
        self.broken, self.seconds, self.remarks, self.shown = collections.Counter(), {}, {}, 0.0

    def begin(self, campaign):
        self.seconds[campaign] = -time.monotonic()

    def end(self, campaign):
        self.seconds[campaign] += time.monotonic()

    def add(self, campaign, engine, count, wrong=(), what=""):
        """Counts faults that hit, and what was wrong after them."""
        self.faults[campaign][engine] += count
        self.broken[campaign] += bool(wrong)
        for sentence in wrong:
            self.violations.append({"campaign": campaign, "engine": engine, "fault": what, "found": sentence})
            print(f"VIOLATION {campaign}: {what}: {sentence[:400]}", file=sys.stderr, flush=True)
        if time.monotonic() - self.shown > 60:
            self.shown = time.monotonic()
            print(f"  {campaign}: {sum(self.faults[campaign].values())} faults, {self.broken[campaign]} with violations",
                  file=sys.stderr, flush=True)

    def skip(self, campaign, reason):
        """Notes that a campaign, or the part of one that `reason` names, was left out."""
        self.note(campaign, f"left out: {reason}")

    def note(self, campaign, remark):
        self.remarks.setdefault(campaign, []).append(remark)
        print(f"faults: {campaign}: {remark}", file=sys.stderr, flush=True)

    def finish(self, path):
        """Prints the table; gives the exit status."""
        print(f"{self.program}, seed {self.seed}")
        print(f"{'campaign':10} {'faults':>7} {'seconds':>8} {'broken':>7}  by engine")
        rows = []
        for campaign, seconds in self.seconds.items():
            counts = self.faults[campaign]
            rows.append({"campaign": campaign, "faults": sum(counts.values()), "seconds": round(max(seconds, 0), 1),
                         "broken": self.broken[campaign], "engines": dict(counts), "remarks": self.remarks.get(campaign, [])})
            by_engine = ", ".join(f"{engine} {count}" for engine, count in counts.items() if engine)
            remarks = "".join(f" ({remark})" for remark in self.remarks.get(campaign, []))
            print(f"{campaign:10} {rows[-1]['faults']:7} {rows[-1]['seconds']:8.1f} {rows[-1]['broken']:7}  {by_engine}{remarks}")
        if path:
            path.write_text(json.dumps({"program": self.program, "seed": self.seed, "campaigns": rows,
                                        "violations": self.violations}, indent=1) + "\n")
        print("every promise was kept" if not self.violations else f"{len(self.violations)} violations")
        return 1 if self.violations else 0
