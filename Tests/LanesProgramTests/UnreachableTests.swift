import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Destinations that cannot be examined or written to, and links on the way to results.
@Suite struct UnreachableTests {
  private let folder = TemporaryFolder()

  private func images() throws {
    for name in ["in/a.jpg", "in/sub/b.jpg"] { try folder.link(Fixtures.image("seeds.jpg"), as: name) }
  }

  private func symlink(_ name: String, to target: String) {
    #expect(Glibc.symlink(target, folder.file(name).string) == 0)
  }

  /// A link that leads to itself: stat(2) fails, and not because nothing is there.
  @Test(arguments: [[], ["--overwrite"], ["--skip-existing"], ["--newer-only"], ["--name", "{name}.{ext}"]])
  func `what the destination is must be known`(_ options: [String]) throws {
    try images()
    symlink("loop", to: "loop")
    let result = try Program.run(["images", "convert", "in", "-o", "loop"] + options, directory: folder.path)
    #expect(result.exit == .status(74), "\(result.errors)")
    #expect(result.errorLines.count == 1 && result.errors.contains("it cannot be told what loop is: too many levels"))
    #expect(try FileStatus(of: folder.file("loop"), followingLinks: false).kind == .symbolicLink)
  }

  @Test func `a link that leads nowhere is no folder to write to`() throws {
    try images()
    symlink("out", to: "nowhere")
    let result = try Program.run(["images", "convert", "in", "-o", "out"], directory: folder.path)
    #expect(result.exit == .status(74), "\(result.errors)")
    #expect(
      result.errorLines == ["lanes: out cannot be written to: no such file or directory; name another place with -o"])
    #expect(try Tree(folder.path).names.contains("nowhere") == false)
  }

  @Test(
    .enabled(if: canMount, "needs root and mount namespaces"),
    arguments: [
      "images convert in -o ro", "images convert in -o ro/new", "images convert in -o ro/a/b/c --to png",
      "images convert in -o ro --name '{dir}/x/{name}.{ext}'", "images convert in/a.jpg -o ro/a.jpg",
      "images convert in/a.jpg -o ro --sizes 9,8", "images convert - -o ro/a.jpg < in/a.jpg",
      "images convert --files-from list -o ro", "images convert --files-from - -o ro < list",
      "images convert in -o out --journal ro/run", "primes 1e13 --journal ro/run", "primes 1e13 --trace ro/trace",
      "images convert in -o out --trace ro/trace", "compare --report ro/page.html primes 1e13",
    ])
  func `a place that takes nothing is found before any work`(_ words: String) throws {
    try images()
    try folder.write("list", Bytes("in/a.jpg\nin/sub/b.jpg\n".utf8))
    try Folders.make(folder.file("ro"))
    let script = """
      cd "$1" && mount -t tmpfs -o ro none ro || exit 99
      "$LANES" \(words)
      """
    let result = try Program.shell("exec unshare -m sh -c \"$@\"", [script, "sh", folder.path.string])
    #expect(result.exit == .status(74), "\(result.errors)")
    #expect(result.errorLines.count == 1 && result.errors.contains("read-only file system"), "\(result.errors)")
    #expect(result.errors.contains("name another place") || result.errors.contains("name a file in a folder"))
    #expect(result.text == "")
    #expect(try Tree(folder.path).names == ["in/a.jpg", "in/sub/b.jpg", "list"])
  }

  @Test(.enabled(if: canMount, "needs root and mount namespaces"))
  func `a folder of finished results need not be written to`() throws {
    try images()
    let script = """
      cd "$1" && "$LANES" images convert in -o out -q && mount --bind -o ro out out && mount -o remount,ro,bind out || exit 99
      "$LANES" images convert in -o out --skip-existing
      """
    let result = try Program.shell("exec unshare -m sh -c \"$@\"", [script, "sh", folder.path.string])
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(result.errors.contains("2 skipped"))
  }

  @Test(arguments: EngineChoice.all + [.automatic]) func `no link below the destination is written through`(
    _ engine: EngineChoice
  ) throws {
    try images()
    try folder.write("elsewhere/kept", [1])
    try folder.write("out/kept", [1])
    symlink("out/sub", to: "../elsewhere")
    let result = try Program.run(["images", "convert", "in", "-o", "out"] + engine.flags, directory: folder.path)
    #expect(result.exit == .status(1), "\(result.errors)")
    #expect(
      result.errors.contains(
        "in/sub/b.jpg: out/sub/b.jpg is not written, since out/sub is a symbolic link: remove it, or name what it leads "
          + "to with -o"), "\(result.errors)")
    #expect(try Tree(folder.file("elsewhere")).names == ["kept"])
    #expect(try Tree(folder.file("out")).names.sorted() == ["a.jpg", "kept"])
  }

  @Test func `the destination itself may be a link, and so may what leads to it`() throws {
    try images()
    try Folders.make(folder.file("real/deep"))
    symlink("alias", to: "real")
    let result = try Program.run(["images", "convert", "in", "-o", "alias/deep"], directory: folder.path)
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(try Tree(folder.file("real/deep")).names.sorted() == ["a.jpg", "sub/b.jpg"])
  }

  /// RLIMIT_FSIZE counts for memory that is shared, too: 64 KiB of it are more than the 4 KiB here.
  @Test(arguments: EngineChoice.processes + [.automatic]) func `shared memory that is refused halts the run`(
    _ engine: EngineChoice
  ) throws {
    try images()
    let result = try Program.run(
      ["images", "convert", "in", "-o", "out"] + engine.flags, directory: folder.path, preparation: "ulimit -f 8")
    #expect(result.exit == .status(74), "\(result.errors)")
    #expect(result.errorLines.last?.contains("file too large") == true, "\(result.errors)")
    #expect(try Tree(folder.file("out")).names == [])
  }

  /// Swift's own list of words is empty then, and no words would print the help, with status 0.
  @Test(.enabled(if: canMount, "needs root and mount namespaces")) func `words are read without /proc`() throws {
    let script = "mount -t tmpfs none /proc && \"$LANES\" primes 100 --mode serial"
    let result = try Program.shell("exec unshare -m sh -c \"$@\"", [script])
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(result.text == "25\n")
  }
}

/// Whether a file system of this test's own can be mounted.
private let canMount: Bool = {
  let script = "unshare -m sh -c 'mount -t tmpfs -o ro none /tmp' 2> /dev/null"
  return (try? Program.shell(script))?.exit == .status(0)
}()
