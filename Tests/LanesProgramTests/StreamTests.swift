import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Standard streams that are closed, full or given up by their reader.
@Suite struct StreamTests {
  /// Commands that print something, with the status of one whose results are not delivered.
  static let printing: [(words: String, status: Int32)] = [
    ("files hash text", 74), ("files hash -a crc32 text text", 74), ("files hash --json text", 74),
    ("files hash --check list", 74), ("files count text", 74), ("files count --json text", 74),
    ("files search a text", 2), ("files search -c nothing text", 2), ("files search --json a text", 2),
    ("files top text", 74), ("files histogram text", 74), ("files stats --column 1 numbers", 74),
    ("primes 1000", 74), ("primes 1000 --list", 74), ("primes --nth 5", 74), ("primes 10 --json --stats", 74),
    ("primes --algorithm combinatorial 1e9", 74), ("images info image.jpg", 74),
    ("images convert image.jpg -o -", 74), ("images convert image.jpg -o a/ --dry-run", 74),
    ("compare --rounds 1 --warmup 0 --modes serial primes 1000", 74), ("--help", 74), ("files search --help", 74),
    ("--version", 74), ("help primes", 74),
  ]

  @Test(arguments: printing, ["> /dev/full", ">&-", "a pipe that nobody reads"])
  func `what standard output does not take is not told as done`(
    _ command: (words: String, status: Int32), _ output: String
  ) throws {
    let folder = try inputs()
    let result = try Program.shell(Self.script(command.words, output), [folder.path.string])
    #expect(result.exit == .status(command.status), "\(result.errors)")
    let reason = ["> /dev/full": "no space left on device", ">&-": "bad file descriptor"][output]
    let told = result.errorLines.filter { $0.contains("standard output") }
    if let reason {
      #expect(told.count == 1 && told[0].hasSuffix("standard output: \(reason)"), "\(result.errors)")
    } else {
      #expect(told.isEmpty, "a reader that leaves is no news")
    }
  }

  private static func script(_ words: String, _ output: String) -> String {
    guard !output.hasPrefix(">") else { return "cd \"$1\"; \"$LANES\" \(words) \(output)" }
    // The reader opens the pipe, which lets the writer open it, and closes it; then the program starts.
    return "cd \"$1\"; mkfifo gone; : < gone & exec 3> gone; wait $!; \"$LANES\" \(words) >&3"
  }

  @Test(arguments: EngineChoice.all) func `closed standard input is a bad descriptor and not an endless wait`(
    _ engine: EngineChoice
  ) throws {
    let flags = engine.flags.joined(separator: " ")
    for (words, status) in [
      ("files count", 1), ("files count -", 1), ("files search foo", 2), ("files search foo -", 2),
      ("files hash", 1), ("files hash -a crc32 -", 1), ("files top", 1), ("files histogram", 1),
      ("files stats --column 1", 1), ("files hash --check", 1), ("images info -", 1),
      ("images convert - -o x.jpg", 1), ("images convert - -o -", 1), ("images convert --files-from - -o x/", 1),
    ] as [(String, Int32)] {
      let folder = try inputs()
      let result = try Program.shell("cd \"$1\"; \"$LANES\" \(words) \(flags) <&-", [folder.path.string])
      #expect(result.exit == .status(status), "\(words): \(result.exit) \(result.errors)")
      #expect(result.errors.contains("bad file descriptor"), "\(words): \(result.errors)")
      #expect(result.text.isEmpty || words == "files count -", "\(words): \(result.text)")
    }
  }

  @Test(arguments: EngineChoice.all, ["<&-", "2>&-", "<&- 2>&-"])
  func `streams that a command does not use may be closed`(_ engine: EngineChoice, _ closed: String) throws {
    let folder = try inputs()
    let flags = engine.flags.joined(separator: " ")
    let script = """
      cd "$1"; for i in 1 2 3; do cp image.jpg $i.jpg; done
      "$LANES" images convert 1.jpg 2.jpg 3.jpg -o out/ --resize 50% \(flags) \(closed) || exit 9
      "$LANES" files count text \(flags) \(closed) && "$LANES" primes 1e6 \(flags) \(closed)
      """
    let result = try Program.shell(script, [folder.path.string])
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(result.lines == ["3 3 6 text", "78498"])
    #expect(try Tree(folder.file("out")).names == ["1.jpg", "2.jpg", "3.jpg"])
  }

  @Test(arguments: EngineChoice.all) func `all streams closed leave files whole and the status true`(
    _ engine: EngineChoice
  ) throws {
    let folder = try inputs()
    let flags = engine.flags.joined(separator: " ")
    let script = """
      cd "$1"; "$LANES" images convert image.jpg -o out/ --resize 50% \(flags) <&- >&- 2>&-
      echo $?; "$LANES" files hash text \(flags) <&- >&- 2>&-; echo $?; "$LANES" files search a nowhere \(flags) <&- >&- 2>&-
      """
    let result = try Program.shell(script, [folder.path.string])
    #expect(result.lines == ["0", "74"])
    #expect(result.exit == .status(2))
    let alone = try Program.run(
      ["images", "convert", folder.file("image.jpg").string, "-o", folder.file("x.jpg").string, "--resize", "50%"])
    #expect(alone.exit == .status(0))
    #expect(try readFile(folder.file("out/image.jpg")) == readFile(folder.file("x.jpg")))
  }

  @Test(arguments: EngineChoice.all) func `images are all made whoever reads what is told of them`(
    _ engine: EngineChoice
  ) throws {
    let images = try manyImages(70, of: "nuthatch-bits.png")
    for (output, status) in [("| head -n 1", 0), ("> /dev/full", 74), (">&-", 74)] as [(String, Int32)] {
      let folder = TemporaryFolder()
      let script = """
        in=$1 out=$2; shift 2
        { "$LANES" images convert "$in" -o "$out/made" --json "$@"; echo $? > "$out/status"; } \(output)
        """
      let result = try Program.shell(script, [images.path.string, folder.path.string] + engine.flags)
      #expect(try Tree(folder.file("made")).files.count == 70)
      #expect(result.errors.contains("70 images copied unchanged"), "\(result.errors)")
      #expect(!result.errors.contains("not begun"))
      if output.hasPrefix("|") {
        #expect(result.lines.count == 1)
        #expect(try readFile(folder.file("status")) == Bytes("\(status)\n".utf8))
        #expect(result.errorLines.count == 1)
      }
    }
  }

  private func inputs() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try folder.write("text", Bytes("a\nb\na\n".utf8))
    try folder.write("numbers", Bytes("1\n2\n".utf8))
    try folder.write("image.jpg", readFile(Fixtures.image("seeds.jpg")))
    try folder.write("list", Program.shell("cd \"$1\"; sha256sum text", [folder.path.string]).output)
    return folder
  }
}
