import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// What a result is called, who may read it, how old it is, and which way up it is shown.
@Suite struct ImagesResultTests {
  private let folder = TemporaryFolder()

  @Test(arguments: EngineChoice.all) func `a turn that cancels the orientation resets it`(_ engine: EngineChoice) throws
  {
    let turns: [(Int, [String])] = [
      (8, ["--rotate", "90"]), (6, ["--rotate", "270"]), (3, ["--rotate", "180"]), (2, ["--flop"]), (4, ["--flip"]),
      (3, ["--flip", "--flop"]), (5, ["--rotate", "90", "--flop"]), (7, ["--rotate", "90", "--flip"]),
    ]
    for (orientation, turn) in turns {
      let (jpeg, png) = try (turnedJPEG(orientation), turnedPNG(orientation))
      let target = "o\(orientation)" + turn.joined()
      let result = try convert([jpeg, png, "-o", target, "--json"] + turn + engine.flags)
      #expect(result.exit == .status(0), "\(result.errors)")
      #expect(result.lines.count == 2)
      #expect(result.lines.allSatisfy { !$0.contains("\"method\":\"copied\"") }, "\(result.lines)")
      let told = try Program.run(["images", "info", target, "--json"], directory: folder.path)
      #expect(told.lines.count == 2)
      #expect(told.lines.allSatisfy { $0.contains("\"orientation\":1,") }, "\(told.lines)")
    }
    let sizes = try convert(
      [turnedJPEG(8), "-o", "sizes", "--rotate", "90", "--sizes", "3000,50"] + engine.flags)
    #expect(sizes.exit == .status(0))
    let told = try Program.run(["images", "info", "sizes", "--json"], directory: folder.path)
    #expect(told.lines.filter { $0.contains("\"orientation\":1,") }.count == 2)
  }

  @Test func `suffixes that are not written are refused, and nothing is made`() throws {
    try folder.link(Fixtures.image("seeds.jpg"), as: "a.jpg")
    try folder.link(Fixtures.image("nuthatch-rgb.png"), as: "b.png")
    try folder.write("list", Bytes("a.jpg\n".utf8))
    let before = try Tree(folder.path)
    for (words, reason) in [
      (["a.jpg", "-o", "x.tiff"], "x.tiff ends in .tiff, but lanes writes JPEG"),
      (["a.jpg", "-o", "x.tiff", "--to", "jpeg"], "ends in .tiff"), (["a.jpg", "-o", "x.gif"], "ends in .gif"),
      (["a.jpg", "-o", "x.gif", "--dry-run"], "ends in .gif"),
      (["a.jpg", "-o", "x.tmp"], "add --to jpeg, --to png"),
      (["a.jpg", "-o", "x.jpg", "--to", "png"], "leave out one"),
      (["a.jpg", "b.png", "-o", "one/one.jpg"], "write one/one.jpg/"),
      (["a.jpg", "-o", "o", "--name", "{name}.tiff"], "--name ends"),
      (["--files-from", "list", "-o", "x.tiff"], "these results need a directory"),
      (["-", "-o", "x.tiff"], "x.tiff ends in .tiff"), (["-", "-o", "x.png", "--to", "jpeg"], "leave out one of them"),
    ] {
      let result = try convert(words)
      #expect(result.exit == .status(64), "\(words)")
      #expect(result.errors.contains(reason), "\(words): \(result.errors)")
      #expect(try Tree(folder.path) == before, "\(words)")
    }
    let late = try Program.shell(
      "cd \"$1\" && (echo a.jpg; echo b.png) | \"$LANES\" images convert --files-from - -o x.png", [folder.path.string])
    #expect(late.exit == .status(64))
    #expect(try Tree(folder.path) == before)
  }

  @Test(arguments: EngineChoice.all) func `a result is called after what its input holds`(_ engine: EngineChoice) throws
  {
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/deep/a.png")
    try folder.link(Fixtures.image("nuthatch-rgb.png"), as: "in/b.jpeg")
    try folder.write("list", Bytes("in/deep/a.png\nin/b.jpeg\n".utf8))
    #expect(try convert(["in", "-o", "tree"] + engine.flags).exit == .status(0))
    #expect(try Tree(folder.file("tree")).names == ["b.png", "deep/a.jpg"])
    #expect(try convert(["--files-from", "list", "-o", "list.d"] + engine.flags).exit == .status(0))
    #expect(try Tree(folder.file("list.d")).names == ["a.jpg", "b.png"])
    let piped = try Program.shell(
      "cd \"$1\" && shift && cat list | \"$LANES\" images convert --files-from - -o piped --name '{name}-{format}.{ext}' \"$@\"",
      [folder.path.string] + engine.flags)
    #expect(piped.exit == .status(0), "\(piped.errors)")
    #expect(try Tree(folder.file("piped")).names == ["a-jpeg.jpg", "b-png.png"])
    let again = try convert(["in", "-o", "tree", "--skip-existing"] + engine.flags)
    #expect(again.errors.contains("2 skipped"))
  }

  @Test(arguments: EngineChoice.all, [0o022, 0o077, 0]) func `permissions are the input's, less the umask`(
    _ engine: EngineChoice, _ mask: mode_t
  ) throws {
    let modes: [(String, mode_t)] = [
      ("a", 0o600), ("b", 0o640), ("c", 0o644), ("d", 0o755), ("e", 0o444), ("f", 0o4666),
    ]
    for (name, mode) in modes {
      try folder.write("in/\(name).jpg", readFile(Fixtures.image("seeds.jpg")))
      chmod(folder.file("in/\(name).jpg").string, mode)
    }
    let umask = "umask 0\(String(mask, radix: 8))"
    func run(_ words: [String]) throws {
      let result = try Program.run(
        ["images", "convert"] + words + engine.flags, directory: folder.path, preparation: umask)
      #expect(result.exit == .status(0), "\(result.errors)")
    }
    try run(["in", "-o", "out", "--resize", "40"])
    try run(["in", "-o", "sizes", "--sizes", "40,20"])
    for (name, mode) in modes {
      #expect(try permissions("out/\(name).jpg") == mode & 0o777 & ~mask)
      for size in [40, 20] { #expect(try permissions("sizes/\(name)-\(size).jpg") == mode & 0o777 & ~mask) }
    }
    // Whatever the input's are, a file that is there keeps its own.
    for (name, mode) in [("a", mode_t(0o644)), ("c", 0o640), ("d", 0o600), ("f", 0o666)] {
      chmod(folder.file("out/\(name).jpg").string, mode)
    }
    try run(["in", "-o", "out", "--resize", "30", "--overwrite"])
    for (name, mode) in [("a", mode_t(0o644)), ("c", 0o640), ("d", 0o600), ("f", 0o666)] {
      #expect(try permissions("out/\(name).jpg") == mode)
    }
    #expect(try permissions("out/b.jpg") == 0o640 & ~mask)
  }

  @Test(arguments: EngineChoice.all) func `private folders become private folders`(_ engine: EngineChoice) throws {
    let modes: [(String, mode_t)] = [("", 0o700), ("/sub", 0o750), ("/sub/deep", 0o711), ("/closed", 0o500)]
    for (name, _) in modes { try folder.write("in\(name)/a.jpg", readFile(Fixtures.image("seeds.jpg"))) }
    for (name, mode) in modes { chmod(folder.file("in\(name)").string, mode) }
    func run(_ words: [String]) throws {
      let result = try Program.run(
        ["images", "convert"] + words + engine.flags, directory: folder.path, preparation: "umask 022")
      #expect(result.exit == .status(0), "\(result.errors)")
    }
    try run(["in", "-o", "new/out", "--resize", "20"])
    try run(["in/", "-o", "sizes", "--sizes", "20,10"])
    chmod(folder.file("in/closed").string, 0o700)
    for (name, mode) in modes {
      for target in ["new/out", "sizes"] {
        #expect(try permissions(target + name) == mode | 0o700, "\(target)\(name)")
      }
    }
    #expect(try permissions("new") == 0o755, "it has no counterpart")
    try run(["in/sub/deep/a.jpg", "-o", "file/", "--resize", "20"])
    #expect(try permissions("file") == 0o755)
  }

  @Test func `what comes through a pipe makes a file as any program would`() throws {
    let script = "umask 027; exec \"$LANES\" images convert - -o \"$1\" --resize 20 < \"$2\""
    let secret = try folder.write("secret.jpg", readFile(Fixtures.image("seeds.jpg")))
    chmod(secret.string, 0o600)
    #expect(try Program.shell(script, [folder.file("x.jpg").string, secret.string]).exit == .status(0))
    #expect(try permissions("x.jpg") == 0o640)
  }

  @Test(arguments: EngineChoice.all) func `times go along when they are asked for`(_ engine: EngineChoice) throws {
    for name in ["in/a.jpg", "in/b.jpg"] { try folder.write(name, readFile(Fixtures.image("seeds.jpg"))) }
    let times = FileTimes(accessed: 1_234_567_890_123_456_789, modified: 987_654_321_000_000_001)
    try age("in/a.jpg", times)
    func run(_ words: [String]) throws -> Program.Result { try convert(words + ["--keep-times"] + engine.flags) }
    #expect(try run(["in", "-o", "out", "--resize", "40"]).exit == .status(0))
    #expect(try FileStatus(of: folder.file("out/a.jpg")).times == times)
    #expect(try run(["in", "-o", "out", "--resize", "40", "--newer-only"]).errors.contains("2 skipped"))
    try age("in/a.jpg", FileTimes(accessed: times.accessed, modified: times.modified + 1))
    let newer = try run(["in", "-o", "out", "--resize", "40", "--newer-only"])
    #expect(newer.errors.contains("1 image converted") && newer.errors.contains("1 skipped"), "\(newer.errors)")
    #expect(try FileStatus(of: folder.file("out/a.jpg")).modified == times.modified + 1)
    try age("in/a.jpg", times)
    #expect(try run(["in/a.jpg", "-o", "sizes", "--sizes", "40,9000"]).exit == .status(0))
    for size in [40, 9000] { #expect(try FileStatus(of: folder.file("sizes/a-\(size).jpg")).times == times) }
    try age("in/a.jpg", times)  // reading it changed its time of access
    #expect(try run(["in/a.jpg", "-o", "copy.jpg"]).exit == .status(0))
    #expect(try FileStatus(of: folder.file("copy.jpg")).times == times)
    let piped = try convert(["-", "-o", "x.jpg", "--keep-times"])
    #expect(piped.exit == .status(64) && piped.errors.contains("--keep-times"))
  }

  @Test(arguments: EngineChoice.all) func `a broken profile is a remark, and no failure`(_ engine: EngineChoice) throws
  {
    let image = try readFile(Fixtures.image("seeds.jpg"))
    let piece = Bytes("ICC_PROFILE\0".utf8) + [1, 2, 3, 4]
    try folder.write("in/bad.jpg", image[..<2] + [0xFF, 0xE2, 0, UInt8(piece.count + 2)] + piece + image[2...])
    try folder.write("in/good.jpg", image)
    let result = try convert(["in", "-o", "out", "--json", "--resize", "40"] + engine.flags)
    #expect(result.exit == .status(0))
    let remark = "\"remark\":\"its ICC profile is broken (a piece of it is missing) and was left out\""
    #expect(result.lines.map { $0.contains(remark) } == [true, false])
    #expect(result.lines.allSatisfy { $0.contains("\"outcome\":\"done\"") })
    #expect(result.errors.contains(", 1 stripped of an unusable ICC profile in "))
    #expect(try readFile(folder.file("out/bad.jpg")) == readFile(folder.file("out/good.jpg")))
    let info = try Program.run(["images", "info", "in", "--json"] + engine.flags, directory: folder.path)
    #expect(info.exit == .status(0))
    #expect(
      info.lines.map { $0.contains("\"remark\":\"its ICC profile is broken (a piece of it is missing)\"") } == [
        true, false,
      ])
    #expect(try Program.run(["images", "info", "in"], directory: folder.path).lines[1].contains(" bad "))
  }

  @Test(arguments: EngineChoice.all) func `a file of terabytes fails alone`(_ engine: EngineChoice) throws {
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/b.jpg")
    try folder.write("in/a.jpg", [0xFF, 0xD8, 0xFF])
    #expect(truncate(folder.file("in/a.jpg").string, 7_000_000_000_000) == 0)
    let result = try convert(["in", "-o", "out", "--resize", "40"] + engine.flags)
    #expect(result.exit == .status(1))
    #expect(result.errorLines.first?.contains("in/a.jpg: it has 7,000,000,000,000 bytes; the limit is") == true)
    #expect(try Tree(folder.file("out")).names == ["b.jpg"])
    let info = try Program.run(["images", "info", "in"] + engine.flags, directory: folder.path)
    #expect(info.exit == .status(1))
    #expect(info.lines.count == 2)
    // The same without a name, and without a file for the result.
    for words in ["convert - -o x.jpg", "convert - -o -", "convert in/a.jpg -o -", "info -"] {
      let piped = try Program.shell(
        "cd \"$1\" && shift && exec \"$LANES\" images \(words) \"$@\" < in/a.jpg",
        [folder.path.string] + engine.flags)
      #expect(piped.exit == .status(1), "\(words): \(piped.errors)")
      #expect(piped.errors.contains("it has 7,000,000,000,000 bytes"), "\(words)")
    }
  }

  @Test(arguments: EngineChoice.all) func `the summary tells bytes before and after`(_ engine: EngineChoice) throws {
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/a.jpg")
    let damaged = try #require(Fixtures.damagedImages.first { $0.extension == "jpg" })
    try folder.link(damaged, as: "in/bad.jpg")
    let result = try convert(["in", "-o", "out", "--resize", "64"] + engine.flags)
    let before = try readFile(Fixtures.image("seeds.jpg")).count
    let after = try readFile(folder.file("out/a.jpg")).count
    let saved = Int((Double(before - after) / Double(before) * 100).rounded())
    let summary = try #require(result.errorLines.last)
    #expect(summary.hasPrefix("1 image converted, 1 failed in "), "\(summary)")
    #expect(summary.hasSuffix(" KiB (\(saved)% saved)"), "\(summary)")
    let copied = try convert(["in/a.jpg", "-o", "copy.jpg"] + engine.flags)
    #expect(copied.errors.contains("(nothing saved)"))
    #expect(copied.errors.hasPrefix("1 image copied unchanged in "), "\(copied.errors)")
  }

  @Test func `a number resizes the longest side, as it does in a list of sizes`() throws {
    try folder.link(Fixtures.image("friends-portrait.jpg"), as: "a.jpg")
    #expect(try convert(["a.jpg", "-o", "one.jpg", "--resize", "80"]).exit == .status(0))
    #expect(try convert(["a.jpg", "-o", "box.jpg", "--resize", "80x80"]).exit == .status(0))
    #expect(try convert(["a.jpg", "-o", "list", "--sizes", "80"]).exit == .status(0))
    let one = try readFile(folder.file("one.jpg"))
    #expect(try one == readFile(folder.file("box.jpg")))
    #expect(try one == readFile(folder.file("list/a-80.jpg")))
    #expect(try convert(["a.jpg", "-o", "pad.jpg", "--resize", "80", "--fit", "pad"]).exit == .status(0))
    for wrong in ["0", "-5", "8o0", "1000001", "800,", ""] {
      let result = try convert(["a.jpg", "-o", "x.jpg", "--resize", wrong])
      #expect(result.exit == .status(64), "\(wrong)")
    }
  }

  private func convert(_ words: [String]) throws -> Program.Result {
    try Program.run(["images", "convert"] + words, directory: folder.path)
  }

  private func permissions(_ name: String) throws -> mode_t {
    var status = stat()
    guard stat(folder.file(name).string, &status) == 0 else { throw SystemError("stat", errno: errno) }
    return status.st_mode & 0o7777
  }

  private func age(_ name: String, _ times: FileTimes) throws {
    let both = [times.accessed, times.modified].map {
      timespec(tv_sec: Int($0 / 1_000_000_000), tv_nsec: Int($0 % 1_000_000_000))
    }
    guard utimensat(AT_FDCWD, folder.file(name).string, both, 0) == 0 else {
      throw SystemError("utimensat", errno: errno)
    }
  }

  private func turnedJPEG(_ orientation: Int) throws -> String {
    let image = try readFile(Fixtures.image("ridge-444.jpg"))
    let exif = Bytes("Exif\0\0".utf8) + Self.tiff(orientation)
    let name = "j\(orientation).jpg"
    try folder.write(name, image[..<2] + [0xFF, 0xE1, 0, UInt8(exif.count + 2)] + exif + image[2...])
    return name
  }

  /// The fixture with an Exif behind its header.
  private func turnedPNG(_ orientation: Int) throws -> String {
    var image = try readFile(Fixtures.image("nuthatch-rgb.png"))
    let body = Bytes("eXIf".utf8) + Self.tiff(orientation)
    let length = UInt32(body.count - 4).bigEndian
    let sum = crc(body).bigEndian
    image.insert(
      contentsOf: withUnsafeBytes(of: length) { Bytes($0) } + body + withUnsafeBytes(of: sum) { Bytes($0) }, at: 33)
    let name = "p\(orientation).png"
    try folder.write(name, image)
    return name
  }

  private static func tiff(_ orientation: Int) -> Bytes {
    [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0, 0]
  }

  /// A chunk's checksum (PNG specification, annex D).
  private func crc(_ bytes: Bytes) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 {
        let isOdd = sum & 1 == 1
        sum >>= 1
        if isOdd { sum ^= 0xEDB8_8320 }
      }
    }
    return ~sum
  }
}
