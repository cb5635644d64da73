import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Few descriptors and a full disk.
@Suite struct LimitsTests {
  @Test(arguments: EngineChoice.all) func `sixty-four descriptors are enough for three hundred files`(
    _ engine: EngineChoice
  ) throws {
    let images = try manyImages(300, of: "nuthatch-bits.png")
    let target = TemporaryFolder()
    let converted = try Program.run(
      ["images", "convert", images.path.string, "-o", target.file("out").string] + engine.flags,
      preparation: "ulimit -n 64")
    #expect(converted.exit == .status(0), "\(converted.errors)")
    let tree = try Tree(target.file("out"))
    #expect(tree.files.count == 300)
    #expect(Set(tree.files.values).count == 1)
    let words = ["files", "count", "-r", images.path.string]
    let counted = try Program.run(words + engine.flags, preparation: "ulimit -n 64")
    #expect(counted.exit == .status(0))
    #expect(try counted.text == Program.run(words + EngineChoice.serial.flags).text)
  }

  /// Tables grow with what files hold: two million different lines take more than is granted here. Where one thread asks for
  /// memory in a process, it is the table that is refused; among several it may be whatever another one wants just then.
  @Test(
    arguments: [EngineChoice.serial, .eventLoop] + EngineChoice.processes,
    [["top", "--lines"], ["stats", "-d", ";", "--column", "2", "--by", "1"]])
  func `a table that does not fit fails with a reason`(_ engine: EngineChoice, _ operation: [String]) throws {
    let folder = try #require(Self.manyKeys)
    let run = try Program.run(
      ["files"] + operation + ["keys", "few", "--memory", "64M"] + engine.flags, directory: folder.path,
      preparation: "ulimit -v \(Self.memoryLimit)")
    #expect(run.exit == .status(1), "\(run.exit) \(run.errors)")
    #expect(run.errors.contains("there is not enough memory"), "\(run.errors)")
  }

  /// Kilobytes of addresses: the program takes 60,000 to 130,000 of them, by how it is linked, and the table of the keys some
  /// 200,000.
  private static let memoryLimit = 190_000

  private static let manyKeys: TemporaryFolder? = {
    let folder = TemporaryFolder()
    let script = "cd \"$1\" && seq -f 'a key that is no other: %.0f;1' 1 2000000 > keys && echo 'a;1' > few"
    guard let made = try? Program.shell(script, [folder.path.string]), made.exit == .status(0) else { return nil }
    return folder
  }()

  @Test func `with few descriptors fewer workers do all of the work`() throws {
    let run = try Program.run(
      ["primes", "1e9", "--mode", "processes", "--cores", "8", "--stats"], preparation: "ulimit -n 40")
    #expect(run.exit == .status(0), "\(run.errors)")
    #expect(run.text == "50847534\n")
    #expect(run.errors.contains("of 8 workers could be started"))
  }

  @Test(.enabled(if: canMountSmallDisk, "needs root and mount namespaces"), arguments: EngineChoice.all)
  func `a full disk stops the batch and holds whole files only`(_ engine: EngineChoice) throws {
    let images = try manyImages(300, of: "nuthatch-bits.png")
    let folder = TemporaryFolder()
    let image = try readFile(Fixtures.image("nuthatch-bits.png"))
    try Folders.make(folder.file("disk"))
    // Only what is copied out of the namespace can be looked at from here.
    let script = """
      mount -t tmpfs -o size=64k none "$1/disk" || exit 99
      images=$2 base=$1; shift 2
      "$LANES" images convert "$images" -o "$base/disk/out" "$@"
      status=$?
      ls -A "$base/disk" > "$base/listing"
      cp -R "$base/disk/out" "$base/copy" && exit $status
      """
    let result = try Program.shell(
      "exec unshare -m sh -c \"$@\"", [script, "sh", folder.path.string, images.path.string] + engine.flags)
    #expect(result.exit == .status(74), "\(result.errors)")
    #expect(result.errors.contains("stopped early"))
    #expect(result.errors.contains("no space left on device"))
    #expect(try readFile(folder.file("listing")) == Bytes("out\n".utf8))
    let tree = try Tree(folder.file("copy"))
    #expect(tree.files.count > 1 && tree.files.count < 300)
    #expect(tree.files.values.allSatisfy { $0 == image })
  }

  /// The first lines take a hundred milliseconds each, so that what lies behind them waits for its turn; the others keep the
  /// program slower than the pipe.
  @Test(arguments: EngineChoice.all) func `what comes through a pipe takes no more memory than it may`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    let script = """
      feed=$1/feed; shift
      { yes aaaaaaaaaaaaaaaaaaaaaab | head -n 8; yes "$(printf 'aaaaaaaaaab\\n%4000s' x)" | head -c 400000000; } > "$feed"
      cat "$feed" | "$LANES" files search -c '(a+)+$' --memory 16M --json --stats "$@"
      """
    let run = try Program.shell(script, [folder.path.string] + engine.flags)
    #expect(run.exit == .status(1), "\(run.errors)")
    guard case .number(let peak)? = JSONValue(run.lines.last ?? "")?["peak_memory_bytes"] else {
      Issue.record("no peak: \(run.text)")
      return
    }
    // The program and its workers take some 15 MB each; without a bound it is 170 to 230 MB.
    #expect(try #require(Int(peak)) < 120_000_000)
  }

  @Test(
    arguments: EngineChoice.all + [.automatic, .isolated],
    [
      ("", "it has 7,000,000,000,000 bytes; the limit is .*"),
      ("--max-pixels 1e15", "it is SIZE, more than the [0-9.]+ [GM]iB of --memory: raise --memory"),
      ("--max-pixels 1e15 --memory 100T", "there is not enough (shared )?memory: SIZE were asked for.*"),
    ])
  func `an image larger than the machine fails alone, in a sentence and with its size`(
    _ engine: EngineChoice, _ limits: (flags: String, reason: String)
  ) throws {
    let folder = TemporaryFolder()
    let size = try FileStatus(of: folder.sparse("in/large.jpg")).size
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/good.jpg")
    // A limit of its own, lest a mistake takes the memory of the machine.
    let script = """
      ulimit -v 8000000; in=$1; shift
      exec "$LANES" images convert "$in/in" -o "$in/out" \(limits.flags) "$@"
      """
    let result = try Program.shell(script, [folder.path.string] + engine.flags)
    #expect(result.exit == .status(1), "\(result.errors)")
    #expect(try Tree(folder.file("out")).names == ["good.jpg"])
    let told = result.errorLines.filter { $0.contains("large.jpg") }
    #expect(told.count == 1 && result.errorLines.count == 2, "\(result.errors)")
    let words = limits.reason.split(separator: "SIZE", omittingEmptySubsequences: false)
    let reason = size == 7_000_000_000_000 ? words.joined(separator: ByteCount.text(size)) : ".*"
    #expect(try told.first?.wholeMatch(of: Regex("lanes: .*/in/large.jpg: \(reason)")) != nil, "\(told)")
  }

  @Test(arguments: EngineChoice.all) func `lines longer than the memory fail their file alone`(_ engine: EngineChoice)
    throws
  {
    let folder = TemporaryFolder()
    try folder.write("good", Bytes("a\n".utf8))
    _ = try folder.sparse("long")
    let flags = engine.flags.joined(separator: " ")
    let script = """
      ulimit -v 4000000; cd "$1"
      "$LANES" files top --lines long good --memory 64M \(flags); echo $?
      head -c 100000000 /dev/zero | tr '\\0' a | "$LANES" files search -c a - good --memory 64M \(flags); echo $?
      """
    let result = try Program.shell(script, [folder.path.string])
    #expect(result.lines == ["      1 a", "1", "good:1", "2"], "\(result.errors)")
    let reason = "it has a line of more than 16.0 MiB, and lines are read whole: raise --memory"
    #expect(result.errorLines == ["lanes: long: \(reason)", "lanes: (standard input): \(reason)"])
  }

  @Test(arguments: EngineChoice.all) func `a full standard output is told`(_ engine: EngineChoice) throws {
    let result = try Program.shell("\"$LANES\" primes 1e7 --list \"$@\" > /dev/full", engine.flags)
    #expect(result.errors.contains("no space left on device"))
    #expect(result.exit != .status(0))
  }
}

/// Whether a file system of this test's own can be mounted.
private let canMountSmallDisk: Bool = {
  let script = "unshare -m sh -c 'mount -t tmpfs -o size=64k none /tmp' 2> /dev/null"
  return (try? Program.shell(script))?.exit == .status(0)
}()
