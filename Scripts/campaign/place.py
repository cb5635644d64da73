"""Where the campaign runs the program: engines, batches with their references, and folders of single runs."""

import ctypes
import dataclasses
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("LANES_BINARY") or ROOT / ".build/release/lanes")
FIXTURES = ROOT / "Fixtures"
ENGINES = {
    "serial": ["--mode", "serial"],
    "threads": ["--mode", "threads", "--cores", "2"],
    "pipe": ["--mode", "processes", "--ipc", "pipe", "--cores", "2"],
    "socket": ["--mode", "processes", "--ipc", "socket", "--cores", "2"],
    "shm": ["--mode", "processes", "--ipc", "shm", "--cores", "2"],
    "eventloop": ["--mode", "eventloop"],
    "hybrid": ["--mode", "hybrid", "--cores", "2"],
    "auto": ["--cores", "2"],
}
# Those that have worker processes when images are decoded.
WITH_WORKERS = ["pipe", "socket", "shm", "auto"]
OPTIONS = ["--resize", "64x64", "--to", "jpeg", "--quiet"]
LONGEST = 60


def adopt_orphans():
    """Makes processes whose parent died children of this one, so that none can be left behind unseen."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def descendants():
    """Processes started here that are alive and have no parent in between."""
    found = []
    for task in os.listdir("/proc/self/task"):
        try:
            found += [int(word) for word in pathlib.Path(f"/proc/self/task/{task}/children").read_text().split()]
        except OSError:
            pass
    return found


def children(pid):
    """Child processes of `pid`."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            found += [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    except OSError:
        pass
    return found


def reap(seconds=5.0):
    """Waits until no process that was started here is left; gives those that are, and ends them."""
    end = time.monotonic() + seconds
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return []
        if pid == 0:
            if time.monotonic() > end:
                break
            time.sleep(0.002)
    left = [(pid, command_line(pid)) for pid in descendants()]
    end_all()
    return left


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "gone"


def end_all():
    """Ends every process that was started here; those whose parents die come to this process and are next."""
    while True:
        for pid in descendants():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


@dataclasses.dataclass
class End:
    """How a run ended: its status (negative for a signal, None when it hung), what it printed, and how long it took."""
    status: int | None
    output: bytes
    errors: str
    seconds: float


class Batch:
    """Inputs, and what becomes of them when nothing happens: the serial engine's, which every other engine must equal."""

    def __init__(self, folder, inputs, options=None, names=None):
        """Copies `inputs` to `folder`/in under numbered names and converts them."""
        self.folder, self.options = pathlib.Path(folder), OPTIONS if options is None else options
        self.inputs = self.folder / "in"
        self.inputs.mkdir(parents=True)
        for number, path in enumerate(inputs):
            name = names[number] if names else f"{number:03}-{path.stem}-{path.suffix[1:]}{path.suffix}"
            shutil.copyfile(path, self.inputs / name)
        self.spans = {}
        with Place(self, "reference") as place:
            end = place.run("serial")
            if end.status not in (0, 1):
                raise SystemExit(f"faults: the reference cannot be made: {end.status} {end.errors}")
            self.status, self.tree, self.states = end.status, place.tree(), states(end.output)
            self.verdicts = {name: (outcome != "failed") for name, outcome in self.states.items()}

    def outcome(self, name):
        return self.states.get(name)

    def measure(self, engines):
        """Notes how long a run takes under each engine, and that its results are the reference's."""
        for engine in engines:
            with Place(self, "measure") as place:
                end = place.run(engine)
                self.spans[engine] = end.seconds
                if end.status != self.status or place.tree() != self.tree:
                    raise SystemExit(f"faults: {engine} gives other results than serial although nothing happened: {end}")


def states(output):
    """Input name to what was printed of it, without times. A last line that was cut off by a kill is left out; a second line
    for one input raises."""
    found = {}
    for line in output.split(b"\n")[:-1]:
        try:
            value = json.loads(line)
        except ValueError:
            raise ValueError(f"standard output has {line[:80]!r}")
        if value.get("type") != "image":
            continue
        if value["input"] in found:
            raise ValueError(f"{value['input']} has two lines")
        value.pop("seconds", None)
        # Below `out`, whichever run's that is.
        if "output" in value:
            value["output"] = value["output"].partition("/out/")[2]
        found[value["input"]] = value if value["outcome"] != "failed" else "failed"
    return found


class Place:
    """A folder of one run, and of those that go on with it: results in `out`, run file `run`, temporary files in `tmp`."""

    def __init__(self, batch, name=None, folder=None):
        self.batch = batch
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix=f"{name or 'run'}-", dir=batch.folder))
        self.output, self.journal, self.temporary = self.folder / "out", self.folder / "run", self.folder / "tmp"
        self.temporary.mkdir(exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    def words(self, engine, more=()):
        # One that was made and not written to before the power went tells to begin anew.
        option = "--resume" if self.journal.exists() and self.journal.read_bytes().strip(b"\0") else "--journal"
        return [PROGRAM, "images", "convert", "in", "-o", os.path.relpath(self.output, self.batch.folder), "--json",
                option, str(self.journal), *self.batch.options, *ENGINES[engine], *more]

    def start(self, engine, more=(), prefix=(), limits=(), **other):
        """Starts a run; `prefix` are words before the program's, `limits` pairs for setrlimit."""
        def before():
            for which, value in limits:
                resource.setrlimit(which, (value, value))
        environment = dict(os.environ, TMPDIR=str(self.temporary), NO_COLOR="1")
        self.began = time.monotonic()
        with open(self.folder / "stdout", "wb") as output, open(self.folder / "stderr", "wb") as errors:
            streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": errors, **other}
            self.process = subprocess.Popen(
                [*prefix, *self.words(engine, more)], cwd=self.batch.folder, env=environment,
                preexec_fn=before if limits else None, **streams)
        return self.process

    def finish(self, longest=LONGEST):
        """Waits for the end of the run; one that takes longer than `longest` seconds hangs, and is ended."""
        try:
            status = self.process.wait(longest)
        except subprocess.TimeoutExpired:
            status = None
            end_all()
        return End(status, (self.folder / "stdout").read_bytes(), (self.folder / "stderr").read_text(errors="replace"),
                   time.monotonic() - self.began)

    def run(self, engine, more=(), longest=LONGEST, **other):
        self.start(engine, more, **other)
        return self.finish(longest)

    def tree(self):
        """All files below `out` with their bytes; None stands for a folder or anything else that is no regular file."""
        return files(self.output)

    def renew(self):
        """Makes everything as it was before the first run."""
        shutil.rmtree(self.output, ignore_errors=True)
        for name in ("run", "stdout", "stderr"):
            (self.folder / name).unlink(missing_ok=True)


def files(folder):
    found = {}
    for top, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(top, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = file.read()
            elif not os.path.isdir(path):
                found[os.path.relpath(path, folder)] = None
    return found


def fixtures(count=None, damaged=True):
    """Real photographs and images of other programs, and the damaged ones among them; the smallest `count` of each."""
    sound = sorted([*(FIXTURES / "images/photos").iterdir(), *(FIXTURES / "kinds").iterdir()], key=lambda path: path.stat().st_size)
    broken = sorted((FIXTURES / "images/damaged").iterdir()) if damaged else []
    return sound[:count] + broken[:count]
