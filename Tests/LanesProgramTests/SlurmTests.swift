import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Shards as tasks of a Slurm array, with programs that stand for Slurm's: what a controller may do is made to happen.
@Suite(.serialized) struct SlurmTests {
  /// Commands called sbatch, squeue and scancel, which run the tasks of one job here, one after the other. The file `lose` makes
  /// sbatch take one job and forget it at once; `fail` names a task that ends without doing anything.
  private static func commands() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try folder.write(
      "sbatch",
      Bytes(
        """
        #!/bin/sh
        own=${0%/*}
        echo "$*" >> "$own/calls"
        for word; do
          case $word in
            --array=*) last=${word#--array=0-}; last=${last%%%*} ;;
            --output=*) output=${word#--output=} ;;
          esac
          script=$word
        done
        echo 4711
        [ -e "$own/lose" ] && rm "$own/lose" && exit 0
        {
          task=0
          while [ "$task" -le "$last" ]; do
            if [ "$(cat "$own/fail" 2> /dev/null)" = "$task" ]; then rm "$own/fail"; else
              log=$(printf %s "$output" | sed "s/%%/#/g; s/%A/4711/; s/%a/$task/; s/#/%/g")
              SLURM_ARRAY_JOB_ID=4711 SLURM_ARRAY_TASK_ID=$task sh "$script" > "$log" 2>&1
            fi
            task=$((task + 1))
          done
          rm -f "$own/running"
        } > "$own/log" 2>&1 &
        echo $! > "$own/running"

        """.utf8))
    try folder.write(
      "squeue",
      Bytes(
        """
        #!/bin/sh
        own=${0%/*}
        [ -e "$own/running" ] && kill -0 "$(cat "$own/running")" 2> /dev/null && echo 4711_0 && exit 0
        echo "slurm_load_jobs error: Invalid job id specified" >&2
        exit 1

        """.utf8))
    try folder.write("scancel", Bytes("#!/bin/sh\necho \"$*\" > \"${0%/*}/cancelled\"\n".utf8))
    for name in ["sbatch", "squeue", "scancel"] { chmod(folder.file(name).string, 0o755) }
    return folder
  }

  private static func path(_ commands: TemporaryFolder) -> [String: String] {
    ["PATH": commands.path.string + ":/usr/bin:/bin"]
  }

  @Test func `a job's parts give the result of one machine, and only what is missing is submitted again`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    try commands.write("fail", Bytes("2\n".utf8))
    let words = ["submit", "j", "--cluster", "slurm", "--shards", "5", "--partition", "short", "--time", "10", "-q"]
    let result = try Program.run(
      words + ["--mode", "serial", "--", "primes", "1e9"], environment: Self.path(commands), directory: folder.path)
    #expect(result.exit == .status(0) && result.text == "50847534\n", "\(result.errors)")
    let calls = String(decoding: try readFile(commands.file("calls")), as: UTF8.self).split(separator: "\n")
    #expect(calls.count == 2 && calls[0].contains("--array=0-4 ") && calls[1].contains("--array=0-0 "), "\(calls)")
    #expect(calls[0].contains("--partition=short") && calls[0].contains("--signal=B:TERM@60"))
  }

  @Test func `a controller that forgets a job costs a round`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    try commands.write("lose", Bytes())
    let words = ["submit", "j", "--cluster", "slurm", "--shards", "3", "--at-once", "2", "--", "primes", "1e8"]
    let result = try Program.run(words, environment: Self.path(commands), directory: folder.path)
    #expect(result.exit == .status(0) && result.text == "5761455\n")
    #expect(result.errorLines == ["lanes: job 4711: 3 shards", "lanes: job 4711: 3 shards"])
    let calls = String(decoding: try readFile(commands.file("calls")), as: UTF8.self)
    #expect(calls.contains("--array=0-2%2 "))
  }

  @Test func `a job that nobody waits for is found again, and can be cancelled`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    let environment = Self.path(commands)
    func lanes(_ words: String...) throws -> Program.Result {
      try Program.run(words, environment: environment, directory: folder.path)
    }
    #expect(try lanes("cancel", "none").exit == .status(64))
    let left = try lanes(
      "submit", "j", "--cluster", "slurm", "--shards", "3", "--detach", "--", "primes", "1e8", "--sum")
    #expect(left.exit == .status(0) && left.output.isEmpty, "\(left.errors)")
    #expect(try lanes("cancel", "j").exit == .status(0))
    #expect(try readFile(commands.file("cancelled")) == Bytes("4711\n".utf8))
    // The job has not heard of it, and is waited for.
    let found = try lanes("submit", "j", "--cluster", "slurm")
    #expect(found.exit == .status(0) && found.text == "279209790387276\n", "\(found.errors)")
  }

  @Test func `what Slurm refuses is told, and so is that it is not there`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    let words = ["submit", "j", "--cluster", "slurm"]
    let absent = try Program.run(
      words + ["--", "primes", "1e6"], environment: ["PATH": folder.path.string], directory: folder.path)
    #expect(absent.exit == .status(69) && absent.errors.contains("sbatch is not there"), "\(absent.errors)")
    try commands.write("sbatch", Bytes("#!/bin/sh\necho 'sbatch: error: invalid partition' >&2; exit 1\n".utf8))
    let refused = try Program.run(words, environment: Self.path(commands), directory: folder.path)
    #expect(refused.exit == .status(74))
    #expect(refused.errors == "lanes: sbatch refused the job: sbatch: error: invalid partition\n", "\(refused.errors)")
    // Rounds that bring nothing end with what is missing.
    try commands.write("sbatch", Bytes("#!/bin/sh\necho 1\n".utf8))
    let nothing = try Program.run(
      words + ["--rounds", "2", "-q"], environment: Self.path(commands), directory: folder.path)
    #expect(nothing.exit == .status(75) && nothing.errors.hasPrefix("lanes: j: missing: 0 "), "\(nothing.errors)")
  }

  @Test func `a task that is refused for good is told, and ends the rounds`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    func lanes(_ words: [String]) throws -> Program.Result {
      try Program.run(words, environment: Self.path(commands), directory: folder.path)
    }
    // In a folder whose name sbatch would read as a pattern.
    #expect(try lanes(["plan", "100%a", "--shards", "3", "--", "primes", "1e9"]).exit == .status(0))
    #expect(try lanes(["plan", "k", "--", "primes", "1e7"]).exit == .status(0))
    #expect(try lanes(["shard", "0", "k", "-q"]).exit == .status(0))
    try folder.write("100%a/parts/00001.run", try readFile(folder.file("k/parts/00000.run")))
    let result = try lanes(["submit", "100%a", "--cluster", "slurm", "-q"])
    #expect(result.exit == .status(75) && result.output.isEmpty)
    let first = "lanes: task 1 of job 4711 ended with status 64: "
    #expect(
      result.errorLines.first?.hasPrefix(first) == true
        && result.errorLines.first?.hasSuffix(
          "00001.run is a part of another plan: remove it; it would be refused again, so that there are no more rounds")
          == true,
      "\(result.errors)")
    #expect(result.errorLines.last == "lanes: 100%a: missing: 1 (2 of 3 shards are there)")
    let calls = String(decoding: try readFile(commands.file("calls")), as: UTF8.self).split(separator: "\n")
    #expect(calls.count == 1, "\(calls)")
  }

  @Test func `a time limit, and everything else, reaches sbatch as one word`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    // A name that a shell would take apart.
    let name = "it's a job"
    let result = try Program.run(
      ["submit", name, "--cluster", "slurm", "--cpus", "3", "--mem", "2G", "-q", "--", "primes", "1e6"],
      environment: Self.path(commands), directory: folder.path)
    #expect(result.exit == .status(0) && result.text == "78498\n", "\(result.errors)")
    let calls = String(decoding: try readFile(commands.file("calls")), as: UTF8.self)
    #expect(calls.contains("--mem=2G --cpus-per-task=3 "))
  }
}
