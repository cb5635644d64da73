import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Shards on other machines, with a program that stands for ssh and runs its command here.
@Suite(.serialized) struct SSHClusterTests {
  /// A command called ssh: `lost` cannot be reached, `bare` has no lanes, and any other host is this machine.
  private static func commands() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try folder.write(
      "ssh",
      Bytes(
        """
        #!/bin/sh
        while [ "$1" = -o ]; do shift 2; done
        echo "$1" >> "${0%/*}/calls"
        case $1 in
          lost*) echo "ssh: connect to host $1 port 22: Connection refused" >&2; exit 255 ;;
          bare*) echo "sh: 1: lanes: not found" >&2; exit 127 ;;
        esac
        exec sh -c "$2"

        """.utf8))
    chmod(folder.file("ssh").string, 0o755)
    return folder
  }

  private static func path(_ commands: TemporaryFolder) -> [String: String] {
    ["PATH": commands.path.string + ":/usr/bin:/bin"]
  }

  /// How often each host was asked.
  private static func calls(_ commands: TemporaryFolder) throws -> [String: Int] {
    let lines = String(decoding: try readFile(commands.file("calls")), as: UTF8.self).split(separator: "\n")
    return Dictionary(lines.map { (String($0), 1) }, uniquingKeysWith: +)
  }

  @Test func `what hosts do gives the result of one machine, and a lost host's shard goes to another`() throws {
    let (commands, outer) = (try Self.commands(), TemporaryFolder())
    // Names that a shell would take apart, twice.
    let folder = outer.file("it's a \"job\" $HOME")
    try Folders.make(folder)
    try outer.write("machines", Bytes("# ours\none\n\nlost # down\nbare\ntwo\none\n".utf8))
    let hosts = ["submit", "the job", "--cluster", "ssh", "--hosts", "../machines"]
    let result = try Program.run(
      hosts + ["--shards", "7", "--mode", "serial", "-q", "--", "primes", "1e9"], environment: Self.path(commands),
      directory: folder)
    #expect(result.exit == .status(0) && result.text == "50847534\n", "\(result.errors)")
    #expect(
      result.errorLines.sorted() == [
        "lanes: bare is given no more shards: ended with status 127: sh: 1: lanes: not found",
        "lanes: lost is given no more shards in this round: ended with status 255: ssh: connect to host lost port 22: "
          + "Connection refused",
      ])
    let calls = try Self.calls(commands)
    #expect(calls["lost"] == 1 && calls["bare"] == 1 && (calls["one"] ?? 0) + (calls["two"] ?? 0) == 7, "\(calls)")
  }

  @Test func `without a host the rounds end, and what is missing is told`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    func run(_ hosts: String, _ words: [String]) throws -> Program.Result {
      try folder.write("hosts", Bytes(hosts.utf8))
      return try Program.run(
        ["submit", "j", "--cluster", "ssh", "--hosts", "hosts", "-q"] + words, environment: Self.path(commands),
        directory: folder.path)
    }
    let refused = try run("bare1\nbare2\n", ["--shards", "3", "--", "primes", "1e6"])
    #expect(
      refused.exit == .status(75) && refused.errorLines.last?.hasPrefix("lanes: j: missing: 0") == true,
      "\(refused.errors)")
    #expect(try Self.calls(commands) == ["bare1": 1, "bare2": 1])
    // One that cannot be reached may be there in the next round.
    let lost = try run("lost1\n", ["--rounds", "2", "--at-once", "2"])
    #expect(lost.exit == .status(75))
    #expect(try Self.calls(commands)["lost1"] == 2)
    let absent = try Program.run(
      ["submit", "j", "--cluster", "ssh", "--hosts", "hosts"], environment: ["PATH": folder.path.string],
      directory: folder.path)
    #expect(absent.exit == .status(75) && absent.errors.contains("ssh: not found"), "\(absent.errors)")
    #expect(try run("one\n", []).text == "78498\n")
  }

  @Test func `a stranger's file in the place of a part is one shard's trouble, and no host's`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    try folder.write("hosts", Bytes("one\n".utf8))
    func lanes(_ words: [String]) throws -> Program.Result {
      try Program.run(words, environment: Self.path(commands), directory: folder.path)
    }
    #expect(try lanes(["plan", "j", "--shards", "4", "--", "primes", "1e9"]).exit == .status(0))
    #expect(try lanes(["plan", "k", "--", "primes", "1e7"]).exit == .status(0))
    #expect(try lanes(["shard", "0", "k", "-q"]).exit == .status(0))
    try folder.write("j/parts/00000.run", try readFile(folder.file("k/parts/00000.run")))
    for cluster in [["ssh", "--hosts", "hosts"], ["local"]] {
      for shard in 1...3 { try Folders.removeFile(folder.file("j/parts/0000\(shard).run")) }
      let result = try lanes(["submit", "j", "-q", "--cluster"] + cluster)
      #expect(result.exit == .status(75) && result.errorLines.count == 3, "\(result.errors)")
      #expect(result.errorLines[0].hasPrefix("lanes: shard 0: ended with status 64: "))
      #expect(result.errorLines[0].hasSuffix("00000.run is a part of another plan: remove it"))
      #expect(result.errorLines[2] == "lanes: j: missing: 0 (3 of 4 shards are there)")
    }
    #expect(try Self.calls(commands) == ["one": 4])
  }

  @Test func `hosts stop with whoever submits, who can go on`() throws {
    let (commands, folder) = (try Self.commands(), TemporaryFolder())
    try folder.write("hosts", Bytes("one\ntwo\n".utf8))
    let words = ["submit", "j", "--cluster", "ssh", "--hosts", "hosts", "--mode", "serial", "-q"]
    let run = try Program.start(
      words + ["--shards", "30", "--", "primes", "1e10"], environment: Self.path(commands), directory: folder.path)
    // Stopped as soon as a part is there; it may have been quicker.
    let parts = folder.file("j/parts")
    #expect(eventually { Folders.contents(parts).contains { $0.extension == "run" } })
    run.kill(SIGINT)
    let stopped = try run.finish()
    #expect(stopped.exit == .signal(SIGINT) || stopped.exit == .status(0))
    if stopped.exit == .signal(SIGINT) {
      #expect(stopped.errorLines.last?.hasSuffix("; lanes submit j --cluster ssh --hosts hosts goes on") == true)
      #expect(stopped.output.isEmpty)
    }
    let whole = try Program.run(words, environment: Self.path(commands), directory: folder.path)
    #expect(whole.exit == .status(0) && whole.text == "455052511\n", "\(whole.errors)")
  }

  @Test func `a list of hosts that is none is refused before anything is planned`() throws {
    let folder = TemporaryFolder()
    for (text, reason) in [
      ("# nobody\n\n", "hosts names no host"), ("one\ntwo three\n", "hosts, line 2: one name of a host was expected"),
      ("-oProxyCommand=x\n", "hosts, line 1: one name of a host was expected"),
    ] {
      try folder.write("hosts", Bytes(text.utf8))
      let result = try Program.run(
        ["submit", "j", "--cluster", "ssh", "--hosts", "hosts", "--", "primes", "1e6"], directory: folder.path)
      #expect(result.exit == .status(64) && result.errors == "lanes: \(reason)\n", "\(result.errors)")
      #expect((try? FileStatus(of: folder.file("j"))) == nil)
    }
    let none = try Program.run(["submit", "j", "--cluster", "ssh", "--", "primes", "1e6"], directory: folder.path)
    #expect(none.exit == .status(64) && none.errors.contains("--cluster ssh needs --hosts"))
  }
}
